"""Packet flows: what node a makes of a packet, in every proxy mode.

A table has a row for each source and a column for each destination. In a cell stand the endpoints
that the packet may go to: ``a`` is on node a, ``b`` on node b, capitals where its source is
masqueraded; or ``R`` REJECT, ``D`` DROP, ``-`` no rule.
"""

from ipaddress import ip_network

import pytest

from emu.hops.endpoints import Endpoint, Endpoints
from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.services import ServicePort, ServiceTable
from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import NodeView, Packet, Settings

SOURCES = {
    "out": "203.0.113.9",
    "pod-a": "10.244.1.9",
    "pod-b": "10.244.2.9",
    "self": "10.244.1.2",
    "node": "10.0.0.1",
    "lo": "127.0.0.1",
    "other": "10.0.0.2",
}
DESTINATIONS = {
    "clusterIP": ("10.96.0.1", 80),
    "other port": ("10.96.0.1", 81),
    "unused": ("10.96.9.9", 80),
    "nodePort": ("10.0.0.1", 30001),
    "second": ("10.0.1.1", 30001),
    "localhost": ("127.0.0.1", 30001),
    "node b": ("10.0.0.2", 30001),
    "externalIP": ("198.51.100.1", 80),
    "VIP": ("198.51.100.2", 80),
}
A = Endpoint("10.244.1.2", 8080, "a")
B = Endpoint("10.244.2.2", 8080, "b")
LEAVING_A = A._replace(ready=False, terminating=True)
LEAVING_B = B._replace(ready=False, terminating=True)
DEAD_A = A._replace(ready=False, serving=False)
FOR_A, FOR_B = A._replace(for_zones=frozenset("1")), B._replace(for_zones=frozenset("2"))
LETTERS = {A.address: "a", B.address: "b"}
CIDR = Settings(cluster_networks=(ip_network("10.244.0.0/16"),))


def view(mode, endpoints, settings=CIDR, **service):
    """Node a, in zone 1, with one Service; NodePorts answer where the mode's default says."""
    port = ServicePort(
        "default/web:http", "TCP", "10.96.0.1", 80, Endpoints(endpoints), node_port=30001,
        external_ips=("198.51.100.1",), load_balancer_ips=("198.51.100.2",), **service,
    )  # fmt: skip
    if settings.node_port_addresses is None:
        settings = settings._replace(node_port_addresses=MODES[mode].NODE_PORT_ADDRESSES)
    return NodeView(
        "a", "1", ("10.0.0.1", "10.0.1.1"), (ip_network("10.244.1.0/24"),), settings,
        ServiceTable.of([port]),
    )  # fmt: skip


def cell(mode, node, source, destination):
    """What the mode decides, as it stands in a table."""
    packet = Packet("TCP", source, *destination)
    found = MODES[mode].decide(node, packet)
    if found.action != Action.DNAT:
        return {"REJECT": "R", "DROP": "D", "NONE": "-"}[found.action.name]
    hairpin = found.hairpin(source)
    return "".join(
        LETTERS[e.address].upper() if found.masquerade or e in hairpin else LETTERS[e.address]
        for e in found.endpoints
    )


CLUSTER = {"iptables": """
       clusterIP | other port | unused | nodePort | second | localhost | node b | externalIP | VIP
out    AB        | -          | -      | AB       | AB     | AB        | -      | AB         | AB
pod-a  ab        | -          | -      | AB       | AB     | AB        | -      | AB         | AB
pod-b  ab        | -          | -      | AB       | AB     | AB        | -      | AB         | AB
self   Ab        | -          | -      | AB       | AB     | AB        | -      | AB         | AB
node   AB        | -          | -      | AB       | AB     | AB        | -      | AB         | AB
lo     AB        | -          | -      | AB       | AB     | AB        | -      | AB         | AB
other  AB        | -          | -      | AB       | AB     | AB        | -      | AB         | AB
""", "nftables": """
       clusterIP | other port | unused | nodePort | second | localhost | node b | externalIP | VIP
out    AB        | R          | D      | AB       | -      | -         | -      | AB         | AB
pod-a  ab        | R          | D      | AB       | -      | -         | -      | AB         | AB
pod-b  ab        | R          | D      | AB       | -      | -         | -      | AB         | AB
self   Ab        | R          | D      | AB       | -      | -         | -      | AB         | AB
node   AB        | R          | D      | AB       | -      | -         | -      | AB         | AB
"""}  # fmt: skip

