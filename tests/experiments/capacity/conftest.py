"""A scenario whose Pods are queues that formulas know."""

import pytest

SCENARIO = """
apiVersion: emu/v1
kind: Scenario
metadata: {name: sizing}
spec:
  seed: 5
  duration: 40s
  warmup: 5s
  network: {internal: 0s, external: 0s, local: 0s}
  dns: {example.com: [192.168.1.1]}
  loadBalancers:
    - {name: edge, address: 192.168.1.1, target: pod, listeners: [{port: 80, service: web}]}
  behaviours: [{selector: {app: web}, serviceTime: {exponential: {mean: 20ms}}}]
  clients:
    - {name: users, addresses: 198.51.100.0/24, arrivals: {poisson: {rate: 200/s}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 8
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, type: NodePort, ports: [{port: 8080}]}
"""


@pytest.fixture(scope="session")
def sizing(tmp_path_factory):
    """The scenario's file: 4 erlangs for Pods with a worker each, behind one load balancer."""
    file = tmp_path_factory.mktemp("sizing") / "sizing.yaml"
    file.write_text(SCENARIO)
    return file
