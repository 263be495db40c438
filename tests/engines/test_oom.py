"""Pods that are killed for their memory: small stories worked out by hand, with both engines."""

import pytest

from emu.recorder.rows import ABSENT

MS, S = 1_000_000, 1_000_000_000
MI = 2**20

SPEC = """
nodePools: [{name: node, nodes: 1}]
network: {internal: 0s, external: 0s, local: 0s}
duration: 30s
record: {interval: 500ms}
behaviours:
  - {workers: 1, serviceTime: 600ms, startup: 1s, memory: {base: 40Mi, perRequest: 20Mi}}
clients: []
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeName: node-1
  containers: [{name: web, resources: {limits: {memory: 100Mi}}}]
status: {podIP: 10.244.9.9}
"""


@pytest.fixture
def oom(described, play):
    """Runs clients beside the Pod for 30 s, each of which sends at these seconds (and one more time
    after the run, for a trace has two); the behaviour may be another."""

    def run(*times, **behaviour):
        clients = [
            {"name": f"c{number}", "node": "node-1", "url": "http://10.244.9.9:8080/",
             "arrivals": {"trace": {"times": [f"{1000 * at:.0f}ms" for at in (*its, 40)]}}}
            for number, its in enumerate(times)
        ]  # fmt: skip
        changes = {f"behaviours[0].{name}": value for name, value in behaviour.items()}
        return play(described(SPEC, POD, clients=clients, **changes))

    return run


def ended(played):
    """When containers ended, why, and when they start again."""
    return [(at / S, *rest) for at, kind, *rest in played.events if kind == "container_ended"]


def test_the_request_that_is_too_much(oom):
    """There is room for three. The fourth has the process killed: all four are reset then, and who
    comes before it listens again, a second later, is refused."""
    played = oom([1, 1.7], [1.1, 2.5], [1.2, 3], [1.3, 4])
    rows = played.rows
    assert ended(played) == [(1.3, "default/web", "OOMKilled", "starts again in 0s")]
    assert played.outcomes == {"reset": 4, "refused": 1, "ok": 3}
    assert rows["done_ns"][:4].tolist() == [1300 * MS] * 4
    assert rows["pod_ns"][3] == 1300 * MS
    assert rows["service_end_ns"][:4].tolist() == [1300 * MS, ABSENT, ABSENT, ABSENT]


def test_of_one_instant_those_before_are_served_or_killed_in_their_order(oom):
    """Five at once: the fourth kills the first three and is reset, the fifth too, for its
    connection leads to the process that was killed."""
    played = oom(*[[1, 5]] * 5)
    assert ended(played)[0] == (1, "default/web", "OOMKilled", "starts again in 0s")
    assert played.outcomes == {"reset": 10}


def test_back_off(oom):
    """It starts again at once the first time, and after 10 s the second time."""
    played = oom(*[[1, 5, 14.5, 17]] * 4)
    assert ended(played) == [
        (1, "default/web", "OOMKilled", "starts again in 0s"),
        (5, "default/web", "OOMKilled", "starts again in 10s"),
        (17, "default/web", "OOMKilled", "starts again in 20s"),
    ]
    assert played.outcomes == {"reset": 12, "refused": 4}


def test_a_backlog_that_memory_is_enough_for(oom):
    """With room for two beside the worker the fourth is refused, takes no memory, and kills
    nobody."""
    played = oom([1], [1.1], [1.2], [1.3], backlog=2)
    assert played.outcomes == {"ok": 3, "backlog_full": 1}
    assert ended(played) == []


@pytest.mark.parametrize(("discipline", "there"), [("fifo", 60), ("processor_sharing", 80)])
def test_memory_is_sampled(oom, discipline, there):
    """Its base, and its share for each request that waits or is served; nothing while no process
    listens."""
    played = oom([1], [1.1], [2], [2, 4], [2], discipline=discipline)
    used = [value / MI for _, metric, _, value in played.samples if metric == "pod_memory_bytes"]
    assert used[:10] == [40, 40, 80, there, 0, 40, 40, 40, 60, 40]


def test_the_run_goes_on_where_nothing_is_too_much(oom):
    """A limit that is never met changes nothing."""
    assert oom([1], [1.1], [1.2]).outcomes == {"ok": 3}
