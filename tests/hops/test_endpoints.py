"""Which endpoints may be used from a node."""

import pytest

from emu.hops.endpoints import Endpoint, Endpoints


def endpoint(name, node="", state="ready", zones="", nodes=""):
    """An endpoint with this address; a terminating one still serves unless it is down."""
    states = {
        "ready": (True, True, False),
        "unready": (False, False, False),
        "unready but serving": (False, True, False),
        "terminating": (False, True, True),
        "down": (False, False, True),
        "published": (True, True, True),
    }
    return Endpoint(
        name, 8080, node, *states[state], frozenset(nodes.split()), frozenset(zones.split())
    )


A1, A2, B = endpoint("a1", "a"), endpoint("a2", "a"), endpoint("b", "b")
UNREADY_A, UNREADY_B = endpoint("ua", "a", "unready"), endpoint("ub", "b", "unready")
LEAVING_A, LEAVING_B = endpoint("la", "a", "terminating"), endpoint("lb", "b", "terminating")
DOWN_A, NOWHERE = endpoint("da", "a", "down"), endpoint("x")
SERVING, PUBLISHED = endpoint("s", "a", "unready but serving"), endpoint("p", "a", "published")
ZONE_1, ZONE_2 = endpoint("z1", "a", zones="1"), endpoint("z2", "b", zones="2")
BOTH_ZONES = endpoint("z3", "b", zones="1 2")
NODE_A, NODE_B = endpoint("na", "a", nodes="a"), endpoint("nb", "b", nodes="b")
NODE_A_ZONE_2 = endpoint("nz", "a", zones="2", nodes="a")


def names(endpoints):
    """Their addresses."""
    return " ".join(e.address for e in endpoints)


@pytest.mark.parametrize(
    ("endpoints", "cluster", "local"),
    [
        ((), "", ""),
        ((A1, A2, B), "a1 a2 b", "a1 a2"),
        ((B, A2, A1), "a1 a2 b", "a1 a2"),
        ((B,), "b", ""),
        ((UNREADY_A, B), "b", ""),
        ((UNREADY_A, UNREADY_B), "", ""),
        ((SERVING,), "", ""),
        ((PUBLISHED,), "p", "p"),
        ((PUBLISHED, LEAVING_A), "p", "p"),
        ((LEAVING_A, A1, B), "a1 b", "a1"),
        ((LEAVING_A, B), "b", "la"),
        ((LEAVING_A, LEAVING_B), "la lb", "la"),
        ((LEAVING_A, UNREADY_B), "la", "la"),
        ((DOWN_A, LEAVING_B), "lb", ""),
        ((DOWN_A,), "", ""),
        ((NOWHERE, A1), "a1 x", "a1"),
        # hints: all ready ones need one, and one of them must be for this zone or node
        ((ZONE_1, ZONE_2), "z1", "z1"),
        ((ZONE_2,), "z2", ""),
        ((ZONE_2, BOTH_ZONES), "z3", ""),
        ((ZONE_1, ZONE_2, B), "b z1 z2", "z1"),
        ((ZONE_1, ZONE_2, UNREADY_B), "z1", "z1"),
        ((LEAVING_A, ZONE_2), "z2", "la"),
        ((NODE_A, NODE_B), "na", "na"),
        ((NODE_B,), "nb", ""),
        ((NODE_A, NODE_B, ZONE_1), "na nb z1", "na z1"),
        ((NODE_A_ZONE_2, ZONE_2), "nz z2", "nz"),
    ],
    ids=lambda value: "+".join(e.address for e in value) if isinstance(value, tuple) else None,
)
def test_usable_endpoints(endpoints, cluster, local):
    """Node a in zone 1: ready ones, else those serving while they terminate; hints, if all have."""
    usable = Endpoints(endpoints).usable("a", "1")
    assert (names(usable.cluster), names(usable.local)) == (cluster, local)
    assert usable.anywhere == bool(cluster)
    assert names(usable.reachable) == " ".join(sorted({*cluster.split(), *local.split()}))


def test_one_address_counts_once():
    """Of two with an address and port the first counts; another port is another endpoint."""
    again = A1._replace(ready=False)
    assert names(Endpoints([A1, again]).usable("b", "").cluster) == "a1"
    assert Endpoints([again, A1]).usable("b", "").cluster == ()
    assert len(Endpoints([A1, A1._replace(port=81)]).usable("b", "").cluster) == 2


def test_everywhere_is_all_of_them():
    """Ready or not, hinted or not, each address and port once."""
    others = [A1._replace(ready=False), A1._replace(port=81, ready=False, serving=False)]
    assert Endpoints([A1, *others]).everywhere == (A1, others[1])


def test_on_its_own_node_the_one_that_says_so_counts():
    """A duplicate that is on this node is preferred here, and changes nothing elsewhere."""
    stranger = A1._replace(node="", ready=False)
    endpoints = Endpoints([stranger, A1])
    assert (
        names(endpoints.usable("a", "").cluster) == names(endpoints.usable("a", "").local) == "a1"
    )
    assert endpoints.usable("b", "").cluster == ()


def test_the_order_is_that_of_the_text():
    """As kube-proxy sorts them: 10.0.0.10:80 stands before 10.0.0.9:80, and before 10.0.0.1:80."""
    found = Endpoints(Endpoint(f"10.0.0.{last}", 80) for last in (9, 1, 10)).usable("a", "").cluster
    assert [str(e) for e in found] == ["10.0.0.10:80", "10.0.0.1:80", "10.0.0.9:80"]
    assert str(Endpoint("fd00::1", 80)) == "[fd00::1]:80"
