"""Session affinity: a client's address keeps its Pod, and all clients behind one proxy keep one."""

import numpy as np

SPEC = """
duration: {duration}
behaviours: [{{workers: 100, serviceTime: 1ms}}]
clients:
  - {{name: c, addresses: 198.51.100.0/27, url: "{url}", arrivals: {{constant: {{rate: {rate}}}}}}}
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 10}}
  ports: [{port: 80, targetPort: 8080, nodePort: 30001}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""


def pods_of_addresses(run):
    """The Pods that each of the client's 30 addresses came to, in the order of its requests."""
    rows = run.rows[np.argsort(run.rows["request"])]
    return [rows["pod"][turn::30] for turn in range(30)]


def played(described, play, url, duration="60s", rate="30/s"):
    """A run of a client with 30 addresses in turn."""
    return play(described(SPEC.format(url=url, duration=duration, rate=rate), OBJECTS))


def test_an_address_keeps_its_pod(described, play):
    """Each of 30 addresses comes once a second, and always to the Pod that it came to first."""
    pods = pods_of_addresses(played(described, play, "http://192.168.1.100:30001/"))
    assert all(len(set(each)) == 1 for each in pods)
    assert len({each[0] for each in pods}) == 5


def test_an_address_that_stays_away_too_long_is_forgotten(described, play):
    """Coming back after 12 s where 10 s are kept, an address may find another Pod."""
    run = played(described, play, "http://192.168.1.100:30001/", "600s", "2.5/s")
    assert any(len(set(each)) > 1 for each in pods_of_addresses(run))


def test_clients_behind_a_proxy_have_one_address(described, play):
    """The node sees the load balancer: all its clients keep one Pod for each node."""
    run = played(described, play, "http://192.168.1.1/")
    for node in set(run.rows["node"]):
        assert len(set(run.rows["pod"][run.rows["node"] == node])) == 1
