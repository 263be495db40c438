"""How many entries each node's conntrack table takes, and for how many there is room at first."""

import pytest

from emu.model.build import build
from emu.model.state import State

SPEC = """
nodePools: [{name: small, nodes: 1, cpu: 2}, {name: large, nodes: 1, cpu: 16}]
clients: [{name: c, arrivals: {constant: {rate: 1/s}}}]
"""
PROXY = """
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
"""


@pytest.mark.parametrize(
    ("conntrack", "limits"),
    [
        ("{}", [131_072, 16 * 32_768]),
        ("{maxPerCore: 100, min: 0}", [200, 1600]),
        ("{maxPerCore: 100, min: 500}", [500, 1600]),
        ("{maxPerCore: 0, min: 500}", [262_144, 262_144]),
    ],
)
def test_limits_are_those_that_kube_proxy_sets(described, conntrack, limits):
    """So many entries a core, at least ``min``; 0 a core leaves what the kernel has by itself."""
    model = build(described(SPEC, f"{PROXY}conntrack: {conntrack}\n"))
    assert model.conntrack_limits.tolist() == limits


THROUGH_NODES = """
duration: {duration}
requests: {requests}
nodePools: [{{name: node, nodes: 2}}]
loadBalancers:
  - {{name: edge, address: 192.168.1.1, listeners: [{{service: default/web}}]}}
clients: [{{name: c, url: "http://192.168.1.1", arrivals: {{poisson: {{rate: 100/s}}}}}}]
"""
WEB = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web}]}
"""
FEW = """
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
conntrack: {maxPerCore: 1, min: 50}
"""


@pytest.mark.parametrize(
    ("duration", "requests", "proxy", "tracked"),
    [
        ("1h", "null", "", 12_000),
        ("30s", "null", "", 3000),
        ("null", "700", "", 700),
        ("1h", "null", FEW, 100),
    ],
)
def test_room_is_for_what_the_load_implies(described, duration, requests, proxy, tracked):
    """Entries of two minutes, of a shorter run, of all requests, or as many as tables hold."""
    spec = THROUGH_NODES.format(duration=duration, requests=requests)
    model = build(described(spec, WEB + proxy))
    assert model.tracked == tracked
    assert len(State(model).conntrack.keys) > tracked
