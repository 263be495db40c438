"""How connections are kept, and what TLS adds to them."""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from emu.quantities import Duration, Fraction
from emu.registry import OptionsModel
from emu.scenario.fields import Whole


def _in_words(version: object) -> object:
    """YAML reads 1.3 as a number."""
    return str(version) if isinstance(version, float) else version


TlsVersion = Annotated[
    Literal["1.2", "1.3"],
    BeforeValidator(_in_words),
    WithJsonSchema({"enum": ["1.2", "1.3", 1.2, 1.3]}),
]
"""A version of TLS."""

TLS_ROUND_TRIPS: Final[dict[str, int]] = {"1.2": 2, "1.3": 1}
"""How many round trips a full handshake takes before the first request (RFC 5246, RFC 8446)."""

_STREAMS: Final = 100


class Connections(OptionsModel):
    """Connections that are kept open and carry one request after another, or many at once."""

    protocol: Literal["HTTP/1.1", "HTTP/2"] = "HTTP/1.1"
    """With HTTP/1.1 a connection carries one request at a time, with HTTP/2 many."""
    streams: Annotated[Whole, Field(ge=1, le=2**31 - 1)] | None = None
    """With HTTP/2, how many requests a connection carries at once (RFC 9113: 100 or more; 100)."""
    max_connections: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None
    """How many connections there may be to one address and port; further requests wait."""
    max_requests: Annotated[Whole, Field(ge=1, le=2**40)] | None = None
    """How many requests a connection carries before it is closed."""
    idle_timeout: Annotated[Duration, Field(gt=0)] | None = 90_000_000_000
    """A connection without a request for so long is closed (Go: 90 s); never where it is null."""
    max_age: Annotated[Duration, Field(gt=0)] | None = None
    """A connection of that age takes no more requests, and is closed after its last."""
    max_age_jitter: Fraction = 0.1
    """Each connection's age differs from that by up to such a share (gRPC: 10 %)."""

    @model_validator(mode="after")
    def _streams_of_http2(self) -> "Connections":
        if self.streams is not None and self.protocol != "HTTP/2":
            raise ValueError("must have streams with the protocol HTTP/2 only")
        return self

    @property
    def at_once(self) -> int:
        """How many requests one connection carries at once."""
        return 1 if self.protocol == "HTTP/1.1" else self.streams or _STREAMS