EXTERNAL_LOCAL = {"iptables nftables": """
       clusterIP | nodePort | node b | externalIP | VIP
out    AB        | a        | -      | a          | a
other  AB        | a        | -      | a          | a
pod-a  ab        | ab       | -      | ab         | ab
pod-b  ab        | ab       | -      | ab         | ab
self   Ab        | Ab       | -      | Ab         | Ab
node   AB        | AB       | -      | AB         | AB
""", "iptables": """
       localhost
node   AB
lo     AB
"""}  # fmt: skip

EXTERNAL_LOCAL_WITHOUT_LOCAL = {"iptables nftables": """
       clusterIP | nodePort | externalIP | VIP
out    B         | D        | D          | D
other  B         | D        | D          | D
pod-a  b         | b        | b          | b
pod-b  b         | b        | b          | b
""", "iptables": """
       nodePort | localhost | externalIP | VIP
node   B        | B         | B          | B
""", "nftables": """
       nodePort | localhost | externalIP | VIP
node   B        | -         | D          | D
"""}  # fmt: skip

INTERNAL_LOCAL = {"iptables nftables": """
       clusterIP | nodePort | externalIP | VIP
out    A         | AB       | AB         | AB
pod-a  a         | AB       | AB         | AB
self   A         | AB       | AB         | AB
node   A         | AB       | AB         | AB
"""}  # fmt: skip

INTERNAL_LOCAL_WITHOUT_LOCAL = {"iptables nftables": """
       clusterIP | nodePort | externalIP | VIP
out    D         | B        | B          | B
pod-a  D         | B        | B          | B
node   D         | B        | B          | B
"""}  # fmt: skip

NOBODY = {"iptables nftables": """
       clusterIP | nodePort | node b | externalIP | VIP
out    R         | R        | -      | R          | R
pod-a  R         | R        | -      | R          | R
pod-b  R         | R        | -      | R          | R
""", "iptables": """
       clusterIP | nodePort | second | localhost | externalIP | VIP
node   R         | R        | R      | D         | -          | -
lo     R         | R        | R      | R         | -          | -
out    R         | R        | R      | R         | R          | R
""", "nftables": """
       clusterIP | nodePort | second | localhost | externalIP | VIP
node   R         | R        | -      | -         | R          | R
out    R         | R        | -      | -         | R          | R
"""}  # fmt: skip

WITHOUT_CIDR = {"iptables nftables": """
       clusterIP | nodePort
out    ab        | AB
pod-a  ab        | AB
self   Ab        | AB
node   ab        | AB
"""}  # fmt: skip

LOCAL_WITHOUT_CIDR = {"iptables nftables": """
       clusterIP | nodePort | externalIP
out    ab        | a        | a
pod-a  ab        | a        | a
self   Ab        | A        | A
node   ab        | AB       | AB
"""}  # fmt: skip

MASQUERADE_ALL = {"iptables nftables": """
       clusterIP | nodePort
out    AB        | AB
pod-a  AB        | AB
node   AB        | AB
"""}  # fmt: skip

NODE_CIDR = {"iptables nftables": """
       clusterIP | nodePort
pod-a  ab        | AB
pod-b  AB        | AB
out    AB        | AB
"""}  # fmt: skip

LOCAL_BY_NODE_CIDR = {"iptables nftables": """
       clusterIP | nodePort
pod-a  ab        | ab
pod-b  AB        | a
"""}  # fmt: skip

