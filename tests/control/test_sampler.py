"""Samples of the state at equal distances."""

import pytest

S = 1_000_000_000

SPEC = """
duration: {duration}
record: {{interval: {interval}}}
nodePools: [{{name: node, nodes: 2}}]
behaviours: [{{selector: {{app: web}}, workers: 1, serviceTime: 1500ms}}]
clients: [{{name: c, node: node-2, url: "http://10.244.7.7:8080/", arrivals: {{constant: {{rate: 0.25/s}}}}}}]
"""  # noqa: E501
PODS = """
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-2, containers: [{name: web}]}
status: {podIP: 10.244.7.7}
---
apiVersion: v1
kind: Pod
metadata: {name: idle, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web}]}
"""


@pytest.fixture
def samples(described, play):
    """The samples of a run in which one Pod serves from 0 to 1.5 s, from 4 to 5.5 s and so on."""

    def taken(duration="8s", interval="1s"):
        run = play(described(SPEC.format(duration=duration, interval=interval), PODS))
        series = {}
        for at, metric, name, value in run.samples:
            series.setdefault((metric, name), []).append((at / S, value))
        return series

    return taken


def test_samples_come_at_the_interval_and_to_the_end(samples):
    """One each second from the first on, the last at the very end; at 4 s the next has not sent."""
    found = samples()
    sent = [1, 1, 1, 1, 2, 2, 2, 2]
    assert found["requests_sent", ""] == list(zip(range(1, 9), sent, strict=True))
    in_flight = [1, 0, 0, 0, 1, 0, 0, 0]
    assert found["requests_in_flight", ""] == list(zip(range(1, 9), in_flight, strict=True))


def test_a_series_begins_when_there_is_something_to_tell(samples):
    """Idle Pods and nodes have no rows at all; once seen, a series tells its zeros too."""
    found = samples()
    assert set(found) == {
        ("requests_sent", ""), ("requests_in_flight", ""), ("pod_busy", "default/web-1"),
    }  # fmt: skip
    busy = [1, 0, 0, 0, 1, 0, 0, 0]
    assert found["pod_busy", "default/web-1"] == list(zip(range(1, 9), busy, strict=True))


def test_an_interval_longer_than_the_run_gives_no_samples(samples):
    """Nothing is sampled at the start."""
    assert samples(interval="9s") == {}


def test_sampling_does_not_change_the_run(described, play):
    """However often one looks, the requests are the same."""
    rows = [
        play(described(SPEC.format(duration="8s", interval=interval), PODS)).rows.tobytes()
        for interval in ("1ms", "3s")
    ]
    assert rows[0] == rows[1]
