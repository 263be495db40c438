"""The reference path: the five steps that every reader knows, and what the wires carry."""

from pathlib import Path

import pytest

import emu

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CLIENT, EDGE, NODE, POD = "203.0.113.10", "192.168.1.1", "192.168.1.100", "10.244.1.2"


@pytest.fixture(scope="module")
def trace():
    """The first request of the reference scenario."""
    return emu.trace(SCENARIOS / "nodeport.yaml")


def test_the_five_logical_steps(trace):
    """Source, port, destination, port and what happens, word for word."""
    assert list(trace.logical) == [
        ("client", "any", EDGE, 80, "the client resolves example.com and sends the request to the"
                                    " external load balancer"),
        (EDGE, 80, NODE, 30001, "the load balancer forwards it to node 1's NodePort"),
        (NODE, 30001, "10.96.0.1", 8080, "node 1's iptables rules take it to the Service's virtual"
                                         " IP"),
        ("10.96.0.1", 8080, POD, 8080, "the Service balances it to a Pod"),
        (POD, 8080, "client", "any", "the Pod's container, listening on 8080, answers"),
    ]  # fmt: skip


def test_the_wire(trace):
    """Each interface, forward and back, with the translated addresses; no virtual address."""
    (client_port,) = {step.src_port for step in trace.wire if step.src == CLIENT}
    (lb_port,) = {step.src_port for step in trace.wire if (step.src, step.dst) == (EDGE, NODE)}
    (nat_port,) = {step.src_port for step in trace.wire if step.dst == POD}
    client, edge, sent_on = (CLIENT, client_port), (EDGE, 80), (EDGE, lb_port)
    node_port, masqueraded, pod = (NODE, 30001), (NODE, nat_port), (POD, 8080)
    assert [(s.direction, s.place, s[3:5], s[5:7]) for s in trace.wire] == [
        ("forward", "internet", client, edge),
        ("forward", "edge", client, edge),
        ("forward", "edge", sent_on, node_port),
        ("forward", "node-1 eth0", sent_on, node_port),
        ("forward", "node-1 veth", masqueraded, pod),
        ("forward", "default/web-1", masqueraded, pod),
        ("back", "default/web-1", pod, masqueraded),
        ("back", "node-1 veth", pod, masqueraded),
        ("back", "node-1 eth0", node_port, sent_on),
        ("back", "edge", node_port, sent_on),
        ("back", "edge", edge, client),
        ("back", "internet", edge, client),
    ]
    assert 32768 <= client_port <= 60999
    assert 1024 <= nat_port <= 65535


def test_the_rules(trace):
    """The chains that a default/web:8080 without a port name has on every cluster."""
    assert trace.wire[4].what.split("; ") == [
        "KUBE-NODEPORTS",
        "KUBE-EXT-LOLE4ISW44XBNF3G KUBE-MARK-MASQ",
        "KUBE-SVC-LOLE4ISW44XBNF3G --probability 0.5000000000",
        "KUBE-SEP-PXJ2U7QYT2QW5545 DNAT",
        "KUBE-POSTROUTING MASQUERADE",
    ]
    assert [step.what for step in trace.wire if step.place.startswith("node")] == [
        "nat PREROUTING: KUBE-SERVICES",
        trace.wire[4].what,
        "an answer that conntrack knows",
        "conntrack: translated back",
    ]


def test_the_probabilities_of_a_chain():
    """Rule i of n has probability 1/(n - i), as iptables prints it, and the last has none."""
    seen = {}
    for seed in range(40):
        found = emu.trace(SCENARIOS / "deployment.yaml", "worker-1", "shop/web", seed=seed)
        (rules,) = (step.what.split("; ") for step in found.wire if "DNAT" in step.what)
        seen[found.wire[-2].src] = rules[1].partition(" --probability ")[2]
    pods = sorted(f"10.244.{node}.{pod}" for node in range(4) for pod in (2, 3, 4))
    expected = [f"{1 / (12 - i):.10f}" for i in range(11)] + [""]
    assert len(seen) > 6
    assert seen == {pod: expected[pods.index(pod)] for pod in seen}


def test_a_pod_on_another_node():
    """The translated packet leaves by the first node's network and comes in at the Pod's."""
    trace = emu.trace(SCENARIOS / "nodeport.yaml", to="node-2:30001")
    places = [step.place for step in trace.wire]
    assert places[1:4] == ["node-2 eth0", "node-2 eth0", "node-1 eth0"]
    assert places[4] == places[5] in ("default/web-1", "default/web-2")
    assert places[-4:] == ["node-1 eth0", "node-2 eth0", "node-2 eth0", "internet"]
    assert trace.wire[2].src == "192.168.1.101"


def test_nodes_are_called_as_people_call_them():
    """A node called node-12 is node 12; any other name stands as it is."""
    from emu.path.logical import spoken

    assert [spoken(n) for n in ("node-12", "node3", "worker-1", "node-a")] == [
        "node 12", "node 3", "worker-1", "node-a",
    ]  # fmt: skip
