"""Pods that compete for the cores of their node: stories worked out by hand."""

import json

import pytest

MS = 1_000_000

SPEC = """
nodePools: [{name: node, nodes: 2, cpu: 4}]
network: {internal: 0s, external: 0s, local: 0s}
resolver: {latency: 0s}
requests: 6
behaviours: [{workers: 8, serviceTime: 20ms}]
clients: []
"""


def pod(name, node, resources):
    """A Pod, which is reached by its own address."""
    return f"""---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec: {{nodeName: {node}, containers: [{{name: web, resources: {json.dumps(resources)}}}]}}
status: {{podIP: 10.244.9.{ord(name)}}}
"""


def asks(cpu, limit=None):
    """Resources with this request, and maybe a limit."""
    return {"requests": {"cpu": cpu}} | ({} if limit is None else {"limits": {"cpu": limit}})


@pytest.fixture
def served(described, play):
    """Runs requests that come to Pods at these times, each as (Pod, ms); how long each was in
    service, in milliseconds, by both engines."""

    def run(pods, *requests, **changes):
        clients = [
            {
                "name": f"c{number}",
                "node": "node-1",
                "url": f"http://10.244.9.{ord(name)}:8080/",
                "arrivals": {"trace": {"times": [f"{at}ms", "1h"]}},
            }
            for number, (name, at) in enumerate(requests)
        ]
        objects = "".join(pod(name, *its) for name, its in pods.items())
        made = described(
            SPEC, objects.removeprefix("---"), clients=clients, requests=len(requests), **changes
        )
        rows = play(made).rows
        return ((rows["service_end_ns"] - rows["service_start_ns"]) / MS).tolist()

    return run


def test_threads_beyond_the_cores_slow_those_that_begin(served):
    """Four at once have a core each; the fifth and sixth find the Pod at 4/5 and 4/6 of a core a
    thread. What has begun keeps its speed."""
    requests = [("a", 0)] * 4 + [("a", 1)] * 2
    assert served({"a": ("node-1", asks(1))}, *requests) == [20, 20, 20, 20, 25, 30]


def test_the_request_is_the_weight(served):
    """Of four cores a Pod with a request of 3 has three and the other one, while both want four."""
    pods = {"a": ("node-1", asks(3)), "b": ("node-1", asks(1))}
    times = served(pods, *[("a", 0)] * 4, *[("b", 1)] * 4)
    assert times == [20, 20, 20, 20, 20, 40, 60, 80]


def test_pods_on_other_nodes_are_no_matter(served):
    """Six threads on each of two nodes of four cores slow those of their own node alone."""
    pods = {"a": ("node-1", asks(1)), "b": ("node-2", asks(1))}
    times = served(pods, *[("a", 0)] * 4, *[("b", 0)] * 2, ("a", 1), ("b", 1))
    assert times == [20] * 6 + [25, 20]


def test_who_says_nothing_of_cpu_neither_slows_nor_is_slowed(served):
    """Its threads run beside the others' as if it had cores of its own."""
    pods = {"a": ("node-1", asks(1)), "b": ("node-1", {})}
    times = served(pods, *[("b", 0)] * 8, *[("a", 1)] * 5)
    assert times == [20] * 12 + [25]


def test_a_limited_neighbour_takes_no_more_than_its_limit(served):
    """Eight threads on half a core leave 3.5 of four cores to the other Pod's seven."""
    pods = {"a": ("node-1", asks("500m", "500m")), "b": ("node-1", asks(1))}
    times = served(pods, *[("a", 0)] * 8, *[("b", 1)] * 7)
    assert times[8:11] == [20, 20, 20]
    assert times[11:] == [pytest.approx(20 * busy / 3.5) for busy in (4, 5, 6, 7)]


def test_nodes_with_cores_enough_have_no_competitors(described, play):
    """Two Pods whose workers are no more than the cores: nothing is looked up."""
    pods = pod("a", "node-1", asks(1)) + pod("b", "node-1", asks(1, 2))
    made = described(SPEC, pods.removeprefix("---"), clients=[{
        "name": "c", "node": "node-1", "url": "http://10.244.9.97:8080/",
        "arrivals": {"constant": {"rate": "9/s"}},
    }], **{"behaviours[0].workers": 2})  # fmt: skip
    assert len(play(made).model.competitors) == 0


@pytest.mark.parametrize("discipline", ["fifo", "processor_sharing"])
@pytest.mark.parametrize("limit", [None, "1500m"])
def test_engines_agree_under_contention(described, play, discipline, limit):
    """Two nodes of two cores, four Pods of three workers, in and out of contention."""
    pods = "".join(
        pod(name, f"node-{number % 2 + 1}", asks(f"{200 * (number + 1)}m", limit))
        for number, name in enumerate("abcd")
    )
    clients = [
        {
            "name": f"c{name}",
            "node": "node-1",
            "url": f"http://10.244.9.{ord(name)}:8080/",
            "arrivals": {"poisson": {"rate": "45/s"}},
        }
        for name in "abcd"
    ]
    changes = {
        "discipline": discipline,
        "workers": 3,
        "serviceTime": {"exponential": {"mean": "20ms"}},
    }
    made = described(
        SPEC.replace("cpu: 4", "cpu: 2"), pods.removeprefix("---"), clients=clients, requests=4000,
        **{f"behaviours[0].{name}": value for name, value in changes.items()},
    )  # fmt: skip
    run = play(made)
    assert len(run.model.competitors) == 4
    assert run.outcomes == {"ok": 4000}
