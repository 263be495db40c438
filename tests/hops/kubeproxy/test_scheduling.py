"""What every IPVS scheduler keeps, whichever files are in the folder; and each one's own rule."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import scheduling
from emu.hops.kubeproxy.buckets import bucket
from emu.hops.kubeproxy.scheduling import SCHEDULERS, schedule
from emu.hops.kubeproxy.servers import CELL, LOADS, active, inactive
from emu.hops.siphash import siphash

CLUSTER_IP = "10.96.0.10"
SOURCE = 0xCB00710A
BEFORE = 3
"""Other servers' cells in front of the one under test."""

LOADS_OF_MANY = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 600)), min_size=1, max_size=8)
"""Active and inactive connections of each endpoint."""


def endpoints(count):
    """So many endpoints, each in a Pod of its own."""
    return [Endpoint(f"10.244.{i // 250}.{i % 250 + 1}", 8080) for i in range(count)]


class Server:
    """A virtual server in the middle of a memory, behind others and in front of its table."""

    def __init__(self, name, loads, destination=CLUSTER_IP):
        state = scheduling.prepare(name, len(loads))
        state[LOADS:] = np.ravel(loads)
        table = scheduling.table(name, endpoints(len(loads)), destination)
        beyond = [-7] if table is None else table
        self.memory = np.array([-7] * BEFORE + [*state, *beyond], np.int64)
        self.table = -1 if table is None else BEFORE + len(state)
        self.name, self.count = name, len(loads)

    def pick(self, source=SOURCE, port=32768, kernel=None):
        """The endpoint of a connection from there."""
        kernel = kernel or SCHEDULERS[self.name].pick
        return int(kernel(self.memory, BEFORE, self.table, self.count, source, port))


def idle(count):
    """No connections at any of so many endpoints."""
    return [(0, 0)] * count


@pytest.mark.parametrize("name", SCHEDULERS)
@settings(deadline=None, max_examples=30)
@given(
    loads=LOADS_OF_MANY,
    sources=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 65535)), max_size=5),
)
def test_a_pick_is_one_of_the_endpoints(name, loads, sources):
    """A place from 0 below their number, the same from an equal state, and by number too."""
    servers = [Server(name, loads) for _ in range(3)]
    plain = getattr(SCHEDULERS[name].pick, "py_func", SCHEDULERS[name].pick)
    kind = SCHEDULERS.number(name)
    assert servers[0].memory[BEFORE] == kind
    for source, port in sources:
        picked = servers[0].pick(source, port)
        assert 0 <= picked < len(loads)
        assert picked == servers[1].pick(source, port, kernel=plain)
        assert picked == servers[2].pick(source, port, lambda *them: schedule(kind, *them))
        assert [server.memory.tolist() for server in servers] == [servers[0].memory.tolist()] * 3


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_single_endpoint_gets_everything(name):
    """Where there is one endpoint, it is that one."""
    server = Server(name, [(3, 5)])
    assert {server.pick(SOURCE + i, 1024 + i) for i in range(50)} == {0}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_changes_nothing_but_its_cell(name):
    """Loads are the caller's, tables are shared, and others' servers are next to it."""
    server = Server(name, [(1, 2), (0, 7), (2, 0)])
    before = server.memory.copy()
    for i in range(10):
        server.pick(SOURCE + i)
    changed = np.flatnonzero(server.memory != before)
    assert set(changed.tolist()) <= {BEFORE + CELL}


def test_loads_lie_in_pairs():
    """Active and inactive connections are read where the caller keeps them."""
    server = Server("rr", [(1, 2), (3, 4)])
    read = [
        (kernel(server.memory, BEFORE, 1), getattr(kernel, "py_func", kernel)(server.memory, 3, 0))
        for kernel in (active, inactive)
    ]
    assert read == [(3, 1), (4, 2)]


@pytest.mark.parametrize("name", ["rr", "wrr"])
def test_round_robin_goes_in_turn(name):
    """From the first endpoint on, whatever their load and whoever asks."""
    server = Server(name, [(9, 0), (0, 0), (5, 5)])
    assert [server.pick(SOURCE + i) for i in range(7)] == [0, 1, 2, 0, 1, 2, 0]


def test_virtual_servers_take_turns_by_themselves():
    """Two servers in one memory do not move one another's turn."""
    state = scheduling.prepare("rr", 3)
    memory, second = np.concatenate([state, state]), len(state)
    pick = SCHEDULERS["rr"].pick
    turns = [pick(memory, server, -1, 3, SOURCE, 1024) for server in (0, 0, second, 0, second)]
    assert turns == [0, 1, 0, 2, 1]


@pytest.mark.parametrize("name", ["lc", "wlc"])
@settings(deadline=None)
@given(loads=LOADS_OF_MANY)
def test_least_connections_takes_the_first_least(name, loads):
    """256 * active + inactive is the least there, and greater at every endpoint before it."""
    overheads = [256 * active + inactive for active, inactive in loads]
    assert Server(name, loads).pick() == overheads.index(min(overheads))


