"""How a load balancer protects what is behind it from more than it bears."""

from typing import Annotated

from pydantic import Field, model_validator

from emu.quantities import Duration, Fraction, Rate
from emu.registry import OptionsModel
from emu.scenario.fields import Whole

Positive = Annotated[Duration, Field(gt=0)]
Count = Annotated[Whole, Field(ge=1, le=2**31)]


class RateLimit(OptionsModel):
    """A token bucket: beyond it a request is shed."""

    rate: Annotated[Rate, Field(ge=0.001, le=1e9)]
    """How fast it fills; to a thousandth of a request per second."""
    burst: Annotated[Whole, Field(ge=1, le=1_000_000)]
    """How many tokens it holds; it is full at first."""


class CircuitBreaker(OptionsModel):
    """So many requests may be in flight: one more is shed, and does not wait."""

    max_requests: Count | None = None
    """At all backends of a listener (Envoy: of a cluster, 1024); any number where nothing is
    said."""
    max_requests_per_backend: Count | None = None
    """At the backend that was picked; any number where nothing is said."""

    @model_validator(mode="after")
    def _limits(self) -> "CircuitBreaker":
        if self.max_requests is None and self.max_requests_per_backend is None:
            raise ValueError("must have maxRequests or maxRequestsPerBackend")
        return self


class OutlierDetection(OptionsModel):
    """A backend that fails again and again gets no requests for a time, as with Envoy."""

    consecutive_errors: Count = 5
    """So many errors in a row eject it."""
    interval: Positive = 10_000_000_000
    """How often it is looked which backends may return."""
    base_ejection_time: Positive = 30_000_000_000
    """For how long it is ejected, times how often it was."""
    max_ejection_time: Positive = 300_000_000_000
    """For how long at most."""
    max_ejection_percent: Fraction = 0.1
    """Which share of the backends may be ejected at once; one may always be."""
