"""What a node's rules make of a connection: kube-proxy's table of cases, and the translation."""

import numpy as np
import pytest
from scipy import stats

from emu.hops import conntrack
from emu.hops.endpoints import Endpoint, usable
from emu.hops.kubeproxy import MODES
from emu.hops.node import (
    ENDPOINT,
    RULE,
    Entry,
    Source,
    TrafficPolicy,
    Verdict,
    route,
    rule_number,
    translate,
    tuple_prefix,
)

READY, LEAVING = (True, True, False), (False, True, True)
HERE, THERE = Endpoint("here", 8080, "a", *READY), Endpoint("there", 8080, "b", *READY)
LEAVING_HERE = Endpoint("leaving", 8080, "a", *LEAVING)

CLUSTER_IP, NODE_PORT = Entry.CLUSTER_IP, Entry.NODE_PORT
OUTSIDE, NODE, POD = Source.OUTSIDE, Source.NODE, Source.POD
BOTH, NONE = (HERE, THERE), ()

CASES = [
    # endpoints, entry, source, policies, what becomes of the packet
    # NodePort, externalTrafficPolicy Cluster: any endpoint, always masqueraded
    (BOTH, NODE_PORT, OUTSIDE, "", "here there masqueraded"),
    (BOTH, NODE_PORT, NODE, "", "here there masqueraded"),
    (BOTH, NODE_PORT, POD, "", "here there masqueraded"),
    ((THERE,), NODE_PORT, OUTSIDE, "", "there masqueraded"),
    ((LEAVING_HERE,), NODE_PORT, OUTSIDE, "", "leaving masqueraded"),
    ((LEAVING_HERE, THERE), NODE_PORT, OUTSIDE, "", "there masqueraded"),
    (NONE, NODE_PORT, OUTSIDE, "", "REJECT"),
    (NONE, NODE_PORT, POD, "", "REJECT"),
    # externalTrafficPolicy Local: from outside local endpoints only, the client's address is kept
    (BOTH, NODE_PORT, OUTSIDE, "external", "here"),
    ((THERE,), NODE_PORT, OUTSIDE, "external", "DROP"),
    ((LEAVING_HERE, THERE), NODE_PORT, OUTSIDE, "external", "leaving"),
    (NONE, NODE_PORT, OUTSIDE, "external", "REJECT"),
    (BOTH, NODE_PORT, OUTSIDE, "external all", "here"),
    # ... from inside it is treated as Cluster; only the node's own packets are masqueraded
    (BOTH, NODE_PORT, NODE, "external", "here there masqueraded"),
    (BOTH, NODE_PORT, POD, "external", "here there"),
    ((THERE,), NODE_PORT, POD, "external", "there"),
    (NONE, NODE_PORT, NODE, "external", "REJECT"),
    # ... and internalTrafficPolicy has no say in it
    ((THERE,), NODE_PORT, OUTSIDE, "internal", "there masqueraded"),
    # ClusterIP: any endpoint, the source is kept
    (BOTH, CLUSTER_IP, POD, "", "here there"),
    (BOTH, CLUSTER_IP, NODE, "", "here there"),
    (NONE, CLUSTER_IP, POD, "", "REJECT"),
    ((LEAVING_HERE,), CLUSTER_IP, POD, "", "leaving"),
    # ... unless masqueradeAll says otherwise, or the clusterCIDR tells who is no Pod
    (BOTH, CLUSTER_IP, POD, "all", "here there masqueraded"),
    (BOTH, CLUSTER_IP, NODE, "all", "here there masqueraded"),
    (BOTH, CLUSTER_IP, POD, "cidr", "here there"),
    (BOTH, CLUSTER_IP, NODE, "cidr", "here there masqueraded"),
    (BOTH, CLUSTER_IP, OUTSIDE, "cidr", "here there masqueraded"),
    # internalTrafficPolicy Local: local endpoints only; externalTrafficPolicy has no say in it
    (BOTH, CLUSTER_IP, POD, "internal", "here"),
    ((THERE,), CLUSTER_IP, POD, "internal", "DROP"),
    ((THERE,), CLUSTER_IP, NODE, "internal", "DROP"),
    (NONE, CLUSTER_IP, POD, "internal", "REJECT"),
    ((THERE,), CLUSTER_IP, POD, "external", "there"),
]


@pytest.mark.parametrize(("endpoints", "entry", "source", "policies", "becomes"), CASES)
def test_the_table_of_cases(endpoints, entry, source, policies, becomes):
    """Endpoints, way in, source and policies decide as kube-proxy's rules do."""
    policy = TrafficPolicy(*(name in policies for name in ("external", "internal", "all", "cidr")))
    everywhere, here = (usable(endpoints, "a", local) for local in (False, True))
    found = route(everywhere, here, entry, source, policy)
    if found.verdict == Verdict.DNAT:
        words = [e.address for e in found.endpoints] + ["masqueraded"] * found.masquerade
    else:
        words = [found.verdict.name]
    assert " ".join(words) == becomes


