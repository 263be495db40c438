"""The path of one request: sent alone through the emulator, and told from its row."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from emu.engines import process
from emu.model.build import build
from emu.path import LogicalStep, WireStep, logical, wire
from emu.path.wire import BACK
from emu.recorder.rows import ABSENT, Outcome
from emu.report.jupyter import mimebundle
from emu.report.path import logical_table, wire_table
from emu.report.words import seconds
from emu.scenario import Client, Scenario
from emu.tracing.destinations import url_of
from emu.tracing.senders import sender
from emu.units import SECOND

_NEVER_AGAIN = 1000 * 3600 * SECOND
"""Between two samples of series that nobody reads."""


@dataclass(frozen=True)
class Trace:
    """The steps of one request, as people draw them and as the wires carry them.

    ``outcome`` is one of the names of the ``outcome`` column; ``latency_seconds`` is the time until
    the client had an answer or a refusal, or gave up. A terminal and Jupyter show the logical
    steps.
    """

    source: str
    destination: str
    outcome: str
    latency_seconds: float | None
    logical: tuple[LogicalStep, ...]
    wire: tuple[WireStep, ...]

    def document(self) -> dict[str, Any]:
        """What ``emu trace --json`` prints."""
        return {
            "source": self.source,
            "destination": self.destination,
            "outcome": self.outcome,
            "latency_seconds": self.latency_seconds,
            "logical": [step._asdict() for step in self.logical],
            "wire": [step._asdict() for step in self.wire],
        }

    def view(self, on_the_wire: bool = False) -> RenderableType:
        """A table of the logical steps, or of the wire, and how it ended, for rich."""
        title = f"From {self.source} to {self.destination}: {self.outcome}"
        table = wire_table(self.wire, title) if on_the_wire else logical_table(self.logical, title)
        return Group(table, Text(self._ending(), "dim"))

    def _ending(self) -> str:
        if not self.wire:
            return "The name stands for no address: nothing was sent."
        after = f"after {seconds(self.latency_seconds)}."
        if self.outcome == Outcome.OK.name.lower():
            return f"The answer was there {after}"
        first, last = self.wire[0], self.wire[-1]
        if last.direction == BACK and last.place == first.place:
            return f"The failure was known {after}"
        return f"No answer came: the client gave up {after}"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.view()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return mimebundle(self)


def follow(scenario: Scenario, source: str | None, destination: str | None) -> Trace:
    """Send one request from ``source`` to ``destination`` and say which way it went.

    `emu.tracing.senders.sender` says what a source may be, `emu.tracing.destinations.url_of` what a
    destination may be. Without a source the scenario's first client sends, without a destination
    it goes where the source, if it is a client, or else the first client sends its requests.
    Raises UnknownNameError, listing the known names, and ScenarioError for a port that is none.
    """
    client = sender(scenario, source)
    destination = client.url if destination is None else destination
    url = url_of(scenario, client, destination)
    model = build(_alone(scenario, client.model_copy(update=_towards(url))))
    sink = _OneRow()
    process.run(model, sink)
    row = sink.row
    done = int(row["done_ns"])
    return Trace(
        source=client.name if source is None else source,
        destination=destination,
        outcome=Outcome(int(row["outcome"])).name.lower(),
        latency_seconds=None if done == ABSENT else (done - int(row["intended_ns"])) / SECOND,
        logical=tuple(logical(model, row)),
        wire=tuple(wire(model, row)),
    )


def _towards(url: str) -> dict[str, Any]:
    """What a client changes that sends to this URL: datagrams have no connections."""
    return {"url": url} | ({"connections": None} if url.startswith("udp:") else {})


def _alone(scenario: Scenario, client: Client) -> Scenario:
    """The scenario with one request of this client as its whole load."""
    spec = scenario.spec
    changes = {
        "clients": (client,),
        "requests": 1,
        "duration": None,
        "warmup": 0,
        "timeline": (),
        "faults": (),
        "record": spec.record.model_copy(update={"interval": _NEVER_AGAIN}),
    }
    return Scenario(scenario.name, spec.model_copy(update=changes), scenario.cluster)


class _OneRow:
    """Keeps the one row of a run, and forgets the rest."""

    row: NDArray[Any]

    def write_requests(self, rows: NDArray[Any]) -> None:
        if len(rows):
            self.row = rows[0].copy()

    def write_metrics(self, *_: Any) -> None:
        pass

    write_event = add_pod = add_endpoint = write_metrics

    def progress(self, now_ns: int, sent: int) -> None:
        pass
