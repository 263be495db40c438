"""Pods in their host's network, which share its address."""

import pytest

SPEC = """
requests: 20
behaviours:
  - {selector: {app: a}, appPort: 7001, serviceTime: 1ms}
  - {selector: {app: b}, appPort: 7002, serviceTime: 1ms}
clients: [{name: x, node: node-1, url: "http://web:80/", arrivals: {constant: {rate: 100/s}}}]
"""
PODS = """
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
spec: {nodeName: node-1, hostNetwork: true}
---
apiVersion: v1
kind: Pod
metadata: {name: b, labels: {app: b}}
spec: {nodeName: node-1, hostNetwork: true}
---
"""


def service(app, port):
    """A Service in front of one of the Pods, at a port that it listens at or not."""
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: {app}}}, ports: [{{port: 80, targetPort: {port}}}]}}
"""


@pytest.mark.parametrize(("app", "port", "pod"), [("a", 7001, 0), ("b", 7002, 1)])
def test_the_pod_that_listens_is_meant(described, play, app, port, pod):
    """Two Pods at one address: a connection goes to the one that listens at its port."""
    run = play(described(SPEC, PODS + service(app, port)))
    assert run.outcomes == {"ok": 20}
    assert set(run.rows["pod"]) == {pod}
    assert list(run.model.expected.pods.values())[pod] == 1


def test_no_pod_listens(described, play):
    """A port at which none of the Pods at the address listens is refused."""
    run = play(described(SPEC, PODS + service("a", 7003)))
    assert run.outcomes == {"refused": 20}
