"""What becomes of a first packet: the endpoint, the source, and the conntrack entry."""

import numpy as np
import pytest
from scipy import stats

from emu.hops import conntrack
from emu.hops.affinity import empty
from emu.hops.kubeproxy import MODES
from emu.hops.node import ENDPOINT, RULE, Masquerade, Verdict, translate, tuple_prefix

S = 1_000_000_000


class Rules:
    """One node, number 1 of 2, with one rule over the last three of four endpoints.

    Endpoint i is Pod i's; senders are 2 nodes, 1 load balancer (number 2) and 4 Pods (from 3).
    """

    node, sources = 1, 7

    def __init__(self, verdict=Verdict.DNAT, masquerade=Masquerade.HAIRPINS, limit=100, affinity=0):
        rule = (verdict, masquerade, 1, 3, -1, -1, 0, 0, affinity)
        self.rules = np.array([rule], RULE)
        self.members = np.array([0, 1, 2, 3])
        self.endpoints = np.array([(pod, 8080, pod % 2, 0) for pod in range(4)], ENDPOINT)
        self.tables, self.limit = conntrack.empty(2, expected=150_000), limit
        self.affinity = empty()

    def translate(self, source=2, source_pod=-1, port=40_000, request=0, attempt=0, now=0, rule=0):
        """What becomes of a first packet."""
        return translate(
            self.rules, self.members, self.endpoints, *self.affinity, *self.tables,
            MODES.number("iptables"), -1, False, rule,
            self.node, source, self.sources, source_pod, 0, port, 0, self.limit, now,
            5, request, attempt,
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
    rules = Rules(masquerade=Masquerade.ALWAYS, limit=10**6)
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
    rules = Rules(masquerade=Masquerade.ALWAYS, limit=10**6)
    rules.rules["count"] = 1
    prefix = tuple_prefix(1, 1, 1, 7, 4)
    for port in range(1024, 65536):
        assert conntrack.track(*rules.tables, 1, prefix, port, 0, False, 5, 0, 0) == port
    assert rules.translate()[0] == Verdict.NO_SNAT_PORT


def test_a_crowded_table_asks_for_room():
    """The table never fills up: at five of eight slots it wants to grow."""
    rules = Rules(limit=10**6)
    rules.tables = conntrack.empty(2)
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


def test_cilium_masquerades_to_other_nodes_alone():
    """TO_OTHER_NODES: the source stays where the endpoint chosen is on this node, number 1."""
    rules = Rules(masquerade=Masquerade.TO_OTHER_NODES, limit=10**6)
    for request in range(60):
        _, endpoint, _, masqueraded = rules.translate(port=40_000 + request, request=request)
        assert masqueraded == (endpoint == 2)


def test_a_client_keeps_its_endpoint_until_it_stays_away():
    """Session affinity: each use renews it, and after the timeout another may be chosen."""
    rules = Rules(limit=10**6, affinity=100)
    first = rules.translate(port=1, request=0)[1]
    times = range(0, 3000 * S, 99 * S)
    kept = {rules.translate(port=2 + now // S, now=now, request=now // S)[1] for now in times}
    assert kept == {first}
    later = range(10_000 * S, 20_000 * S, 100 * S)
    assert (
        len({rules.translate(port=2 + now // S, now=now, request=now // S)[1] for now in later})
        == 3
    )


def test_senders_keep_endpoints_of_their_own():
    """Two senders to one Service draw apart, and each keeps what it drew."""
    rules = Rules(limit=10**6, affinity=10**9)
    drawn = {
        source: {rules.translate(source, port=n, request=10 * source + n)[1] for n in range(1, 9)}
        for source in range(7)
    }
    assert all(len(endpoints) == 1 for endpoints in drawn.values())
    assert len(set.union(*drawn.values())) > 1


def test_an_endpoint_is_kept_between_rules_that_both_have_it():
    """What a client keeps under one traffic policy holds under the other, where that has it too."""
    rules = Rules(limit=10**6, affinity=10**9)
    local = rules.rules[0].copy()
    local["first"], local["count"] = 4, 1
    rules.rules = np.array([rules.rules[0], local], RULE)
    rules.members = np.array([0, 1, 2, 3, 2])
    drawn = {}
    for source in range(7):
        drawn[source] = rules.translate(source, port=1, request=source)[1]
        assert rules.translate(source, port=2, rule=1)[1] == 2
        assert rules.translate(source, port=3, request=100 + source)[1] == 2
    assert len(set(drawn.values())) > 1


def test_a_lack_of_room_for_affinities_is_said_before_anything_changes():
    """With half of its slots used the table of affinities wants to grow first."""
    rules = Rules(limit=10**6, affinity=100)
    rules.affinity.used[0] = 32
    assert rules.translate()[0] == Verdict.ENLARGE
    assert rules.live() == [0, 0]
    assert rules.translate(rule=0) == (Verdict.ENLARGE, -1, -1, False)


def test_what_is_delivered_on_the_node_itself_keeps_its_source():
    """An endpoint at the node's own address: only what the node sends itself is masqueraded."""
    rules = Rules(masquerade=Masquerade.ALWAYS, limit=10**6)
    rules.endpoints["host"] = 1
    for request in range(60):
        _, endpoint, _, masqueraded = rules.translate(port=40_000 + request, request=request)
        assert masqueraded == (endpoint != 3 and endpoint != 1)
    assert all(rules.translate(source=1, request=request)[3] for request in range(60))
