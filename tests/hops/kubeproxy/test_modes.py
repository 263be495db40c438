"""What every proxy mode keeps, whichever files are in the folder."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import MODES, choose, first_state, shared_table
from emu.hops.kubeproxy.view import Settings


class Server:
    """A virtual server with so many endpoints, alone in its memory."""

    def __init__(self, mode, count, configured=Settings()):  # noqa: B008
        endpoints = [Endpoint(f"10.244.{i >> 8}.{i & 255}", 8080) for i in range(count)]
        state = first_state(mode, configured, count)
        table = shared_table(mode, configured, endpoints, "10.96.0.1")
        self.memory = np.concatenate([state, table])
        self.mode, self.count = MODES.number(mode), count
        self.server = 0 if len(state) else -1
        self.table = len(state) if len(table) else -1

    def pick(self, source=0, port=0, seed=1, request=0):
        """The place of an endpoint."""
        where = self.mode, self.memory, self.server, self.table, self.count
        return choose(*where, source, port, seed, request, 0)


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None)
@given(
    endpoints=st.integers(1, 500),
    source=st.integers(0, 2**32 - 1),
    port=st.integers(1, 65535),
    seed=st.integers(0, 2**63 - 1),
    request=st.integers(0, 2**40 - 1),
)
def test_a_pick_is_one_of_the_endpoints(mode, endpoints, source, port, seed, request):
    """A place from 0 below the number of endpoints, the same for equal arguments and states."""
    packet = source, port, seed, request
    place = Server(mode, endpoints).pick(*packet)
    assert 0 <= place < endpoints
    assert place == Server(mode, endpoints).pick(*packet)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("endpoints", [2, 3, 10])
def test_endpoints_get_equal_shares(mode, endpoints):
    """Each endpoint gets 1/n of the connections, by chi-square."""
    server = Server(mode, endpoints)
    picked = [server.pick(request=request) for request in range(9000)]
    assert stats.chisquare(np.bincount(picked, minlength=endpoints)).pvalue > 0.001


def test_cilium_looks_endpoints_up_by_source_and_port():
    """With the algorithm maglev a connection's endpoint follows from its source, and shares are
    even.
    """
    server = Server("ebpf", 10, Settings(algorithm="maglev"))
    again = {server.pick(7, 40_000, request=request) for request in range(50)}
    assert len(again) == 1
    picked = [server.pick(source, port) for source in range(90) for port in range(100)]
    assert np.bincount(picked).max() / 900 < 1.15


def test_ipvs_asks_the_scheduler_that_is_configured():
    """rr takes turns; sh keeps a source; both through the same mode."""
    turns = Server("ipvs", 3, Settings(scheduler="rr"))
    assert [turns.pick() for _ in range(5)] == [0, 1, 2, 0, 1]
    hashing = Server("ipvs", 3, Settings(scheduler="sh"))
    assert len({hashing.pick(9, port) for port in range(50)}) == 1
