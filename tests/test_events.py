"""The order of events of one instant."""

import itertools

from emu.events import GLUE_PRIORITIES, Kind, priority

MOST_REQUESTS = 2**40


def test_ties_are_ordered_by_kind_and_then_by_request():
    """Among events of one instant the kind decides, then the request, whatever the insertion."""
    requests = [0, 1, 12345, MOST_REQUESTS - 1]
    ordered = [priority(kind, request) for kind in Kind for request in requests]
    assert ordered == sorted(ordered)
    assert len(set(ordered)) == len(ordered)


def test_what_frees_comes_before_what_takes():
    """At one instant a worker, a place in flight and a connection become free before the next
    request asks."""
    frees = (
        Kind.SERVICE_END, Kind.ANSWER, Kind.CLIENT_ANSWER, Kind.CLIENT_TIMEOUT, Kind.CONNECTION_DUE,
    )  # fmt: skip
    takes = set(Kind) - set(frees)
    assert all(free < take for free, take in itertools.product(frees, takes))


def test_control_comes_before_requests():
    """SimPy's own two priorities stay in front of every event of a request, and all fit 64 bits."""
    assert priority(min(Kind), 0) >= GLUE_PRIORITIES == 2
    assert priority(max(Kind), MOST_REQUESTS - 1) < 2**63
