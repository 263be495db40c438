"""Who comes first: queues, ties, and what a load balancer counts."""

import numpy as np
import pytest

from emu.engines.process import Emulation
from emu.model.build import build
from emu.recorder.rows import Outcome

MS = 1_000_000

TO_POD = 33_310_000 - MS
"""From the intended time to the Pod, by its own node and a name that needs no answer."""

ONE_NODE = """
requests: {requests}
nodePools: [{{name: node, nodes: 1}}]
behaviours: [{{workers: {workers}, backlog: {backlog}, serviceTime: {service}}}]
clients: {clients}
"""
ONE_POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""


def sending(rate, *names):
    """Clients that send to the load balancer at equal distances, the first request at 0."""
    arrivals = f"{{constant: {{rate: {rate}/s}}}}"
    names = names or ("internet",)
    return [f'{{name: {name}, url: "http://192.168.1.1/", arrivals: {arrivals}}}' for name in names]


@pytest.fixture
def one_pod(described, play):
    """Plays a run over one node and one Pod."""

    def played(clients, requests=8, workers=1, backlog=100, service="5ms"):
        text = ONE_NODE.format(
            requests=requests, workers=workers, backlog=backlog, service=service,
            clients=f"[{', '.join(clients)}]",
        )  # fmt: skip
        return play(described(text, ONE_POD))

    return played


def test_a_queue_is_first_in_first_out(one_pod):
    """Requests 1 ms apart, served for 5 ms each: one after the other in the order they came."""
    rows = one_pod(sending(1000)).rows
    assert rows["pod_ns"].tolist() == [TO_POD + k * MS for k in range(8)]
    assert rows["service_start_ns"].tolist() == [TO_POD + 5 * k * MS for k in range(8)]
    assert rows["queue_length"].tolist() == [0, 0, 1, 2, 3, 3, 4, 5]


def test_two_workers_share_one_queue(one_pod):
    """Whichever worker is free first takes the next in the queue."""
    rows = one_pod(sending(1000), workers=2).rows
    starts = [0, 1, 5, 6, 10, 11, 15, 16]
    assert rows["service_start_ns"].tolist() == [TO_POD + start * MS for start in starts]


def test_equal_times_are_ordered_by_request(one_pod):
    """Of requests that come in one instant the one with the lower number is served first."""
    rows = one_pod(sending(1, "z", "a", "m"), requests=3).rows
    assert [rows["client"].tolist(), set(rows["pod_ns"])] == [[0, 1, 2], {TO_POD}]
    starts = [TO_POD + start * MS for start in (0, 5, 10)]
    assert rows["service_start_ns"].tolist() == starts
    assert rows["queue_length"].tolist() == [0, 0, 1]


def test_equal_times_are_ordered_by_kind_first(one_pod):
    """A worker that becomes free in the instant of an arrival is free for it: nobody is refused.

    Requests come 4 ms apart and are served for 12 ms each by three workers without a backlog.
    """
    run = one_pod(sending(250), requests=50, workers=3, backlog=0, service="12ms")
    assert run.outcomes == {"ok": 50}
    assert (run.rows["service_start_ns"] == run.rows["pod_ns"]).all()
    late = one_pod(sending(250), requests=50, workers=3, backlog=0, service="12000001ns")
    assert late.outcomes["backlog_full"] > 0


def test_who_waits_goes_before_who_comes(one_pod):
    """In the instant a service ends, the first of the backlog begins before anyone arrives."""
    run = one_pod(sending(200, "a", "b"), requests=6, backlog=1, service="5ms")
    assert run.rows["pod_ns"].tolist() == [TO_POD + k * 5 * MS for k in (0, 0, 1, 1, 2, 2)]
    # a0 is served and b0 waits; at 5 ms b0 begins, a1 takes its place, and b1 finds it taken.
    ok, full = int(Outcome.OK), int(Outcome.BACKLOG_FULL)
    assert run.rows["outcome"].tolist() == [ok, ok, ok, full, ok, full]


TWO_NODES = """
requests: {requests}
seed: {seed}
loadBalancers:
  - name: edge
    address: 192.168.1.1
    listeners: [{{service: default/web}}]
    strategy: {strategy}
behaviours: [{{workers: 1, serviceTime: 100ms}}]
clients: [{{name: c, url: "http://192.168.1.1/", arrivals: {{constant: {{rate: {rate}/s}}}}}}]
"""
POD_EACH = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-2, labels: {app: web}}
spec: {nodeName: node-2, containers: [{name: web}]}
"""


def two_nodes(described, play, strategy, seed=1, requests=2, rate=100):
    """Plays a run over two nodes with a Pod each, which the load balancer's choice decides on."""
    text = TWO_NODES.format(strategy=strategy, seed=seed, requests=requests, rate=rate)
    return play(described(text, POD_EACH))


@pytest.mark.parametrize("seed", range(8))
def test_least_connections_counts_the_request_in_service(described, play, seed):
    """While the first request is served (nobody waits), the second goes to the other node."""
    nodes = two_nodes(described, play, "least_connections", seed).rows["node"].tolist()
    assert sorted(nodes) == [0, 1]


def test_least_connections_forgets_what_was_answered(described, play):
    """Once all is answered both nodes are alike again: either may be taken."""
    firsts, repeated = set(), 0
    for seed in range(12):
        nodes = two_nodes(described, play, "least_connections", seed, 2, rate=1).rows["node"]
        firsts.add(int(nodes[0]))
        repeated += int(nodes[0] == nodes[1])
    assert firsts == {0, 1}
    assert 0 < repeated < 12


def test_an_answer_frees_the_balancer_before_the_next_request(described, play):
    """Of one instant the answer comes first: the node is idle for who arrives just then.

    From the load balancer to the answer it takes 2 * 0.5 ms + 3 * 0.02 ms + 0.5 ms + 100 ms +
    0.52 ms = 102.08 ms; so far apart, requests always meet two idle nodes, as if far apart.
    """
    for rate, alike in ((1e9 / 102_080_000, True), (1e9 / 102_079_999, False)):
        nodes = two_nodes(described, play, "least_connections", 4, 64, rate).rows["node"]
        far = two_nodes(described, play, "least_connections", 4, 64, 1).rows["node"]
        assert (nodes.tolist() == far.tolist()) == alike


def test_round_robin_gives_nodes_exactly_equal_counts(described, play):
    """With one pointer, 1,000 requests over two nodes are 500 and 500, one after the other."""
    nodes = two_nodes(described, play, "round_robin", requests=1000).rows["node"]
    assert nodes.tolist() == [0, 1] * 500


def test_rows_leave_in_the_order_in_which_requests_end(described):
    """The sink is given rows as they end, so a long one comes after shorter ones sent later."""

    class Sink:
        ended = np.zeros(0, np.int64)

        def write_requests(self, rows):
            self.ended = np.append(self.ended, rows["lb_response_ns"])

        def write_metrics(self, *_):
            pass

        progress = write_event = add_pod = add_endpoint = write_metrics

    text = TWO_NODES.format(strategy="round_robin", seed=1, requests=200, rate=100)
    text = text.replace("100ms", "{exponential: {mean: 100ms}}")
    sink = Sink()
    Emulation(build(described(text, POD_EACH)), sink).run()
    assert len(sink.ended) == 200
    assert (np.diff(sink.ended) >= 0).all()
