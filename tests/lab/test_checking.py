"""The real kernel, with the rules printed for it, does what the emulator says."""

import re

import pytest

from emu.lab import LabError, check, missing, unseen

SPEC = """
duration: 1s
clients: [{name: internet, address: 203.0.113.10, arrivals: {constant: {rate: 1/s}}}]
"""


def service(name, number, extra="", ports="{port: 80, targetPort: 8080}", pods="web"):
    """A NodePort Service for the Pods below."""
    return f"""---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{type: NodePort, clusterIP: 10.96.0.{number}, selector: {{app: {pods}}}, ports: [{ports}]
  {extra}}}
"""


PODS = "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {app}}}}}
spec: {{nodeName: node-{node}, containers: [{{name: c, ports: [{{containerPort: 8080}}]}}]}}
"""
    for name, app, node in [("web-1", "web", 1), ("web-2", "web", 2), ("lone", "lone", 2),
                            ("caller", "caller", 1)]
)  # fmt: skip
NODES = """---
apiVersion: v1
kind: Node
metadata: {name: node-1}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.100}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-2}
spec: {podCIDR: 10.244.2.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.101}]}
"""
PROXY = """---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
"""
EVERY_KIND = "".join(
    [
        service("plain", 1),
        service("outer", 2, ", externalTrafficPolicy: Local", pods="lone"),
        service("inner", 3, ", internalTrafficPolicy: Local", pods="lone"),
        service("nobody", 4, pods="none"),
        service("reached", 5, ", externalIPs: [198.51.100.7]"),
        service("sticky", 6, ", sessionAffinity: ClientIP"),
        service("dns", 7, ports="{port: 53, targetPort: 8080, protocol: UDP}"),
        NODES,
        PODS,
    ]
)


def disagreeing(verdicts):
    """The verdicts in which the kernel did something else."""
    return [verdict for verdict in verdicts if not verdict.agrees]


@pytest.mark.parametrize("proxy", ["", PROXY], ids=["no clusterCIDR", "clusterCIDR"])
def test_the_kernel_agrees(described, mode, proxy):
    """Every policy, from outside, nodes and Pods: endpoint, masquerade, refused against silent."""
    verdicts = check(described(SPEC, EVERY_KIND + proxy), mode)
    assert disagreeing(verdicts) == []
    assert {"refused", "silence"} < {verdict.seen for verdict in verdicts}
    assert any("masqueraded" in verdict.seen for verdict in verdicts)
    assert len(verdicts) > 100


def test_replies_that_conntrack_waits_for(described, mode):
    """An endpoint's, to the sender or the node; none of what was refused.

    What a node sends itself has passed once before it comes in: refused there, it is known.
    """
    if unseen():
        pytest.skip("; ".join(unseen()))
    objects = service("web", 1) + service("nobody", 2, pods="none") + NODES + PODS
    entries = {
        (verdict.source, verdict.destination.split()[-1]): verdict.entry
        for verdict in check(described(SPEC, objects), mode)
    }
    served, refused = "192.168.1.100:30000/TCP", "192.168.1.100:30001/TCP"
    endpoint = r"10\.244\.\d\.\d:8080"
    assert re.fullmatch(rf"{endpoint} -> 192\.168\.1\.100:\d+", entries["outside", served])
    inside = entries["default/caller", "10.96.0.1:80/TCP"]
    assert re.fullmatch(rf"{endpoint} -> 10\.244\.1\.\d:\d+", inside)
    assert entries["outside", refused] == entries["default/caller", refused] == "none"
    assert entries["node-1", refused].startswith("192.168.1.100:30001 -> 192.168.1.100:")


def test_connections_are_spread_evenly(described, mode):
    """A thousand new connections land on two endpoints, half of them on each."""
    verdicts = check(described(SPEC, service("plain", 1) + NODES + PODS), mode, connections=1000)
    counted = [verdict for verdict in verdicts if verdict.destination.startswith("1000 to")]
    assert len(counted) == 2
    assert disagreeing(verdicts) == []


def test_what_is_missing_is_said(monkeypatch, described):
    """Without root the lab says so; a mode without rules in the kernel is none it can build."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LabError, match="only root may make network namespaces"):
        check(described(SPEC))
    assert missing("magic") == ["mode magic cannot be built; known: iptables, nftables"]


def test_a_large_cluster_is_refused(described, mode):
    """The lab is bounded."""
    many = "nodePools: [{name: n, nodes: 100}]\n"
    with pytest.raises(LabError, match="too many for the lab"):
        check(described(SPEC + many, service("plain", 1) + PODS.replace("node-", "n-")), mode)
