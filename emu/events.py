"""The kinds of events in a request's life, and the order of events that fall on one instant.

Ties are ordered by declaration, never by chance or by insertion: first the kind, in the order
below, then the request, then the attempt; or the connection, where an event is about one. Whatever
frees something (a worker, a place among the load balancer's requests in flight, a connection) comes
before whatever takes something at the same instant.

``docs/model.md`` says which hop each event asks and which events follow it.
"""

from enum import IntEnum
from typing import Final

from emu.kernel import inlined


class Kind(IntEnum):
    """A moment at which a hop decides; the value is its rank among events of one instant."""

    SERVICE_END = 0
    """A Pod has served the request, and the next in the backlog takes its place; or, where workers
    are shared, somebody came meanwhile and the end is later."""
    ANSWER = 1
    """The answer, or the refusal, is back at whoever opened the connection that ends at the Pod:
    the load balancer, or a client that needs none."""
    CLIENT_ANSWER = 2
    """The answer is back from a load balancer at a client that is *watched*: one that keeps
    connections, tries again, asks twice, or waits for it before it sends the next request."""
    CLIENT_TIMEOUT = 3
    """A watched client gives up on the attempt, if it is not answered yet."""
    CONNECTION_DUE = 4
    """A kept connection may have been idle for too long, or be too old."""
    CLIENT_RETRY = 5
    """A client tries a request again, whose attempt of this ticket has failed."""
    CLIENT_HEDGE = 6
    """A client sends a request again, whose attempt of this ticket is not answered yet."""
    CLIENT_SEND = 7
    """The client means to send the request; it resolves the name and opens a connection."""
    CLIENT_CONNECT = 8
    """A client that keeps connections knows the address that it asked for."""
    LB_REQUEST = 9
    """The request is at the load balancer, which picks a node."""
    NODE_SYN = 10
    """The first packet of the connection is at the node that translates it."""
    POD_REQUEST = 11
    """The request is at the Pod: served, queued or refused."""


GLUE_PRIORITIES: Final = 2
"""SimPy's own URGENT and NORMAL: control processes come before requests of one instant."""

MOST_ATTEMPTS: Final = 1 << 8
"""So many attempts of a request can be told apart."""

_TICKETS: Final = 1 << 48


@inlined
def ticket_of(request: int, attempt: int) -> int:
    """The number of an attempt among events, in the order of requests below 2**40, then attempts.

    Where an event is about a connection, the connection's number stands in its place.
    """
    return (request << 8) + attempt


@inlined
def priority(kind: int, ticket: int) -> int:
    """The rank of an event among those of its instant, lower first."""
    return GLUE_PRIORITIES + (kind << 48) + ticket


@inlined
def ticket_in(rank: int) -> int:
    """The ticket of the event that has this rank."""
    return (rank - GLUE_PRIORITIES) & (_TICKETS - 1)


@inlined
def kind_of(rank: int) -> int:
    """The kind of the event that has this rank; below 0 for SimPy's own."""
    return (rank - GLUE_PRIORITIES) >> 48
