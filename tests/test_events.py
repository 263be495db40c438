"""The order of events of one instant."""

import itertools

from emu.events import (
    GLUE_PRIORITIES,
    MOST_ATTEMPTS,
    Kind,
    kind_of,
    priority,
    ticket_in,
    ticket_of,
)

MOST_REQUESTS = 2**40
TICKETS = [
    ticket_of(request, attempt)
    for request in (0, 1, 12345, MOST_REQUESTS - 1)
    for attempt in (0, 1, MOST_ATTEMPTS - 1)
]


def test_ties_are_ordered_by_kind_then_by_request_then_by_attempt():
    """Of events of one instant the kind decides, then the request, then the attempt, whatever the
    insertion."""
    ordered = [priority(kind, ticket) for kind in Kind for ticket in TICKETS]
    assert ordered == sorted(ordered)
    assert len(set(ordered)) == len(ordered)


def test_a_rank_tells_what_it_is_made_of():
    """The kind and the ticket of an event can be read from its rank."""
    for kind in Kind:
        ranks = [priority(kind, ticket) for ticket in TICKETS]
        assert {kind_of(rank) for rank in ranks} == {kind}
        assert [ticket_in(rank) for rank in ranks] == TICKETS
    assert kind_of(GLUE_PRIORITIES - 1) < 0


def test_what_frees_comes_before_what_takes():
    """At one instant a worker, a place in flight and a connection become free before the next
    request asks; and what is answered then is answered in time."""
    answers = (Kind.SERVICE_END, Kind.ANSWER, Kind.CLIENT_ANSWER)
    frees = (*answers, Kind.CLIENT_TIMEOUT, Kind.CONNECTION_DUE)
    takes = set(Kind) - set(frees)
    assert max(answers) < Kind.CLIENT_TIMEOUT
    assert all(free < take for free, take in itertools.product(frees, takes))


def test_control_comes_before_requests():
    """SimPy's own two priorities stay in front of every event of a request, and all fit 64 bits."""
    assert priority(min(Kind), 0) >= GLUE_PRIORITIES == 2
    assert priority(max(Kind), max(TICKETS)) < 2**63
