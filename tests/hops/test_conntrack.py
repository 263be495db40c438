"""Connection tracking against a plain dict, and the search for source ports."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.hops import conntrack
from emu.hops.conntrack import ENLARGE, NO_PORT, NO_ROOM, SNAT_FIRST_PORT, SNAT_PORTS, Closing

SEED = 7


class Nodes:
    """The tables of some nodes, made anew whenever they ask for it."""

    def __init__(self, nodes=1, limit=2**40):
        self.tables, self.limit = conntrack.empty(nodes), limit
        self.enlarged = 0

    def track(self, prefix, port=0, now=0, node=0, request=0, attempt=0):
        """Open an entry; its port, or why there is none."""
        while True:
            found = conntrack.track(
                *self.tables, node, prefix, port, self.limit, now, SEED, request, attempt
            )
            if found != ENLARGE:
                return found
            self.tables = conntrack.enlarged(self.tables)
            self.enlarged += 1

    def close(self, prefix, port, expires, node=0, ring=Closing.TIME_WAIT, now=0):
        """Let an entry expire at that time."""
        tables = self.tables[:-1]
        conntrack.close(*tables, node, prefix, port, now, expires, int(ring))

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
            nodes.close(key[1], key[2], now + time, node=key[0], ring=ring, now=now)
            if key in plain.expires:
                plain.expires[key] = now + time
        elif step in ("track", "masquerade"):
            wanted = port if step == "track" else 0
            found = nodes.track(prefix, wanted, now, node, request)
            if plain.count(node) >= limit:
                assert found == NO_ROOM
                continue
            assert found == port if wanted else found >= SNAT_FIRST_PORT
            assert wanted or (node, prefix, found) not in plain.expires
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
        nodes.track(1, port, now=now)
        plain[port] = now + int(random.integers(1, 800))
        nodes.close(1, port, expires=plain[port], now=now)
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


def test_an_entry_opened_anew_outlives_its_old_end():
    """A port used again in TIME_WAIT keeps its entry: the end that was to come is void."""
    nodes = Nodes()
    nodes.track(1, 5000)
    nodes.close(1, 5000, expires=10)
    nodes.track(1, 5000, now=5)
    assert nodes.live(50) == [1]
    nodes.close(1, 5000, expires=60)
    assert [nodes.live(59), nodes.live(60)] == [[1], [0]]


def test_one_entry_ends_once():
    """Two ends of one entry at the same moment, of whichever kind, take one from the count."""
    nodes = Nodes()
    for now, ring in enumerate((Closing.TIME_WAIT, Closing.TIME_WAIT, Closing.CLOSE)):
        nodes.track(1, 5000, now)
        nodes.close(1, 5000, expires=100, ring=ring)
    assert [nodes.live(99), nodes.live(100)] == [[1], [0]]


def test_closing_what_is_gone_changes_nothing():
    """Where two connections had one port, the second end comes to an entry that is over."""
    nodes = Nodes()
    nodes.track(1, 5000)
    nodes.close(1, 5000, expires=10)
    assert nodes.live(10) == [0]
    nodes.close(1, 5000, now=10, expires=20)
    assert [nodes.live(15), nodes.live(20)] == [[0], [0]]
