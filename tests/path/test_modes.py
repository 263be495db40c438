"""Where each proxy mode translates: the wires that carry the address of a Service, or none do."""

import pytest

import emu
from emu.hops.kubeproxy import MODES

SPEC = """
duration: 1s
clients: [{name: internet, arrivals: {constant: {rate: 1/s}}}]
"""
WEB, NODE_1 = "10.96.0.1:8080", "192.168.1.100:30001"


@pytest.fixture
def traced(described):
    """The trace of a request in the reference cluster, with a proxy mode."""

    def trace(mode, source, to):
        return emu.trace(
            described(SPEC, f"""---
                      apiVersion: kubeproxy.config.k8s.io/v1alpha1
                      kind: KubeProxyConfiguration
                      mode: {mode}"""),
            source, to,
        )  # fmt: skip

    return trace


def places(trace, address):
    """Where packets there are addressed to this address, on the way forward."""
    forward = (step for step in trace.wire if step.direction == "forward")
    return [step.place for step in forward if f"{step.dst}:{step.dst_port}" == address]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("source", "to", "by_packet", "at_socket"),
    [
        ("default/web-1", WEB, ["default/web-1", "node-1 veth"], ["default/web-1"]),
        ("node-2", WEB, ["node-2"], ["node-2"]),
        ("node-2", NODE_1, ["node-2", "node-1 eth0"], ["node-2"]),
        ("outside", NODE_1, ["internet", "node-1 eth0"], ["internet", "node-1 eth0"]),
    ],
)
def test_where_a_services_address_is_seen(traced, mode, source, to, by_packet, at_socket):
    """With ebpf, no interface carries it from a sender inside; what is written is undone there."""
    trace = traced(mode, source, to)
    assert trace.outcome == "ok"
    assert places(trace, to) == (at_socket if mode == "ebpf" else by_packet)
    back = [step.what for step in trace.wire if "translated back" in step.what]
    socket = mode == "ebpf" and source != "outside"
    assert back[0].endswith("the socket: translated back") is socket


@pytest.mark.parametrize(
    ("mode", "source", "hook"),
    [
        ("ipvs", "outside", "ipvs LOCAL_IN"),
        ("ipvs", "default/web-1", "ipvs LOCAL_IN"),
        ("ipvs", "node-1", "ipvs LOCAL_OUT"),
        ("ebpf", "outside", "ebpf: the network device"),
        ("ebpf", "default/web-1", "ebpf: connect()"),
        ("ebpf", "node-1", "ebpf: connect()"),
        ("nftables", "node-1", "nftables OUTPUT"),
    ],
)
def test_the_hook_is_named(traced, mode, source, hook):
    """ipvs sees packets that are for the node, or its own; ebpf sockets and network devices."""
    whats = [what for step in traced(mode, source, NODE_1).wire for what in step.what.split("; ")]
    assert hook in whats


@pytest.mark.parametrize("mode", MODES)
def test_the_drawing_names_the_node_that_was_asked(traced, mode):
    """node-2's own socket may translate it: the NodePort is node 1's all the same."""
    first = traced(mode, "node-2", NODE_1).logical[0]
    assert first.what == "the client sends the request to node 1's NodePort"
