"""What the end of a request at a load balancer says of the backend that it was given to."""

from typing import Final

from emu.hops.balancer.outliers import FAILED, SERVED
from emu.kernel import kernel
from emu.recorder.rows import Outcome

NOTHING: Final = -1
"""It says nothing."""

_OK, _SHED = int(Outcome.OK), int(Outcome.SHED)
_PORTS_EXHAUSTED = int(Outcome.PORTS_EXHAUSTED)
_BALANCERS: Final = 2
"""In ``new_connection``, that the load balancer's was opened for the request."""


@kernel
def says_of_backend(outcome: int, joins: int, new_connection: int) -> int:
    """Whether its backend has `SERVED` a request or has `FAILED`, be it with a 503.

    A load balancer that ``joins`` connections knows no more than whether they are opened.
    """
    if outcome == _PORTS_EXHAUSTED or (joins != 0 and new_connection & _BALANCERS == 0):
        return NOTHING
    if outcome == _OK or (joins != 0 and outcome == _SHED):
        return SERVED
    return FAILED
