"""What ``timing.json`` holds: how long a run took, and where the time went if that was asked."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class EventTime(_Block):
    """All events of one kind."""

    kind: str
    """As in `emu.events.Kind`, or ``control`` for the control loops."""
    count: int
    """How many there were."""
    seconds: float
    """How long handling them took, with what they ask, draws included."""


class Draws(_Block):
    """The random numbers of a run, which its events ask for."""

    count: int
    """How many blocks of Philox were computed."""
    nanoseconds_each: float
    """What one takes on this machine by itself, measured after the run."""


class Profile(_Block):
    """Where the time of a run went, in seconds of the wall clock.

    The phases follow one another. The writer works beside the engine, in a thread of its own.
    """

    build: float
    """Laying out the model."""
    compile: float
    """Compiling kernels that were in no cache."""
    engine: float
    """Letting simulated time pass, without compiling."""
    hand_over: float
    """What of that went into handing rows to the recorder: copying, counting, sampling paths, and
    waiting for the writer."""
    finish: float
    """Writing what was left, and summing up."""
    writer: float
    """Turning rows into columns and encoding them."""
    events: tuple[EventTime, ...]
    """What the engine's time went into, by kind of event."""
    draws: Draws


class Stopwatch:
    """Adds up how long each phase of a run takes, in seconds."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time of the block to that of the phase."""
        began = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += perf_counter() - began


class Timing(_Block):
    """What differs from one time to the next."""

    wall_seconds: float
    """From the checked scenario to the summary."""
    requests_per_second: float
    """Requests sent for each of these seconds."""
    profile: Profile | None = None

    def document(self) -> dict[str, Any]:
        """The timing as JSON takes it; without a profile where there is none."""
        return self.model_dump(mode="json", exclude_none=True)
