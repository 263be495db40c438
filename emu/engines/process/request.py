"""One attempt of a request while it is under way."""

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from emu.engines.ending import NEVER, ending_given_up
from emu.events import ticket_of
from emu.recorder.rows import ABSENT, ROW, Outcome

if TYPE_CHECKING:
    from emu.engines.process.call import Call
    from emu.engines.process.connection import Connection
    from emu.engines.process.moments import Moment
    from emu.engines.process.pool import Pool


class RequestClass(NamedTuple):
    """A class of requests: an `emu.hops.classes.REQUEST_CLASS`."""

    below: float
    request_bytes: int
    response_bytes: int
    service_time: int


class Request:
    """What will be its row: the fields of `emu.recorder.rows.ROW`, filled in along the way."""

    new_connection = 0
    connection = lb_connection = ABSENT
    outcome: int = Outcome.IN_FLIGHT
    lb_ns = node_ns = pod_ns = ABSENT
    service_start_ns = service_end_ns = lb_response_ns = done_ns = ABSENT
    load_balancer = service = node = pod = ABSENT
    client_port = lb_port = masquerade_port = endpoint = ABSENT
    queue_length = response_bytes = ABSENT
    held: "Connection | None" = None
    """The connection that is kept for the requests after it, of this pool."""
    pool: "Pool | None" = None
    call: "Call | None" = None
    retried = False
    via = listener = ABSENT
    epoch = copies = 0
    waits: "Moment | None" = None
    cut = False
    forsaken_ns = ABSENT
    """Where the cluster may change: the vertex via which it goes and the listener that sent it on;
    which of the Pod's processes its connection leads to, how often its last packet was lost; what
    it waits for at a Pod, whether it was cut short there, and when its sender gives up on it."""
    given_up: Outcome | None = None
    given_up_ns = ABSENT
    """Why and when the client has given it up."""
    deadline_ns = NEVER
    """When it will have, at the latest."""

    def __init__(
        self,
        request: int,
        attempt: int,
        client: int,
        intended_ns: int,
        request_class: int,
        its: RequestClass,
    ) -> None:
        self.request, self.attempt = request, attempt
        self.ticket = ticket_of(request, attempt)
        self.client = client
        self.intended_ns = self.sent_ns = intended_ns
        self.request_class, self.its = request_class, its
        self.request_bytes = its.request_bytes

    def end_given_up(self, end: int) -> None:
        """Let its row say that the client has given it up, by the end of the run."""
        assert self.given_up is not None
        self.outcome, self.done_ns = ending_given_up(
            self.outcome, self.given_up, self.given_up_ns, end
        )


as_row = attrgetter(*ROW.names or ())
"""The row of a request, as a tuple."""
