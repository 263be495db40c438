"""How many entries each node's conntrack table takes."""

import pytest

from emu.model.build import build

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
