"""Connection tracking against a plain dict, and the search for source ports."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.hops import conntrack
from emu.hops.conntrack import (
    ADMITTED,
    ENLARGE,
    NO_PORT,
    NO_ROOM,
    SNAT_FIRST_PORT,
    SNAT_PORTS,
    Closing,
    closing_of_datagrams,
    entry_of,
)
from emu.units import SECOND

SEED = 7


class Nodes:
    """The tables of some nodes, made anew whenever they ask for it."""

    def __init__(self, nodes=1, limit=2**40, evicts=False, endpoints=0):
        servers = np.zeros(2 * endpoints, np.int64)
        self.tables = conntrack.empty(nodes, servers, counted=endpoints > 0)
        self.limit, self.evicts = limit, evicts
        self.enlarged = 0

    def track(self, prefix, port=0, now=0, node=0, request=0, attempt=0, before=0, endpoint=0):
        """Open an entry; its port, or why there is none."""
        while True:
            found = conntrack.admit(*self.tables, node, before, self.limit, now)
            if found == ADMITTED:
                draw = SEED, request, attempt
                return conntrack.track(
                    *self.tables, node, prefix, port, 2 * endpoint, self.evicts, *draw
                )
            if found != ENLARGE:
                return found
            self.tables = conntrack.enlarged(self.tables)
            self.enlarged += 1

    def close(self, prefix, port, expires, node=0, ring=Closing.TIME_WAIT):
        """Let an entry expire at that time."""
        conntrack.close(*self.tables, node, entry_of(prefix, port), expires, int(ring))

    def live(self, now):
        """How many entries each node has."""
        conntrack.count(*self.tables, now)
        return self.tables.live.tolist()


class Plain:
    """The same in plain words: a dict from (node, prefix, port) to when the entry expires."""

    def __init__(self, limit):
        self.expires, self.limit = {}, limit

    def forget(self, now):
        """Drop what has expired."""
        self.expires = {key: at for key, at in self.expires.items() if at > now}

    def count(self, node):
        """The live entries of a node."""
        return sum(key[0] == node for key in self.expires)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["track", "track", "masquerade", "close", "pass"]),
        st.integers(0, 2),  # the node
        st.integers(0, 2),  # the endpoint
        st.integers(5000, 5004),  # the source port
        st.integers(1, 30),  # how long it lives, or how much time passes
        st.sampled_from(Closing),
    ),
    max_size=120,
)


@settings(deadline=None)
@given(steps=STEPS, limit=st.integers(1, 12))
def test_tables_are_dicts_of_live_entries(steps, limit):
    """Whatever is opened and closed in whatever order, each node counts what a dict counts."""
    nodes, plain, now, opened = Nodes(nodes=3, limit=limit), Plain(limit), 0, []
    for request, (step, node, endpoint, port, time, ring) in enumerate(steps):
        prefix = node * 3 + endpoint + 1
        plain.forget(now)
        assert nodes.live(now) == [plain.count(n) for n in range(3)]
        if step == "pass":
            now += time
        elif step == "close" and opened:
            key = opened.pop(time % len(opened))
            nodes.close(key[1], key[2], now + time, node=key[0], ring=ring)
            plain.expires[key] = now + time
        elif step in ("track", "masquerade"):
            wanted = port if step == "track" else 0
            found = nodes.track(prefix, wanted, now, node, request)
            if plain.count(node) >= limit:
                assert found == NO_ROOM
                continue
            free = wanted and (node, prefix, wanted) not in plain.expires
            assert found == wanted if free else found >= SNAT_FIRST_PORT
            assert (node, prefix, found) not in plain.expires
            plain.expires[node, prefix, found] = np.inf
            opened.append((node, prefix, found))


def test_a_node_keeps_to_its_limit_and_not_to_anothers():
    """A full table takes no entry until one expires; other nodes are not concerned."""
    nodes = Nodes(nodes=2, limit=2)
    assert [nodes.track(1, port) for port in (1, 2, 3)] == [1, 2, NO_ROOM]
    assert nodes.track(5, 3, node=1) == 3
    nodes.close(1, 1, expires=10)
    assert nodes.track(1, 3, now=9) == NO_ROOM
    assert nodes.track(1, 3, now=10) == 3
    assert nodes.live(10) == [2, 1]


def test_ports_of_one_endpoint_are_never_shared():
    """Masqueraded connections that live together towards one endpoint have ports of their own."""
    nodes = Nodes()
    ports = [nodes.track(1, request=request) for request in range(20_000)]
    assert len(set(ports)) == 20_000
    assert min(ports) >= SNAT_FIRST_PORT == 1024
    assert max(ports) <= SNAT_FIRST_PORT + SNAT_PORTS - 1 == 65535
    assert nodes.live(0) == [20_000]


def test_endpoints_have_ports_of_their_own():
    """The same port serves connections to different endpoints at once: the tuple differs."""
    nodes = Nodes()
    ports = {nodes.track(prefix, request=9) for prefix in (1, 2, 3)}
    assert len(ports) == 1


def test_found_ports_are_random():
    """Ports lie anywhere in the range: 16 equal parts of it are hit alike (chi-square).

    The kernel's offset of 16 bits wraps around, so the first 1024 ports come twice as often.
    """
    nodes = Nodes()
    ports = np.array([nodes.track(prefix, request=prefix) for prefix in range(1, 20_001)])
    weights = np.ones(SNAT_PORTS)
    weights[: 65536 - SNAT_PORTS] = 2
    parts = np.array([part.sum() for part in np.array_split(weights, 16)]) / 65536
    counts = np.bincount((ports - SNAT_FIRST_PORT) * 16 // SNAT_PORTS, minlength=16)
    assert stats.chisquare(counts, parts * len(ports)).pvalue > 1e-4


def test_a_port_is_free_again_when_its_entry_has_expired():
    """A port is passed over while its entry lives, and found again at the moment it expires."""
    nodes = Nodes()
    port = nodes.track(1, request=3)
    nodes.close(1, port, expires=100)
    assert nodes.track(1, now=99, request=3) == port + 1
    assert nodes.track(1, now=100, request=3) == port
    assert nodes.live(100) == [2]


@pytest.fixture
def exhausted():
    """A node with an entry for every source port towards endpoint 1."""
    nodes = Nodes()
    for port in range(SNAT_FIRST_PORT, SNAT_FIRST_PORT + SNAT_PORTS):
        nodes.track(1, port)
    return nodes


def test_a_full_tuple_space_has_no_port(exhausted):
    """With all 64,512 tuples taken nothing is found, and nothing is counted."""
    assert exhausted.live(0) == [SNAT_PORTS]
    assert [exhausted.track(1, request=request) for request in range(50)] == [NO_PORT] * 50
    assert exhausted.live(0) == [SNAT_PORTS]
    assert exhausted.track(2) > 0


def test_the_search_gives_up_after_so_many_tries(exhausted):
    """With few free ports a search tries 128 + 64 + 32 + 16 + 8 places and may miss them."""
    free = 64
    for port in range(SNAT_FIRST_PORT, SNAT_FIRST_PORT + SNAT_PORTS, SNAT_PORTS // free):
        exhausted.close(1, port, expires=1)
    searches = 400
    missed = 0
    for request in range(searches):
        port = exhausted.track(1, now=1 + request, request=request)
        missed += port == NO_PORT
        if port != NO_PORT:
            exhausted.close(1, port, expires=2 + request)
    found = 1 - np.prod([1 - tries * free / SNAT_PORTS for tries in (128, 64, 32, 16, 8)])
    low, high = stats.binom.interval(0.9999, searches, 1 - found)
    assert low <= missed <= high


def test_growing_keeps_every_live_entry_and_its_expiry():
    """A table that has grown has the same live entries, which expire when they would have."""
    nodes = Nodes(nodes=2)
    for port in range(1, 3001):
        nodes.track(1 + port % 2, port, node=port % 2)
        if port % 3 == 0:
            ring = Closing(port % 6 == 0)
            nodes.close(1 + port % 2, port, expires=port, node=port % 2, ring=ring)
    assert nodes.enlarged > 0
    assert nodes.live(1500) == [1250, 1250]
    assert nodes.live(2999) == [1001, 1000]
    assert nodes.live(3000) == [1000, 1000]
    keys = nodes.tables.keys[nodes.tables.keys != 0]
    assert sorted(keys & 0xFFFF) == [p for p in range(1, 3001) if p % 3]


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_a_crowded_table_forgets_only_what_expired(seed):
    """In a small table near its limit, entries that come and go in any order leave no other."""
    nodes, random, plain = Nodes(), np.random.default_rng(seed), {}
    for now in range(1500):
        plain = {key: at for key, at in plain.items() if at > now}
        port = int(random.integers(1, 800))
        assert nodes.track(1, port, now=now, before=entry_of(1, port)) == port
        plain[port] = now + int(random.integers(1, 800))
        nodes.close(1, port, expires=plain[port])
    nodes.live(1500)
    keys = nodes.tables.keys[nodes.tables.keys != 0]
    assert sorted(keys & 0xFFFF) == sorted(key for key, at in plain.items() if at > 1500)
    assert len(nodes.tables.keys) == 1024


def test_memory_is_bounded_by_live_entries():
    """However many connections have come and gone, the table has room for those that live."""
    nodes, alive = Nodes(), 500
    for request in range(40_000):
        port = nodes.track(1 + request % 7, now=request, request=request)
        ring = Closing(request % 2)
        nodes.close(1 + request % 7, port, expires=request + alive, ring=ring)
    assert nodes.live(40_000)[0] == pytest.approx(alive, abs=1)
    assert len(nodes.tables.keys) <= 4 * alive
    assert nodes.tables.expiries.shape[1] <= 4 * alive


def test_an_entry_makes_way_for_the_next_connection_of_its_port():
    """A port used again in TIME_WAIT: its old entry is gone, and the end to come is void."""
    nodes = Nodes()
    nodes.track(1, 5000)
    nodes.close(1, 5000, expires=10)
    assert nodes.track(1, 5000, now=5, before=entry_of(1, 5000)) == 5000
    assert nodes.live(50) == [1]
    nodes.close(1, 5000, expires=60)
    assert [nodes.live(59), nodes.live(60)] == [[1], [0]]


def test_one_entry_ends_once():
    """Two ends of one entry at the same moment, of whichever kind, take one from the count."""
    nodes = Nodes()
    for now, ring in enumerate((Closing.TIME_WAIT, Closing.TIME_WAIT, Closing.CLOSE)):
        nodes.track(1, 5000, now, before=entry_of(1, 5000))
        nodes.close(1, 5000, expires=100, ring=ring)
    assert [nodes.live(99), nodes.live(100)] == [[1], [0]]


def test_an_entry_makes_way_wherever_it_is():
    """The connection before may have gone to another endpoint from another port of the node."""
    nodes = Nodes(limit=1)
    nodes.track(1, 5000)
    nodes.close(1, 5000, expires=10)
    assert nodes.track(2, 5000, now=5) == NO_ROOM
    assert nodes.track(2, 5000, now=5, before=entry_of(1, 5000)) == 5000
    assert nodes.live(9) == [1]
    assert nodes.tables.keys[nodes.tables.keys != 0].tolist() == [entry_of(2, 5000)]


def test_an_open_connection_does_not_make_way():
    """An entry whose connection goes on stays, whoever comes from the same port."""
    nodes = Nodes()
    nodes.track(1, 5000)
    assert nodes.track(1, 5000, before=entry_of(1, 5000)) != 5000
    assert nodes.live(0) == [2]


def test_a_taken_tuple_costs_the_source_its_port():
    """A source that is not masqueraded keeps its port, unless the reply's tuple is another's."""
    nodes = Nodes()
    assert nodes.track(1, 5000) == 5000
    replaced = nodes.track(1, 5000)
    assert replaced >= SNAT_FIRST_PORT
    assert replaced != 5000
    assert nodes.live(0) == [2]


def test_the_search_may_take_the_tuple_of_a_connection_that_is_over(exhausted):
    """With every tuple in TIME_WAIT a node that evicts finds one in each run, another none."""
    for port in range(SNAT_FIRST_PORT, SNAT_FIRST_PORT + SNAT_PORTS):
        exhausted.close(1, port, expires=120)
    assert exhausted.track(1, now=1) == NO_PORT
    exhausted.evicts = True
    found = [exhausted.track(1, now=1, request=request) for request in range(200)]
    assert len(set(found)) == 200
    assert exhausted.live(1) == [SNAT_PORTS]
    assert exhausted.live(120) == [200]


def test_connections_are_counted_while_they_are_under_way_and_after():
    """Of each endpoint: those under way, and those over that still have an entry."""
    nodes = Nodes(endpoints=2)
    first, second = nodes.track(1, 5000, endpoint=0), nodes.track(2, 5000, endpoint=1)
    nodes.track(1, 5001, endpoint=0)
    assert nodes.tables.servers.tolist() == [2, 0, 1, 0]
    nodes.close(1, first, expires=10)
    nodes.close(2, second, expires=20, ring=Closing.CLOSE)
    assert nodes.tables.servers.tolist() == [1, 1, 0, 1]
    nodes.live(10)
    assert nodes.tables.servers.tolist() == [1, 0, 0, 1]
    nodes.track(1, 6000, now=11, before=entry_of(2, 5000), endpoint=0)
    assert nodes.tables.servers.tolist() == [2, 0, 0, 0]


def test_growing_keeps_what_is_counted():
    """A table that has grown ends the connections of the endpoints that they began at."""
    nodes = Nodes(endpoints=3)
    for port in range(1, 3001):
        nodes.track(1 + port % 3, port, endpoint=port % 3)
    assert nodes.enlarged > 0
    for port in range(1, 3001, 2):
        nodes.close(1 + port % 3, port, expires=port)
    assert nodes.tables.servers.tolist() == [500] * 6
    nodes.live(3000)
    assert nodes.tables.servers.tolist() == [500, 0] * 3


def test_a_flow_of_datagrams_that_goes_on_becomes_a_stream():
    """Up to 2 s between the first and the last datagram it is none, then it is."""
    assert closing_of_datagrams(5, 5 + 2 * SECOND) == Closing.UDP
    assert closing_of_datagrams(5, 6 + 2 * SECOND) == Closing.UDP_STREAM