ZONE = {"iptables nftables": """
       clusterIP | nodePort | VIP
out    A         | A        | A
pod-a  a         | A        | A
self   A         | A        | A
node   A         | A        | A
"""}  # fmt: skip

RANGES = {"iptables nftables": """
       clusterIP | nodePort | externalIP | VIP
out    AB        | AB       | AB         | D
pod-a  ab        | AB       | AB         | AB
node   AB        | AB       | AB         | D
other  AB        | AB       | AB         | D
"""}  # fmt: skip

RANGES_FOR_NOBODY = {"iptables": """
       nodePort | externalIP | VIP
out    R        | R          | R
pod-a  R        | R          | R
""", "nftables": """
       nodePort | externalIP | VIP
out    R        | R          | D
pod-a  R        | R          | R
"""}  # fmt: skip

SECOND_ONLY = {"iptables nftables": """
       nodePort | second
out    -        | AB
node   -        | AB
""", "iptables": """
       localhost
out    D
node   D
lo     -
""", "nftables": """
       localhost
node   -
lo     -
"""}  # fmt: skip

PRIMARY_ONLY = {"iptables nftables": """
       nodePort | second
out    AB       | -
pod-a  AB       | -
"""}  # fmt: skip

EVERY_ADDRESS = {"iptables": """
       nodePort | second | localhost
node   AB       | AB     | AB
""", "nftables": """
       nodePort | second | localhost
node   AB       | AB     | -
"""}  # fmt: skip

NO_LOCALHOST = {"iptables": """
       nodePort | second | localhost
node   AB       | AB     | -
lo     AB       | AB     | -
"""}  # fmt: skip

LOCAL_A, LOCAL_B = {"external_local": True}, {"internal_local": True}
SERVICE_CIDR = CIDR._replace(service_networks=(ip_network("10.96.0.0/12"),))
NODES = CIDR._replace(detect_local="NodeCIDR", cluster_networks=())
ONLY_PODS = {"source_ranges": (ip_network("10.244.0.0/16"),)}


def node_ports(*networks):
    """KubeProxyConfiguration.nodePortAddresses."""
    asked = tuple(n if n == "primary" else ip_network(n) for n in networks)
    return CIDR._replace(node_port_addresses=asked)


SITUATIONS = {
    "policies Cluster": (CLUSTER, (A, B), SERVICE_CIDR, {}),
    "externalTrafficPolicy Local": (EXTERNAL_LOCAL, (A, B), CIDR, LOCAL_A),
    "the same, none local": (EXTERNAL_LOCAL_WITHOUT_LOCAL, (B,), CIDR, LOCAL_A),
    "the same, the local one dead": (EXTERNAL_LOCAL_WITHOUT_LOCAL, (DEAD_A, B), CIDR, LOCAL_A),
    "the same, the local one leaving": (
        {"iptables nftables": """
       clusterIP | nodePort | externalIP
out    B         | a        | a
pod-a  b         | b        | b
"""}, (LEAVING_A, B), CIDR, LOCAL_A),
    "internalTrafficPolicy Local": (INTERNAL_LOCAL, (A, B), CIDR, LOCAL_B),
    "the same, none local there": (INTERNAL_LOCAL_WITHOUT_LOCAL, (B,), CIDR, LOCAL_B),
    "no endpoints": (NOBODY, (), CIDR, {}),
    "no endpoints under Local": (NOBODY, (DEAD_A,), CIDR, LOCAL_A),
    "no endpoints under internal Local": (NOBODY, (), CIDR, LOCAL_B),
    "all leaving": (
        {"iptables nftables": """
       clusterIP | nodePort
out    AB        | AB
pod-a  ab        | AB
"""}, (LEAVING_A, LEAVING_B), CIDR, {}),
    "one leaving": (
        {"iptables nftables": """
       clusterIP | nodePort
out    B         | B
pod-a  b         | B
"""}, (LEAVING_A, B), CIDR, {}),
    "without a clusterCIDR": (WITHOUT_CIDR, (A, B), Settings(), {}),
    "Local without a clusterCIDR": (LOCAL_WITHOUT_CIDR, (A, B), Settings(), LOCAL_A),
    "masqueradeAll": (MASQUERADE_ALL, (A, B), CIDR._replace(masquerade_all=True), {}),
    "detectLocalMode NodeCIDR": (NODE_CIDR, (A, B), NODES, {}),
    "Local by NodeCIDR": (LOCAL_BY_NODE_CIDR, (A, B), NODES, LOCAL_A),
    "hints for zones": (ZONE, (FOR_A, FOR_B), CIDR, {}),
    "a hint is missing": (WITHOUT_CIDR, (FOR_A, B), Settings(), {}),
    "source ranges": (RANGES, (A, B), CIDR, ONLY_PODS),
    "source ranges for nobody": (RANGES_FOR_NOBODY, (), CIDR, ONLY_PODS),
    "NodePorts at one address": (SECOND_ONLY, (A, B), node_ports("10.0.1.0/24"), {}),
    "NodePorts at the primary": (PRIMARY_ONLY, (A, B), node_ports("primary"), {}),
    "NodePorts everywhere": (EVERY_ADDRESS, (A, B), node_ports("0.0.0.0/0"), {}),
    "no NodePorts at localhost": (
        NO_LOCALHOST, (A, B), CIDR._replace(localhost_node_ports=False), {}),
}  # fmt: skip


