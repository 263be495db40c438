"""What a client does where an answer fails, or is late: it tries again, or asks twice."""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field, model_validator

from emu.events import MOST_ATTEMPTS
from emu.quantities import Duration, Fraction
from emu.registry import OptionsModel
from emu.scenario.fields import Whole

Failure = Literal[
    "refused",
    "reset",
    "connect_timeout",
    "request_timeout",
    "bad_gateway",
    "gateway_timeout",
    "dropped_no_local_endpoint",
    "conntrack_full",
    "snat_exhausted",
    "backlog_full",
    "dns_failure",
    "shed",
    "ports_exhausted",
]
"""An outcome that a client may try again after."""

FAILURES: Final[tuple[Failure, ...]] = get_args(Failure)

Attempts = Annotated[Whole, Field(ge=2, le=MOST_ATTEMPTS)]


class Backoff(OptionsModel):
    """How long a client waits before it tries again: a random part of a time that grows."""

    base: Annotated[Duration, Field(ge=0)] = 25_000_000
    """Before attempt n + 1 it is at most 2^n - 1 times this (Envoy: 25 ms)."""
    max: Annotated[Duration, Field(ge=0)] = 250_000_000
    """And never more than this (Envoy: ten times the base)."""


class Budget(OptionsModel):
    """How many of a client's attempts may be retries."""

    share: Fraction = 0.2
    """A share of its requests (Finagle, Linkerd, Envoy: 20 %)."""
    min_per_second: Annotated[float, Field(ge=0, le=1e9)] | None = None
    """Of the requests of the last 10 s, and so many a second besides (Finagle, Linkerd: 10)."""
    min_concurrent: Annotated[Whole, Field(ge=0, le=1_000_000)] | None = None
    """Or of the attempts under way, and as many at least (Envoy: 3)."""

    @model_validator(mode="after")
    def _one_measure(self) -> "Budget":
        if (self.min_per_second is None) == (self.min_concurrent is None):
            raise ValueError("must have one of minPerSecond and minConcurrent")
        if self.min_per_second is not None and self.share == 0 == self.min_per_second:
            raise ValueError("must leave room for a retry: share or minPerSecond above 0")
        return self


class Retries(OptionsModel):
    """A client tries again."""

    attempts: Attempts = 3
    """How many attempts there are of a request at most, with the first."""
    timeout: Annotated[Duration, Field(gt=0)] | None = None
    """How long it waits for each; the client's ``timeout`` holds for all together."""
    on: Annotated[tuple[Failure, ...], Field(min_length=1)] = FAILURES
    """After which outcomes; all failures where nothing is said."""
    backoff: Backoff = Backoff()
    """How long it waits before."""
    budget: Budget | None = None
    """How many of its attempts may be retries; any number where nothing is said."""


class Hedge(OptionsModel):
    """A client sends a request again where the answer is late, and takes the first."""

    after: Annotated[Duration, Field(gt=0)]
    """How long after each attempt it sends the next."""
    attempts: Attempts = 2
    """How many attempts there are of a request at most, with the first."""
