"""Requests while Pods come and go behind a load balancer that balances them straight."""

import numpy as np

from emu.recorder.rows import Outcome

S = 1_000_000_000

SPEC = """
duration: 60s
nodePools: [{name: node, nodes: 2}]
loadBalancers:
  - name: edge
    address: 192.168.1.1
    target: pod
    listeners: [{service: default/web}]
    strategy: least_connections
behaviours: [{workers: 20, serviceTime: {exponential: {mean: 20ms}}, startup: {constant: {value: 2s}}}]
timeline: [{at: 10s, do: scale, deployment: web, replicas: 5}, {at: 40s, do: scale, deployment: web, replicas: 2}]
clients: [{name: c, url: "http://192.168.1.1/", arrivals: {poisson: {rate: 100/s}}}]
"""  # noqa: E501
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          ports: [{containerPort: 8080}]
          lifecycle: {preStop: {sleep: {seconds: 5}}}
          readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
"""


def test_pods_that_come_get_their_share_and_those_that_go_lose_nothing(described, play):
    """Three come at 10 s, listen 2 s later at the earliest, are registered 2 s after they are
    ready, and are used after a check, 8 s later at most. Three go at 40 s: with a preStop of 5 s,
    longer than the 2 s until they are deregistered, no request is lost."""
    run = play(described(SPEC, OBJECTS))
    assert set(run.outcomes) == {"ok", "in_flight"}
    at, pods = run.rows["lb_ns"], run.rows["pod"]
    assert set(pods[at < 14 * S]) == {0, 1}
    within = (at > 26 * S) & (at < 40 * S)
    assert set(pods[within]) == {0, 1, 2, 3, 4}
    counts = np.bincount(pods[within], minlength=5)
    assert counts.min() > counts.max() / 2
    assert len(set(pods[(at > 43 * S) & (pods >= 0)])) == 2
    assert len(run.pods) == 3
    rows = run.rows[run.rows["outcome"] == Outcome.OK]
    assert (rows["pod"] < 5).all()
