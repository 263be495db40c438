"""Pods with a CPU limit that shed requests whose turn comes too late, with both engines."""

import pytest

from emu.recorder.rows import ABSENT

MS = 1_000_000

SPEC = """
nodePools: [{name: node, nodes: 1}]
network: {internal: 0s, external: 0s, local: 0s}
requests: 5
behaviours: [{workers: 1, serviceTime: 50ms}]
clients: []
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeName: node-1
  containers: [{name: web, resources: {limits: {cpu: 500m}}}]
status: {podIP: 10.244.9.9}
"""


@pytest.fixture
def served(described, play):
    """Runs five requests that come at once; when each is served or shed, in milliseconds."""

    def run(timeout=None, **behaviour):
        clients = [
            {"name": f"c{number}", "node": "node-1", "url": "http://10.244.9.9:8080/",
             "arrivals": {"constant": {"rate": "1/s"}}} | ({"timeout": timeout} if timeout else {})
            for number in range(5)
        ]  # fmt: skip
        changes = {f"behaviours[0].{name}": value for name, value in behaviour.items()}
        played = play(described(SPEC, POD, clients=clients, **changes))
        return played, (played.rows["service_end_ns"] / MS).tolist()

    return run


def test_a_job_in_each_period_while_nobody_is_too_old(served):
    """Half a core is one job of 50 ms in each 100 ms."""
    assert served()[1] == [50, 150, 250, 350, 450]


def test_those_that_have_waited_too_long_are_shed_at_once(served):
    """The turn of the second comes at 50 ms, of the third at 150 ms, and of the others then, too:
    the third has waited for more than 120 ms, and so have they."""
    played, ends = served(queueTimeout="120ms")
    assert ends == [50, 150, 150, 150, 150]
    assert played.outcomes == {"ok": 2, "shed": 3}
    assert (played.rows["service_start_ns"][2:] == ABSENT).all()


def test_those_whose_clients_are_gone_are_shed(served):
    """After 200 ms nobody waits for the fourth, whose turn comes at 250 ms."""
    played, ends = served(timeout="200ms", heedsDeadlines=True)
    assert ends == [50, 150, 250, 250, 250]
    assert played.outcomes == {"ok": 2, "request_timeout": 3}
