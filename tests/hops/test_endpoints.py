"""Which endpoints may be used from a node."""

import pytest

from emu.hops.endpoints import Endpoint, usable


def endpoint(name, node, state="ready"):
    """An endpoint with this address; a terminating one still serves unless it is down."""
    states = {
        "ready": (True, True, False),
        "unready": (False, False, False),
        "terminating": (False, True, True),
        "down": (False, False, True),
    }
    return Endpoint(name, 8080, node, *states[state])


A1, A2, B = endpoint("a1", "a"), endpoint("a2", "a"), endpoint("b", "b")
UNREADY_A, UNREADY_B = endpoint("ua", "a", "unready"), endpoint("ub", "b", "unready")
LEAVING_A, LEAVING_B = endpoint("la", "a", "terminating"), endpoint("lb", "b", "terminating")
DOWN_A, NOWHERE = endpoint("da", "a", "down"), endpoint("x", None)


@pytest.mark.parametrize(
    ("endpoints", "everywhere", "on_a"),
    [
        ((), "", ""),
        ((A1, A2, B), "a1 a2 b", "a1 a2"),
        ((B, A2, A1), "b a2 a1", "a2 a1"),
        ((B,), "b", ""),
        ((UNREADY_A, B), "b", ""),
        ((UNREADY_A, UNREADY_B), "", ""),
        ((LEAVING_A, A1, B), "a1 b", "a1"),
        ((LEAVING_A, B), "b", "la"),
        ((LEAVING_A, LEAVING_B), "la lb", "la"),
        ((LEAVING_A, UNREADY_B), "la", "la"),
        ((DOWN_A, LEAVING_B), "lb", ""),
        ((DOWN_A,), "", ""),
        ((NOWHERE, A1), "x a1", "a1"),
    ],
    ids=lambda value: "+".join(e.address for e in value) if isinstance(value, tuple) else None,
)
def test_usable_endpoints(endpoints, everywhere, on_a):
    """Ready ones in their order, else those serving while they terminate; Local: on this node."""
    assert [e.address for e in usable(endpoints, "a", False)] == everywhere.split()
    assert [e.address for e in usable(endpoints, "a", True)] == on_a.split()
