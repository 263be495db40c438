"""Machines that are slow for some of the time: when, how much, and which requests feel it."""

import numpy as np
import pytest

MS, S = 1_000_000, 1_000_000_000

SPEC = """
duration: 10s
network: {external: 0s, internal: 0s, local: 0s}
nodePools: [{name: node, nodes: 2}]
behaviours: [{workers: 10, serviceTime: 20ms}]
clients: [{name: c, url: "http://web/", pod: client, arrivals: {constant: {rate: 300/s}}}]
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: node-1, containers: [{name: client}]}
""" + "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: web-{number}, labels: {{app: web}}}}
spec: {{nodeName: node-{number % 2 + 1}, containers: [{{name: web}}]}}
status: {{podIP: 10.244.0.{100 + number}}}
"""
    for number in range(1, 4)
)


@pytest.fixture
def served(described, play):
    """Runs the scenario with these slowdowns, by both engines: when services began, how long they
    took, and the numbers of the Pods, from 1."""

    def run(*slowdowns, **changes):
        rows = play(described(SPEC, OBJECTS, slowdowns=list(slowdowns), **changes)).rows
        rows = rows[rows["service_end_ns"] >= 0]
        began = rows["service_start_ns"]
        return began, rows["service_end_ns"] - began, rows["pod"]

    return run


def test_once_from_a_time_for_a_time(served):
    """Services that begin while the Pod is slow take as much longer, from that very instant on."""
    slow = {"pods": ["web-2"], "speed": 0.25, "start": "2s", "lasting": "3s"}
    began, took, pods = served(slow)
    hit = (pods == 2) & (began >= 2 * S) & (began < 5 * S)
    assert hit.sum() > 200
    assert set(took[hit].tolist()) == {80 * MS}
    assert set(took[~hit].tolist()) == {20 * MS}


def test_to_the_end(served):
    """Without a length it is slow from its time on."""
    began, took, pods = served({"pods": ["default/web-1"], "speed": 0.5, "start": "4s"})
    assert ((took == 40 * MS) == ((pods == 1) & (began >= 4 * S))).all()


def test_a_node_slows_all_its_pods_at_once(served):
    """Both Pods of a node, at the same times; a pause comes first."""
    slow = {"nodes": ["node-2"], "speed": 0.5, "pause": "1s", "lasting": "500ms"}
    began, took, pods = served(slow)
    hit = (pods != 2) & (began % (1500 * MS) >= S)
    assert set(pods[hit].tolist()) == {1, 3}
    assert ((took == 40 * MS) == hit).all()


def test_several_multiply(served):
    """A Pod with a speed of its own, slowed twice: 20 ms / (2 * 0.5 * 0.1), and 20 ms / 2 again."""
    first = {"pods": ["web-1"], "speed": 0.5, "start": "1s", "lasting": "4s"}
    second = {"nodes": ["node-2"], "speed": 0.1, "start": "2s", "lasting": "1s"}
    began, took, pods = served(first, second, speeds={"pods": {"web-1": 2}})
    its = pods == 1
    second_of = (began // S)[its].tolist()
    expected = {1: 20, 2: 200, 3: 20, 4: 20}
    assert took[its].tolist() == [expected.get(at, 10) * MS for at in second_of]


def test_each_machine_has_times_of_its_own(served):
    """Exponential times: two Pods are slow for a third of the time each, a ninth both."""
    slow = {
        "pods": ["web-1", "web-2"], "speed": 0.5,
        "pause": {"exponential": {"mean": "100ms"}}, "lasting": {"exponential": {"mean": "50ms"}},
    }  # fmt: skip
    began, took, pods = served(slow, duration="60s")
    is_slow = took == 40 * MS
    shares = [is_slow[pods == pod].mean() for pod in (1, 2, 3)]
    assert shares == pytest.approx([1 / 3, 1 / 3, 0], abs=0.05)
    bins = began // (10 * MS)
    both = [set(bins[(pods == pod) & is_slow].tolist()) for pod in (1, 2)]
    known = [set(bins[pods == pod].tolist()) for pod in (1, 2)]
    together = known[0] & known[1]
    assert len(both[0] & both[1] & together) / len(together) == pytest.approx(1 / 9, abs=0.04)


def test_times_do_not_follow_the_load(served):
    """The same Pod is slow at the same times with half the requests."""
    slow = {
        "pods": ["web-1"], "speed": 0.5,
        "pause": {"exponential": {"mean": "1s"}}, "lasting": {"exponential": {"mean": "1s"}},
    }  # fmt: skip
    changes = {"clients[0].arrivals": {"constant": {"rate": "150/s"}}}
    found = []
    for began, took, pods in (served(slow), served(slow, **changes)):
        at = began[pods == 1]
        found.append(dict(zip(at.tolist(), (took[pods == 1] == 40 * MS).tolist(), strict=True)))
    times = np.array(sorted(found[0]))
    for at, is_slow in found[1].items():
        near = times[np.searchsorted(times, [at - 30 * MS, at + 30 * MS]).clip(0, len(times) - 1)]
        around = {found[0][time] for time in near.tolist()}
        assert is_slow in around


def test_under_processor_sharing_a_request_keeps_the_speed_it_came_at(served):
    """One that is alone and came before the Pod is slow takes 20 ms to the end."""
    sharing = [{"workers": 10, "discipline": "processor_sharing", "serviceTime": "20ms"}]
    slow = {"pods": ["web-1", "web-2", "web-3"], "speed": 0.5, "start": "1010ms"}
    began, took, _ = served(slow, behaviours=sharing)
    assert set(took[began < 1010 * MS].tolist()) == {20 * MS}
    assert set(took[began >= 1010 * MS].tolist()) == {40 * MS}
