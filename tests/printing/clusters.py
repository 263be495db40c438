"""Clusters as a node sees them, for the tests of every mode's printed rules: made and random."""

from ipaddress import IPv6Address, ip_address, ip_network

from hypothesis import strategies as st

from emu.hops.endpoints import Endpoint, Endpoints
from emu.hops.kubeproxy.services import ServicePort, ServiceTable
from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import NodeView, Packet, Settings

NODE, SECOND, OTHER = "10.0.0.1", "10.0.1.1", "10.0.0.2"
POD_ADDRESSES = ["10.244.1.2", "10.244.1.3", "10.244.2.2", "10.244.2.3"]
SOURCES = ["203.0.113.9", "10.244.1.9", "10.244.2.9", *POD_ADDRESSES, NODE, SECOND, OTHER,
           "127.0.0.1", "198.51.100.3"]  # fmt: skip
DESTINATIONS = [("10.96.0.1", 80), ("10.96.0.2", 80), ("10.96.0.1", 81), ("10.96.9.9", 80),
                (NODE, 30001), (SECOND, 30001), (OTHER, 30001), (NODE, 30002), (NODE, 30009),
                ("127.0.0.1", 30001), ("198.51.100.7", 80), ("198.51.100.3", 80),
                ("198.51.100.4", 80)]  # fmt: skip
"""Addresses that random clusters have, and some that nobody has."""
RANGES = ["203.0.113.0/24", "203.0.112.0/24", "10.244.0.0/16", "10.0.0.0/24", "10.0.0.1/32",
          "0.0.0.0/0"]  # fmt: skip


def service(name="default/web:http", endpoint="10.244.1.2", **options):
    """A Service port with one endpoint on node a, or with these."""
    given_endpoints = options.pop("endpoints", [Endpoint(endpoint, 8080, "a")])
    options = {"protocol": "TCP", "cluster_ip": "10.96.0.1", "port": 80} | options
    return ServicePort(name, endpoints=Endpoints(given_endpoints), **options)


def view(*ports, addresses=(NODE,), **options):
    """Node a with these Service ports."""
    networks = (ip_network("10.244.0.0/16"), ip_network("fd00:1::/48"))
    family = 1 if ":" in addresses[0] else 0
    configured = Settings(**{"cluster_networks": networks[family : family + 1]} | options)
    return NodeView("a", "1", addresses, (), configured, ServiceTable.of(ports))


def moved(text, family):
    """An address or network of these, or its like in IPv6."""
    if family == 4 or text == "":
        return text
    address, _, length = text.partition("/")
    if ip_address(address).is_loopback:
        return "::1/128" if length else "::1"
    if length == "0":
        return "::/0"
    found = str(IPv6Address(int(IPv6Address("fd00::")) + int(ip_address(address))))
    return f"{found}/{96 + int(length)}" if length else found


def networks(*texts, family):
    """These networks, or their like in IPv6."""
    return tuple(ip_network(moved(text, family)) for text in texts)


@st.composite
def endpoints(draw, family):
    """An endpoint in any state."""
    return Endpoint(
        moved(draw(st.sampled_from(POD_ADDRESSES)), family),
        draw(st.sampled_from([8080, 9090])), draw(st.sampled_from(["a", "b", ""])),
        draw(st.booleans()), draw(st.booleans()), draw(st.booleans()),
        for_zones=draw(st.sampled_from([frozenset(), frozenset("1"), frozenset("2")])),
    )  # fmt: skip


@st.composite
def services(draw, number, family, protocols=("TCP", "UDP")):
    """A Service port; no two have an address or a NodePort in common."""
    cluster_ip, external_ip, balancer_ip = (
        moved(f"{start}{number}", family) for start in ("10.96.0.", "198.51.101.", "198.51.102.")
    )
    if number < 3:
        external_ip = moved(f"198.51.100.{6 + number}", family)
        balancer_ip = moved(f"198.51.100.{2 + number}", family)
    ranges = draw(st.lists(st.sampled_from(RANGES), max_size=3))
    return ServicePort(
        f"ns/s{number}:p", draw(st.sampled_from(protocols)), cluster_ip, 80,
        Endpoints(draw(st.lists(endpoints(family), max_size=4))),
        node_port=draw(st.sampled_from([0, 30000 + number])),
        external_ips=tuple(draw(st.sampled_from([(), (external_ip,)]))),
        load_balancer_ips=tuple(draw(st.sampled_from([(), (balancer_ip,)]))),
        source_ranges=networks(*ranges, family=family),
        external_local=draw(st.booleans()), internal_local=draw(st.booleans()),
        affinity_s=draw(st.sampled_from([0, 600])),
    )  # fmt: skip


@st.composite
def views(draw, count=2, protocols=("TCP", "UDP")):
    """Node a in zone 1 with so many Services, of IPv4 or IPv6."""
    family = draw(st.sampled_from([4, 6]))
    asked = [None, ("primary",), *(networks(text, family=family) for text in
                                   ("10.0.1.0/24", "127.0.0.0/8", "0.0.0.0/0"))]  # fmt: skip
    pods = st.sampled_from([(), ("10.244.0.0/16",), ("0.0.0.0/0",)])
    configured = Settings(
        masquerade_all=draw(st.booleans()),
        detect_local=draw(st.sampled_from(["ClusterCIDR", "NodeCIDR"])),
        cluster_networks=networks(*draw(pods), family=family),
        node_port_addresses=draw(st.sampled_from(asked)), localhost_node_ports=draw(st.booleans()),
        service_networks=networks(*draw(st.sampled_from([(), ("10.96.0.0/16",)])), family=family),
    )  # fmt: skip
    table = ServiceTable.of(
        [draw(services(number, family, protocols)) for number in range(1, count + 1)]
    )
    addresses = moved(NODE, family), moved(SECOND, family)
    return NodeView("a", "1", addresses, networks("10.244.1.0/24", family=family), configured,
                    table)  # fmt: skip


def told(decide, view, protocol, source, destination, port):
    """All that a mode says may become of a packet: (action, endpoint, masqueraded)."""
    found = decide(view, Packet(protocol, source, destination, port))
    if found.action != Action.DNAT:
        return {(found.action.name, "", False)}
    hairpin = found.hairpin(source)
    return {("DNAT", str(e), found.masquerade or e in hairpin) for e in found.endpoints}


def holds(decide, node, view, protocol, source):
    """Fail unless interpreted rules do with packets from there what the mode says."""
    family = 6 if ":" in view.addresses[0] else 4
    for destination, port in DESTINATIONS:
        packet = protocol, moved(source, family), moved(destination, family), port
        assert node.outcomes(*packet) == told(decide, view, *packet), packet
