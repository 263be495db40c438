"""How a load balancer finds out which of its backends it may use."""

from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field, model_validator

from emu.quantities import Duration
from emu.registry import OptionsModel
from emu.scenario.fields import Whole
from emu.units import SECOND

_Positive = Annotated[Duration, Field(gt=0)]
_Count = Annotated[Whole, Field(ge=1, le=100)]

Profile = Literal["gcp", "aws-nlb", "aws-nlb-local", "aws-clb", "azure"]


class _Settings(NamedTuple):
    interval: int
    timeout: int
    healthy: int
    unhealthy: int


_PROFILES: Final[dict[str, _Settings]] = {
    "gcp": _Settings(8 * SECOND, 1 * SECOND, 1, 3),
    "aws-nlb": _Settings(30 * SECOND, 10 * SECOND, 3, 3),
    "aws-nlb-local": _Settings(10 * SECOND, 10 * SECOND, 2, 2),
    "aws-clb": _Settings(10 * SECOND, 5 * SECOND, 2, 6),
    "azure": _Settings(5 * SECOND, 5 * SECOND, 1, 2),
}
"""What the clouds' controllers set where nobody says anything. Azure has no timeout of its own: a
probe has failed when the next one is due."""


class HealthCheck(OptionsModel):
    """A load balancer's health checks; what is not said goes by the profile."""

    profile: Profile = "gcp"
    """Whose settings: those that the controller of a cloud gives the load balancer of a Service."""
    interval: _Positive | None = None
    """From one check of a backend to the next."""
    timeout: _Positive | None = None
    """How long an answer is waited for; at most the interval."""
    healthy: _Count | None = None
    """After how many checks in a row that succeed a backend is used."""
    unhealthy: _Count | None = None
    """After how many checks in a row that fail it is not."""

    @property
    def settings(self) -> _Settings:
        """Interval and timeout in nanoseconds, and the two numbers of checks in a row."""
        said = {name: getattr(self, name) for name in _Settings._fields}
        known = {name: value for name, value in said.items() if value is not None}
        return _PROFILES[self.profile]._replace(**known)

    @model_validator(mode="after")
    def _answers_in_time(self) -> "HealthCheck":
        interval, timeout, *_ = self.settings
        if timeout > interval:
            raise ValueError("must have a timeout of at most its interval")
        return self
