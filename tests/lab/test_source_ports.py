"""What the kernel makes of a source port that another connection's tuple has."""

import json
import subprocess
import sys

from emu.lab.cluster import build
from emu.lab.namespaces import Namespaces
from emu.model.proxies import Proxies
from emu.probing.places import sources

SPEC = """
duration: 1s
nodePools: [{name: node, nodes: 1}]
clients: [{name: c, node: node-1, url: "http://one/", arrivals: {constant: {rate: 1/s}}}]
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: one}
spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: two}
spec: {clusterIP: 10.96.0.2, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: MODE
"""
CONNECT = """
import json, socket
open_, seen = [], []
for destination in ("10.96.0.1", "10.96.0.2"):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.settimeout(2)
    one.bind(("192.168.1.100", 40000))
    one.connect((destination, 80))
    open_.append(one)
    seen.append(json.loads(one.makefile().readline())["peer"])
print(json.dumps(seen))
"""
"""Connects twice from one port, to both Services, and says what the Pod saw."""


def test_a_taken_tuple_costs_a_connection_its_port(described, mode):
    """Two Services with one Pod, from one port of a node: one keeps it, the other's is replaced.

    So the emulator has it: tests/engines/test_ports.py.
    """
    scenario = described(SPEC, OBJECTS.replace("MODE", mode))
    with Namespaces() as spaces:
        outside = next(sources(scenario)).address
        build(spaces, scenario, Proxies(scenario.cluster), outside, lambda *_: None)
        done = subprocess.run(
            ["ip", "netns", "exec", spaces["node-1"].name, sys.executable, "-c", CONNECT],
            capture_output=True, text=True, check=True, timeout=20,
        )  # fmt: skip
    kept, replaced = (seen.split(":") for seen in json.loads(done.stdout))
    assert kept == ["192.168.1.100", "40000"]
    assert replaced[0] == "192.168.1.100"
    assert 1024 <= int(replaced[1]) != 40000