def test_rule_numbers_are_all_different():
    """Each node, Service, way in and source has a place of its own, without gaps."""
    numbers = [
        rule_number(3, node, service, entry, source)
        for node in range(4)
        for service in range(3)
        for entry in Entry
        for source in Source
    ]
    assert numbers == list(range(4 * 3 * len(Entry) * len(Source)))


class Rules:
    """One node, number 1 of 2, with one rule over the last three of four endpoints.

    Endpoint i is Pod i's; senders are 2 nodes, 1 load balancer (number 2) and 4 Pods (from 3).
    """

    node, sources = 1, 7

    def __init__(self, verdict=Verdict.DNAT, masquerade=False, limit=100):
        self.rules = np.array([(verdict, 1, 3, masquerade)], RULE)
        self.members = np.array([0, 1, 2, 3])
        self.endpoints = np.array([(pod, 8080) for pod in range(4)], ENDPOINT)
        self.tables, self.limit = conntrack.empty(2, slots=1 << 18), limit

    def translate(self, source=2, source_pod=-1, port=40_000, request=0, attempt=0, now=0):
        """What becomes of a first packet."""
        return translate(
            self.rules, self.members, self.endpoints, *self.tables, MODES.number("iptables"), 0,
            self.node, source, self.sources, source_pod, port, self.limit, now, 5, request, attempt,
        )  # fmt: skip

    def live(self):
        """Entries of both nodes."""
        return self.tables.live.tolist()


def test_a_kept_source_keeps_its_port():
    """Without masquerading the sender's own port stands, and one entry is opened at this node."""
    rules = Rules()
    verdict, endpoint, port, masqueraded = rules.translate(port=40_000)
    assert (verdict, port, masqueraded) == (Verdict.DNAT, 40_000, False)
    assert endpoint in (1, 2, 3)
    assert rules.live() == [0, 1]
    key = tuple_prefix(1, 2, endpoint, 7, 4) << 16 | 40_000
    assert key in rules.tables.keys


def test_a_masqueraded_source_gets_a_port_of_the_nodes():
    """Masqueraded senders with the same port get different ones: the tuple is the node's own."""
    rules = Rules(masquerade=True, limit=10**6)
    found = [rules.translate(request=request) for request in range(300)]
    assert all(masqueraded for *_, masqueraded in found)
    assert len({(endpoint, port) for _, endpoint, port, _ in found}) == 300
    endpoint, port = found[0][1:3]
    assert tuple_prefix(1, 1, endpoint, 7, 4) << 16 | port in rules.tables.keys


def test_a_pod_that_reaches_itself_is_masqueraded():
    """Hairpin: only where the endpoint chosen is the sender itself does the node step in."""
    rules = Rules(limit=10**6)
    for request in range(60):
        _, endpoint, _, masqueraded = rules.translate(
            source=3 + 2, source_pod=2, port=40_000 + request, request=request
        )
        assert masqueraded == (endpoint == 2)


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.DROP])
def test_what_is_not_translated_opens_no_entry(verdict):
    """REJECT and DROP leave no trace in the table."""
    rules = Rules(verdict=verdict)
    assert rules.translate() == (verdict, -1, -1, False)
    assert rules.live() == [0, 0]


def test_a_full_table_and_a_full_port_range_are_told_apart():
    """The limit gives NO_CONNTRACK; no free source port gives NO_SNAT_PORT."""
    rules = Rules(limit=1)
    assert [rules.translate(port=port)[0] for port in (1, 2)] == [
        Verdict.DNAT, Verdict.NO_CONNTRACK,
    ]  # fmt: skip
    rules = Rules(masquerade=True, limit=10**6)
    rules.rules["count"] = 1
    prefix = tuple_prefix(1, 1, 1, 7, 4)
    for port in range(1024, 65536):
        assert conntrack.track(*rules.tables, 1, prefix, port, rules.limit, 0, 5, 0, 0) == port
    assert rules.translate()[0] == Verdict.NO_SNAT_PORT


def test_a_crowded_table_asks_for_room():
    """The table never fills up: at five of eight slots it wants to grow."""
    rules = Rules(limit=10**6)
    rules.tables = conntrack.empty(2, slots=1024)
    verdicts = [rules.translate(port=port)[0] for port in range(1, 1000)]
    assert verdicts.index(Verdict.ENLARGE) == 640
    assert set(verdicts[:640]) == {Verdict.DNAT}


def test_endpoints_are_chosen_uniformly_and_anew_for_each_copy():
    """Each of the rule's three endpoints gets a third, over requests and over resent SYNs."""
    for draws in ({"request": n} for n in range(3000)), ({"attempt": n} for n in range(3000)):
        rules = Rules(limit=10**6)
        chosen = [rules.translate(port=1 + n, **draw)[1] for n, draw in enumerate(draws)]
        counts = np.bincount(chosen, minlength=4)
        assert counts[0] == 0
        assert stats.chisquare(counts[1:]).pvalue > 1e-4