def flows():
    """Every cell of every table, for each mode that it is about."""
    for name, (tables, endpoints, settings, service) in SITUATIONS.items():
        for modes, table in tables.items():
            head, *rows = table.strip("\n").splitlines()
            columns = [column.strip() for column in head.split("|")]
            for row in rows:
                source, first, *others = row.replace("|", " ").split()
                for column, expected in zip(columns, (first, *others), strict=True):
                    for mode in modes.split():
                        what = (mode, endpoints, settings, service, source, column, expected)
                        yield pytest.param(*what, id=f"{mode}: {name}: {source} to {column}")


@pytest.mark.parametrize(
    ("mode", "endpoints", "settings", "service", "source", "column", "expected"), list(flows())
)
def test_flow(mode, endpoints, settings, service, source, column, expected):
    """Source, destination and objects decide about endpoints, masquerading, REJECT and DROP."""
    node = view(mode, endpoints, settings, **service)
    assert cell(mode, node, SOURCES[source], DESTINATIONS[column]) == expected


def test_protocols_do_not_mix():
    """A Service's UDP port is no TCP port, at its ClusterIP as at its NodePort."""
    port = ServicePort("d/dns", "UDP", "10.96.0.10", 53, Endpoints([A]), node_port=30053)
    for mode in MODES:
        node = NodeView("a", "", ("10.0.0.1",), (), CIDR, ServiceTable.of([port]))
        for protocol, action in (("UDP", Action.DNAT), ("TCP", Action.NONE), ("SCTP", Action.NONE)):
            packet = Packet(protocol, "10.244.1.9", "10.0.0.1", 30053)
            assert MODES[mode].decide(node, packet).action == action


def test_the_reason_is_in_words():
    """A decision names the Service port and says which policy or lack led to it."""
    node = view("iptables", (B,), CIDR, external_local=True)
    packet = Packet("TCP", SOURCES["out"], *DESTINATIONS["nodePort"])
    reason = MODES["iptables"].decide(node, packet).reason
    assert reason == "default/web:http has no local endpoints"


def test_of_two_networks_of_pods_the_first_counts():
    """kube-proxy detects Pods by one network of each family."""
    both = Settings(cluster_networks=(ip_network("10.244.2.0/24"), ip_network("10.244.1.0/24")))
    for mode in MODES:
        node = view(mode, (A, B), both)
        assert cell(mode, node, SOURCES["pod-b"], DESTINATIONS["clusterIP"]) == "ab"
        assert cell(mode, node, SOURCES["pod-a"], DESTINATIONS["clusterIP"]) == "AB"
