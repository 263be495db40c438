"""Memory does not grow with the number of requests."""

import gc
import tracemalloc

import pytest

from emu.engines import compiled
from emu.engines.process import Emulation
from emu.engines.process.call import Call
from emu.engines.process.request import Request
from emu.model.build import build

SPEC = """
requests: {requests}
record: {{interval: 1h}}
behaviours: [{{workers: 1, serviceTime: {{exponential: {{mean: 20ms}}}}}}]
clients: [{{name: internet, arrivals: {{poisson: {{rate: 40/s}}}}, timeout: 2s}}]
"""


TRYING = """
requests: {requests}
record: {{interval: 1h}}
behaviours: [{{workers: 1, backlog: 20, serviceTime: {{exponential: {{mean: 20ms}}}}}}]
clients:
  - name: users
    arrivals: {{closed_loop: {{users: 40, thinkTime: {{exponential: {{mean: 300ms}}}}}}}}
    timeout: 600ms
    retries: {{timeout: 200ms, budget: {{minPerSecond: 20}}}}
    hedge: {{after: 150ms}}
kernel: {{sysctls: {{net.ipv4.tcp_tw_reuse: 1}}}}
"""


class Counting:
    """A sink that counts and keeps nothing."""

    rows = 0

    def write_requests(self, rows):
        self.rows += len(rows)

    def write_metrics(self, *_):
        pass

    write_event = add_pod = add_endpoint = write_metrics

    def progress(self, *_):
        pass


def peak(scenario):
    """The most bytes that the engine ever held at once."""
    model = build(scenario)
    gc.collect()
    gc.freeze()  # what other tests left behind is not looked at again and again
    tracemalloc.start()
    sink = Counting()
    Emulation(model, sink).run()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    gc.unfreeze()
    return sink.rows, most


KEEPING = """
requests: {requests}
kernel:
  sysctls:
    net.ipv4.tcp_tw_reuse: 1
    net.netfilter.nf_conntrack_tcp_timeout_time_wait: 5
    net.netfilter.nf_conntrack_tcp_timeout_syn_sent: 5
record: {{interval: 1h}}
loadBalancers: [{{name: edge, address: 192.168.1.1, listeners: [{{service: web}}], mode: {mode}}}]
behaviours: [{{workers: 4, serviceTime: {{exponential: {{mean: 20ms}}}}}}]
clients:
  - name: internet
    url: http://192.168.1.1/
    connections: {{protocol: HTTP/2, streams: 3, idleTimeout: 100ms, maxAge: 1s, maxRequests: 20}}
    arrivals: {{poisson: {{rate: 40/s}}}}
    timeout: 2s
"""


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_connections_that_come_and_go_take_the_same_memory(described, mode):
    """Hundreds of connections, each closed after a while: their places are taken again."""
    rooms, opened = [], []
    for requests in (500, 2_000):
        scenario = described(KEEPING.format(requests=requests, mode=mode))
        emulation = Emulation(build(scenario), Counting())
        emulation.run()
        state = emulation.state
        rooms.append([len(array) for array in (state.pools.connections, state.ports.resting,
                                               state.conntrack.keys)])  # fmt: skip
        opened.append(emulation.next_connection())
        assert len(emulation.kept) < len(state.pools.connections)
    assert rooms[0] == rooms[1]
    assert opened[1] > 3 * opened[0] > 200


def test_three_times_the_requests_take_the_same_memory(described):
    """60,000 requests take no more than 20,000 did.

    At 40 requests/s conntrack holds the 4,800 entries of the last 120 s, whatever came before.
    """
    Emulation(build(described(SPEC.format(requests=100))), Counting()).run()  # kernels compile
    (few, at_first), (many, later) = (
        peak(described(SPEC.format(requests=requests))) for requests in (20_000, 60_000)
    )
    assert (few, many) == (20_000, 60_000)
    assert later < 1.1 * at_first
    assert later < 20e6


def test_what_is_known_of_attempts_goes_with_them(described):
    """Users who try again and hedge: four times the requests leave no more of them behind, and the
    compiled engine takes their places again."""
    rooms, alive = [], []
    for requests in (300, 1200):
        model = build(described(TRYING.format(requests=requests)))
        emulation = Emulation(model, Counting())
        emulation.run()
        assert emulation.state.sent > 1.1 * emulation.state.begun
        gc.collect()
        alive.append(sum(isinstance(it, (Call, Request)) for it in gc.get_objects()))
        arrays = compiled.Emulation(model, Counting())
        arrays.run()
        moving = arrays._moving
        rooms.append([len(moving.rows), len(moving.calls), len(moving.events.heap)])
    # What timeouts that lie ahead are about: those of 600 ms, of two attempts for each of 40 users.
    assert max(alive) < 500
    assert rooms[0] == rooms[1]
