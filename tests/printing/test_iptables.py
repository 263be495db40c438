"""The printed iptables rules: they mean what the mode decides, and the real tools take them."""

import subprocess
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu import printing
from emu.hops.endpoints import Endpoint, Endpoints
from emu.hops.kubeproxy.modes import iptables
from emu.hops.kubeproxy.services import ServicePort, ServiceTable
from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import NodeView, Packet, Settings
from emu.lab import missing
from tests.printing.interpreter import Interpreter

NODE, SECOND, OTHER = "10.0.0.1", "10.0.1.1", "10.0.0.2"
POD_ADDRESSES = ["10.244.1.2", "10.244.1.3", "10.244.2.2", "10.244.2.3"]
SOURCES = ["203.0.113.9", "10.244.1.9", "10.244.2.9", *POD_ADDRESSES, NODE, SECOND, OTHER,
           "127.0.0.1", "198.51.100.3"]  # fmt: skip
DESTINATIONS = [("10.96.0.1", 80), ("10.96.0.2", 80), ("10.96.0.1", 81), (NODE, 30001),
                (SECOND, 30001), (OTHER, 30001), (NODE, 30002), ("127.0.0.1", 30001),
                ("198.51.100.7", 80), ("198.51.100.3", 80), ("198.51.100.4", 80)]  # fmt: skip

endpoints = st.builds(
    Endpoint,
    st.sampled_from(POD_ADDRESSES), st.sampled_from([8080, 9090]), st.sampled_from(["a", "b", ""]),
    st.booleans(), st.booleans(), st.booleans(),
    for_zones=st.sampled_from([frozenset(), frozenset("1"), frozenset("2")]),
)  # fmt: skip
ranges = st.lists(
    st.sampled_from(["203.0.113.0/24", "10.244.0.0/16", "10.0.0.0/24", "0.0.0.0/0"]), max_size=2
)


@st.composite
def services(draw, number):
    """A Service port; no two have an address or a NodePort in common."""
    return ServicePort(
        f"ns/s{number}:p", draw(st.sampled_from(["TCP", "UDP"])), f"10.96.0.{number}", 80,
        Endpoints(draw(st.lists(endpoints, max_size=4))),
        node_port=draw(st.sampled_from([0, 30000 + number])),
        external_ips=tuple(draw(st.sampled_from([(), (f"198.51.100.{6 + number}",)]))),
        load_balancer_ips=tuple(draw(st.sampled_from([(), (f"198.51.100.{2 + number}",)]))),
        source_ranges=tuple(ip_network(text) for text in draw(ranges)),
        external_local=draw(st.booleans()), internal_local=draw(st.booleans()),
        affinity_s=draw(st.sampled_from([0, 600])),
    )  # fmt: skip


@st.composite
def views(draw):
    """Node a in zone 1 with two Services."""
    asked = st.sampled_from(
        [None, ("primary",), (ip_network("10.0.1.0/24"),), (ip_network("127.0.0.0/8"),)]
    )
    configured = Settings(
        masquerade_all=draw(st.booleans()),
        detect_local=draw(st.sampled_from(["ClusterCIDR", "NodeCIDR"])),
        cluster_networks=tuple(draw(st.sampled_from([(), (ip_network("10.244.0.0/16"),)]))),
        node_port_addresses=draw(asked), localhost_node_ports=draw(st.booleans()),
    )  # fmt: skip
    table = ServiceTable.of([draw(services(1)), draw(services(2))])
    return NodeView("a", "1", (NODE, SECOND), (ip_network("10.244.1.0/24"),), configured, table)


@settings(max_examples=400, deadline=None)
@given(
    view=views(),
    sources=st.lists(st.sampled_from(SOURCES), min_size=3, max_size=3, unique=True),
    protocol=st.sampled_from(["TCP", "TCP", "UDP"]),
)
def test_the_rules_mean_what_the_mode_decides(view, sources, protocol):
    """Interpreted, the text gives the action, the endpoints and the masquerading of `decide`."""
    node = Interpreter(printing.text("iptables", view), view.addresses)
    for source in sources:
        for destination, port in DESTINATIONS:
            found = iptables.decide(view, Packet(protocol, source, destination, port))
            expected = {(found.action.name, "", False)}
            if found.action == Action.DNAT:
                hairpin = found.hairpin(source)
                expected = {
                    ("DNAT", str(e), found.masquerade or e in hairpin) for e in found.endpoints
                }
            assert node.outcomes(protocol, source, destination, port) == expected