@pytest.mark.parametrize("name", ["lc", "wlc"])
def test_an_inactive_connection_counts_a_256th(name):
    """255 that are over weigh less than one that is open, 257 more, and 256 the same."""
    picked = [Server(name, [(1, 0), (0, over)]).pick() for over in (255, 256, 257)]
    assert picked == [1, 0, 0]


@pytest.mark.parametrize("name", ["sed", "nq"])
@settings(deadline=None)
@given(loads=LOADS_OF_MANY)
def test_shortest_expected_delay_sees_active_ones_alone(name, loads):
    """The first endpoint with the fewest open connections; those that are over are no matter."""
    open_ones = [active for active, _ in loads]
    assert Server(name, loads).pick() == open_ones.index(min(open_ones))


@pytest.mark.parametrize("name", ["lc", "wlc", "sed", "nq"])
def test_the_first_wins_a_tie(name):
    """Among equal ones it is the first, every time: nothing is drawn."""
    server = Server(name, [(2, 1), (1, 1), (1, 1), (1, 1)])
    assert {server.pick(SOURCE + i) for i in range(20)} == {1}


def test_what_makes_lc_share_and_sed_not():
    """One short connection after another: lc goes round as they are counted inactive, sed stays."""
    for name, expected in (("lc", [0, 1, 2, 0, 1, 2]), ("sed", [0] * 6)):
        server, picked = Server(name, idle(3)), []
        for _ in range(6):
            picked.append(server.pick())
            server.memory[BEFORE + LOADS + 2 * picked[-1] + 1] += 1
        assert picked == expected


@settings(deadline=None)
@given(source=st.integers(0, 2**32 - 1), ports=st.lists(st.integers(0, 65535), min_size=1))
def test_source_hashing_keeps_a_source(source, ports):
    """All connections from an address go to the endpoint of its bucket, from whichever port."""
    server = Server("sh", idle(7))
    assert {server.pick(source, port) for port in ports} == {bucket(source) % 7}


def test_source_hashing_spreads_neighbours():
    """256 hosts of one network fall almost evenly on four endpoints."""
    server = Server("sh", idle(4))
    counts = np.bincount([server.pick(0x0AF40000 + i) for i in range(256)], minlength=4)
    assert counts.min() >= 60


def test_source_hashing_has_256_buckets():
    """Of 300 endpoints the last 44 get nothing."""
    server = Server("sh", idle(300))
    picked = {server.pick(0x9E3779B9 * i % 2**32) for i in range(20_000)}
    assert picked == set(range(256))


def test_destination_hashing_keeps_a_destination():
    """A virtual server gives everything to one endpoint, and different ones have different ones."""
    chosen = set()
    for host in range(50):
        server = Server("dh", idle(5), f"10.96.0.{host}")
        picked = {server.pick(SOURCE + i, 1024 + i) for i in range(20)}
        assert picked == {bucket(0x0A600000 + host) % 5}
        chosen |= picked
    assert chosen == set(range(5))


def hsiphash(word, key):
    """The lower half of SipHash-1-3 of four bytes, under a key twice."""
    return int(siphash(*map(np.uint64, (key, key, word % 2**32, 4)))) % 2**32


def maglev_table(words):
    """``ip_vs_mh_populate`` for endpoints of weight 1, step by step."""
    size, first, second = 4093, 2654435761, 2654446892
    wanted = [hsiphash(word, first) % size for word in words]
    skips = [hsiphash(word, second) % (size - 1) + 1 for word in words]
    entries, filled = {}, 0
    while True:
        for place in range(len(words)):
            while wanted[place] in entries:
                wanted[place] = (wanted[place] + skips[place]) % size
            entries[wanted[place]] = place
            filled += 1
            if filled == size:
                return [entries[i] for i in range(size)]


def test_the_maglev_table_is_the_kernel_s():
    """Entry by entry as Linux fills it, from address plus port of each endpoint."""
    words = [0x0AF40001 + i + 8080 for i in range(12)]
    assert scheduling.table("mh", endpoints(12), CLUSTER_IP).tolist() == maglev_table(words)


@settings(deadline=None, max_examples=50)
@given(source=st.integers(0, 2**32 - 1), port=st.integers(0, 65535))
def test_maglev_hashing_looks_up_source_and_port(source, port):
    """The entry is the hash of their sum, modulo 2^32, whatever the loads."""
    server = Server("mh", [(i, 5 - i) for i in range(5)])
    entry = hsiphash(source + port, 2654435761) % 4093
    assert server.pick(source, port) == server.memory[server.table + entry]


def test_maglev_hashing_spreads_the_ports_of_one_source():
    """One client's connections fall evenly on the endpoints, by chi-square."""
    server = Server("mh", idle(5))
    counts = np.bincount([server.pick(SOURCE, port) for port in range(32768, 42768)], minlength=5)
    assert stats.chisquare(counts).pvalue > 0.001


def test_maglev_hashing_moves_few_when_an_endpoint_goes():
    """Of 20 endpoints one goes: 5 % of the entries must change, and few others do."""
    before = scheduling.table("mh", endpoints(20), CLUSTER_IP)
    left = endpoints(20)
    del left[7]
    after = scheduling.table("mh", left, CLUSTER_IP)
    after = np.where(after >= 7, after + 1, after)
    assert 0.05 <= np.mean(before != after) < 0.10
