"""How an attempt ended for its client, and what of it belongs to the run."""

from typing import Any, Final

from numpy.typing import NDArray

from emu.kernel import inlined
from emu.recorder.rows import ABSENT, ROW, Outcome

NEVER: Final = 2**62
"""The end of a run that has none, or of a client's patience."""

_UNKNOWN_TO_THE_CLIENT: Final = (
    int(Outcome.IN_FLIGHT),
    int(Outcome.OK),
    int(Outcome.REFUSED),
    int(Outcome.BACKLOG_FULL),
    int(Outcome.BAD_GATEWAY),
    int(Outcome.DNS_FAILURE),
    int(Outcome.RESET),
    int(Outcome.GATEWAY_TIMEOUT),
    int(Outcome.SHED),
)
"""What a client that gave up never came to know; a SYN that was dropped stays the cause."""

_CANCELLED = int(Outcome.CANCELLED)
_IN_FLIGHT, _REQUEST_TIMEOUT = int(Outcome.IN_FLIGHT), int(Outcome.REQUEST_TIMEOUT)


@inlined
def deadline_of(intended: int, timeout: int) -> int:
    """When a client gives up on a request, by how long it waits: for ever where that is below 0."""
    return NEVER if timeout < 0 else intended + timeout


@inlined
def ending(outcome: int, back: int, deadline: int, end: int) -> tuple[int, int]:
    """The outcome that the client sees and when, by what became of the request on its way.

    ``back`` is when the client would have the answer, or `NEVER`; ``deadline`` when it gives up;
    ``end`` the end of the run: nothing happens then or later, and what would is still in flight.
    """
    if back > deadline:
        back = deadline
        if outcome in _UNKNOWN_TO_THE_CLIENT:
            outcome = _REQUEST_TIMEOUT
    if back < end:
        return outcome, back
    return _IN_FLIGHT, ABSENT


@inlined
def ending_given_up(outcome: int, why: int, at: int, end: int) -> tuple[int, int]:
    """The same of an attempt that its client gave up ``at`` a time: cancelled, or too late."""
    if why == _CANCELLED:
        return _CANCELLED, at
    return ending(outcome, NEVER, at, end)


_MOMENTS: Final = tuple(name for name in ROW.names or () if name.endswith("_ns"))


def cut(rows: NDArray[Any], end: int) -> None:
    """Take back from the rows what was to happen at or after the end of the run."""
    for name in _MOMENTS:
        rows[name][rows[name] >= end] = ABSENT