def service(name="default/web:http", endpoint="10.244.1.2", **options):
    """A Service port with one endpoint on node a, or with these."""
    given_endpoints = options.pop("endpoints", [Endpoint(endpoint, 8080, "a")])
    options = {"protocol": "TCP", "cluster_ip": "10.96.0.1"} | options
    return ServicePort(name, port=80, endpoints=Endpoints(given_endpoints), **options)


def view(*ports, addresses=(NODE,), **options):
    """Node a with these Service ports."""
    table = ServiceTable.of(ports)
    networks = (ip_network("10.244.0.0/16"), ip_network("fd00:1::/48"))
    family = 1 if ":" in addresses[0] else 0
    configured = Settings(cluster_networks=networks[family : family + 1], **options)
    return NodeView("a", "1", addresses, (), configured, table)


THREE = [Endpoint(f"10.244.1.{last}", 8080, "a") for last in (2, 3, 4)]
LIMITED = {
    "load_balancer_ips": ("198.51.100.2",), "external_local": True, "affinity_s": 10_800,
    "source_ranges": (ip_network("10.0.0.0/8"),), "health_check_node_port": 31000,
}  # fmt: skip
REAL = {
    "one endpoint": (view(service()), "iptables"),
    "three": (view(service(endpoints=THREE, node_port=30001)), "iptables"),
    "everything": (view(service(endpoints=THREE, node_port=30001, **LIMITED)), "iptables"),
    "nobody": (view(service(endpoints=[], node_port=30001)), "iptables"),
    "none local": (
        view(service(endpoints=[Endpoint("10.244.2.2", 1)], internal_local=True)), "iptables",
    ),
    "UDP and SCTP": (
        view(service("d/u", protocol="UDP"), service("d/s", protocol="SCTP", node_port=30002)),
        "iptables",
    ),
    "NodePorts at one address": (
        view(service(node_port=30001), node_port_addresses=("primary",)), "iptables",
    ),
    "no localhost": (view(service(node_port=30001), localhost_node_ports=False), "iptables"),
    "IPv6": (
        view(
            service(endpoint="fd00:1::2", cluster_ip="fd00:96::1", node_port=30001, affinity_s=60),
            service("d/n", cluster_ip="fd00:96::2", endpoints=[]),
            addresses=("fd00::1",),
        ),
        "ip6tables",
    ),
}  # fmt: skip


def by_chain(text):
    """The rules of each chain of both tables, in their order."""
    found, table = {}, ""
    for line in text.splitlines():
        table = line if line.startswith("*") else table
        if line.startswith("-A"):
            found.setdefault((table, line.split()[1]), []).append(line)
    return found


@pytest.mark.parametrize("name", REAL)
def test_the_kernel_takes_the_rules_and_gives_them_back(name):
    """Loaded and saved again in a network namespace, every chain has the same rules."""
    node, tool = REAL[name]
    lacking = missing("iptables")
    if lacking:
        pytest.skip("; ".join(lacking))
    text = printing.text("iptables", node)
    command = ["unshare", "-n", "sh", "-c", f"{tool}-restore && {tool}-save"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert by_chain(done.stdout) == by_chain(text)


def test_probabilities_are_rounded_as_the_kernel_rounds_them():
    """A third is written with ten digits, kept in 31 bits, and shown as iptables-save shows it."""
    text = printing.text("iptables", view(service(endpoints=THREE)))
    chances = [line.split("--probability ")[1].split()[0]
               for line in text.splitlines() if "--probability" in line]  # fmt: skip
    assert chances == ["0.33333333349", "0.50000000000"]


def test_only_chains_that_are_used_are_written():
    """No external chain for a ClusterIP, no local one under Cluster, none at all for nobody."""
    plain = printing.text("iptables", view(service()))
    assert {"KUBE-SVC", "KUBE-SEP"} <= {line[1:9] for line in plain.splitlines()}
    assert not any(kind in plain for kind in ("KUBE-EXT-", "KUBE-SVL-", "KUBE-FW-"))
    nobody = printing.text("iptables", view(service(endpoints=[], node_port=30001)))
    assert "KUBE-SVC-" not in nobody
    assert nobody.count("REJECT --reject-with icmp-port-unreachable") == 2
