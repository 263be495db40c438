"""Packet flows: what node a makes of a packet, in every proxy mode.

A table has a row for each source and a column for each destination. In a cell stand the endpoints
that the packet may go to: ``a`` is on node a, ``b`` node b, capitals where its source is
masqueraded; or ``R`` REJECT, ``D`` DROP, ``-`` no rule. What is alike stands once, under the names
of the modes that it holds for; what a mode does otherwise stands under its own name.
"""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from emu.hops.endpoints import Endpoint, Endpoints
from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.services import ServicePort, ServiceTable
from emu.hops.kubeproxy.traffic import Action, Decision
from emu.hops.kubeproxy.view import NodeView, Packet, Settings

SOURCES = {
    "out": "203.0.113.9",
    "pod-a": "10.244.1.9",
    "pod-b": "10.244.2.9",
    "self": "10.244.1.2",
    "node": "10.0.0.1",
    "node2": "10.0.1.1",
    "VIP": "198.51.100.2",
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
    "its other port": ("198.51.100.1", 81),
    "VIP": ("198.51.100.2", 80),
    "VIP's other port": ("198.51.100.2", 81),
}
EVERY = " ".join(MODES)
A = Endpoint("10.244.1.2", 8080, "a")
B = Endpoint("10.244.2.2", 8080, "b")
LEAVING_A = A._replace(ready=False, terminating=True)
LEAVING_B = B._replace(ready=False, terminating=True)
DEAD_A = A._replace(ready=False, serving=False)
FOR_A, FOR_B = A._replace(for_zones=frozenset("1")), B._replace(for_zones=frozenset("2"))
LETTERS = {A.address: "a", B.address: "b"}
CIDR = Settings(cluster_networks=(ip_network("10.244.0.0/16"),))


def view(mode, endpoints, settings=CIDR, **changes):
    """Node a, in zone 1, with one Service; NodePorts answer where the mode's default says."""
    service = {
        "node_port": 30001, "external_ips": ("198.51.100.1",),
        "load_balancer_ips": ("198.51.100.2",),
    } | changes  # fmt: skip
    port = ServicePort(
        "default/web:http", "TCP", "10.96.0.1", 80, Endpoints(endpoints), **service
    )  # fmt: skip
    if settings.node_port_addresses is None:
        settings = settings._replace(node_port_addresses=MODES[mode].NODE_PORT_ADDRESSES)
    return NodeView(
        "a", "1", ("10.0.0.1", "10.0.1.1"), (ip_network("10.244.1.0/24"),), settings,
        ServiceTable.of([port]), nodes=frozenset(["10.0.0.1", "10.0.1.1", "10.0.0.2"]),
    )  # fmt: skip


def cell(mode, node, source, destination):
    """What the mode decides, as it stands in a table."""
    packet = Packet("TCP", source, *destination)
    found = MODES[mode].decide(node, packet)
    if found.action != Action.DNAT:
        return {"REJECT": "R", "DROP": "D", "NONE": "-"}[found.action.name]
    return "".join(
        LETTERS[e.address].upper() if found.masquerades(e, source, "a") else LETTERS[e.address]
        for e in found.endpoints
    )


CLUSTER = {EVERY: """
       node b
out    -
other  -
""", "iptables": """
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
""", "ipvs": """
       clusterIP | other port | unused | nodePort | second | localhost | node b | externalIP | VIP
out    AB        | R          | -      | AB       | AB     | -         | -      | AB         | AB
pod-a  ab        | R          | -      | AB       | AB     | -         | -      | AB         | AB
pod-b  ab        | R          | -      | AB       | AB     | -         | -      | AB         | AB
self   Ab        | R          | -      | AB       | AB     | -         | -      | AB         | AB
node   AB        | R          | -      | AB       | AB     | -         | -      | AB         | AB
""", "ebpf": """
       clusterIP | other port | unused | nodePort | second | localhost | node b | externalIP | VIP
out    D         | D          | -      | aB       | aB     | -         | -      | aB         | aB
pod-a  ab        | -          | -      | ab       | ab     | -         | ab     | -          | ab
pod-b  D         | D          | -      | aB       | aB     | -         | -      | aB         | aB
self   ab        | -          | -      | ab       | ab     | -         | ab     | -          | ab
node   ab        | -          | -      | ab       | ab     | ab        | ab     | -          | ab
lo     ab        | -          | -      | ab       | ab     | ab        | ab     | -          | ab
other  D         | D          | -      | aB       | aB     | -         | -      | aB         | aB
"""}  # fmt: skip

OTHER_PORTS = {"iptables nftables": """
       its other port | VIP's other port
out    -              | -
pod-a  -              | -
node   -              | -
""", "ipvs": """
       its other port | VIP's other port
out    R              | R
pod-a  R              | R
node   R              | R
""", "ebpf": """
       its other port | VIP's other port
out    -              | D
pod-a  -              | -
node   -              | -
"""}  # fmt: skip

EXTERNAL_LOCAL = {EVERY: """
       nodePort | externalIP | VIP
out    a        | a          | a
other  a        | a          | a
""", "iptables nftables ipvs": """
       clusterIP | node b
out    AB        | -
other  AB        | -
pod-a  ab        | -
pod-b  ab        | -
self   Ab        | -
node   AB        | -
""", "iptables nftables": """
       nodePort | externalIP | VIP
pod-a  ab       | ab         | ab
pod-b  ab       | ab         | ab
self   Ab       | Ab         | Ab
node   AB       | AB         | AB
""", "iptables": """
       localhost
node   AB
lo     AB
""", "ipvs": """
       nodePort | externalIP | VIP | localhost
pod-a  a        | a          | a   | -
pod-b  a        | a          | a   | -
self   A        | A          | A   | -
node   a        | a          | a   | -
""", "ebpf": """
       clusterIP | nodePort | externalIP | VIP | node b
pod-a  ab        | ab       | -          | ab  | ab
pod-b  D         | a        | a          | a   | -
self   ab        | ab       | -          | ab  | ab
node   ab        | ab       | -          | ab  | ab
"""}  # fmt: skip

EXTERNAL_LOCAL_WITHOUT_LOCAL = {"iptables nftables ipvs": """
       clusterIP
out    B
other  B
pod-a  b
pod-b  b
node   B
""", "iptables nftables": """
       nodePort | externalIP | VIP
out    D        | D          | D
other  D        | D          | D
pod-a  b        | b          | b
pod-b  b        | b          | b
""", "iptables": """
       nodePort | localhost | externalIP | VIP
node   B        | B         | B          | B
""", "nftables": """
       nodePort | localhost | externalIP | VIP
node   B        | -         | D          | D
""", "ipvs": """
       nodePort | localhost | externalIP | VIP
out    b        | -         | b          | b
other  b        | -         | b          | b
pod-a  b        | -         | b          | b
node   b        | -         | b          | b
""", "ebpf": """
       clusterIP | nodePort | localhost | externalIP | VIP
out    D         | R        | -         | R          | R
other  D         | R        | -         | R          | R
pod-a  b         | b        | -         | -          | b
node   b         | b        | b         | -          | b
"""}  # fmt: skip

EXTERNAL_LOCAL_LEAVING = {EVERY: """
       nodePort | externalIP
out    a        | a
""", "iptables nftables ipvs": """
       clusterIP
out    B
pod-a  b
""", "iptables nftables": """
       nodePort | externalIP
pod-a  b        | b
""", "ipvs": """
       nodePort | externalIP
pod-a  a        | a
""", "ebpf": """
       clusterIP | nodePort | externalIP
pod-a  b         | b        | -
"""}  # fmt: skip

INTERNAL_LOCAL = {"iptables nftables ipvs": """
       clusterIP | nodePort | externalIP | VIP
out    A         | AB       | AB         | AB
pod-a  a         | AB       | AB         | AB
self   A         | AB       | AB         | AB
node   A         | AB       | AB         | AB
""", "ebpf": """
       clusterIP | nodePort | externalIP | VIP | localhost | node b
out    D         | aB       | aB         | aB  | -         | -
pod-a  a         | a        | -          | a   | -         | a
self   a         | a        | -          | a   | -         | a
node   a         | a        | -          | a   | a         | a
"""}  # fmt: skip

INTERNAL_LOCAL_WITHOUT_LOCAL = {"iptables nftables": """
       clusterIP | nodePort | externalIP | VIP
out    D         | B        | B          | B
pod-a  D         | B        | B          | B
node   D         | B        | B          | B
""", "ipvs": """
       clusterIP | nodePort | externalIP | VIP
out    B         | B        | B          | B
pod-a  b         | B        | B          | B
node   B         | B        | B          | B
""", "ebpf": """
       clusterIP | nodePort | externalIP | VIP
out    D         | B        | B          | B
pod-a  R         | R        | -          | R
node   R         | R        | -          | R
"""}  # fmt: skip

INTERNAL_LOCAL_ALONE = {"iptables nftables": """
       clusterIP
out    D
pod-a  D
""", "ipvs": """
       clusterIP
out    R
pod-a  R
""", "ebpf": """
       clusterIP
out    D
pod-a  R
"""}  # fmt: skip

BOTH_LOCAL = {EVERY: """
       nodePort | VIP
out    a        | a
""", "iptables nftables": """
       clusterIP | nodePort
pod-a  a         | ab
""", "ipvs ebpf": """
       clusterIP | nodePort
pod-a  a         | a
"""}  # fmt: skip

NOBODY = {EVERY: """
       nodePort | VIP
out    R        | R
pod-a  R        | R
pod-b  R        | R
""", "iptables nftables ipvs": """
       clusterIP | node b | externalIP
out    R         | -      | R
pod-a  R         | -      | R
pod-b  R         | -      | R
""", "iptables": """
       clusterIP | nodePort | second | localhost | externalIP | VIP
node   R         | R        | R      | D         | -          | -
lo     R         | R        | R      | R         | -          | -
out    R         | R        | R      | R         | R          | R
""", "nftables": """
       clusterIP | nodePort | second | localhost | externalIP | VIP
node   R         | R        | -      | -         | R          | R
out    R         | R        | -      | -         | R          | R
""", "ipvs": """
       clusterIP | nodePort | second | localhost | externalIP | VIP
node   R         | R        | R      | -         | R          | R
out    R         | R        | R      | -         | R          | R
""", "ebpf": """
       clusterIP | nodePort | second | localhost | node b | externalIP | VIP
node   R         | R        | R      | R         | R      | -          | R
pod-a  R         | R        | R      | -         | R      | -          | R
out    D         | R        | R      | -         | -      | R          | R
"""}  # fmt: skip

WITHOUT_CIDR = {"iptables nftables ipvs": """
       clusterIP | nodePort
out    ab        | AB
pod-a  ab        | AB
self   Ab        | AB
""", "iptables nftables": """
       clusterIP | nodePort
node   ab        | AB
""", "ipvs": """
       clusterIP | nodePort
node   AB        | AB
other  ab        | AB
""", "ebpf": """
       clusterIP | nodePort
out    D         | aB
pod-a  ab        | ab
node   ab        | ab
"""}  # fmt: skip

LOCAL_WITHOUT_CIDR = {EVERY: """
       nodePort | externalIP
out    a        | a
""", "iptables nftables": """
       clusterIP | nodePort | externalIP
out    ab        | a        | a
pod-a  ab        | a        | a
self   Ab        | A        | A
node   ab        | AB       | AB
""", "ipvs": """
       clusterIP | nodePort | externalIP
pod-a  ab        | a        | a
self   Ab        | A        | A
node   AB        | a        | a
""", "ebpf": """
       clusterIP | nodePort
pod-a  ab        | ab
node   ab        | ab
"""}  # fmt: skip

MASQUERADE_ALL = {"iptables nftables ipvs": """
       clusterIP | nodePort
out    AB        | AB
pod-a  AB        | AB
node   AB        | AB
""", "ebpf": """
       clusterIP | nodePort
out    D         | aB
pod-a  ab        | ab
"""}  # fmt: skip

NODE_CIDR = {"iptables nftables ipvs": """
       clusterIP | nodePort
pod-a  ab        | AB
pod-b  AB        | AB
out    AB        | AB
""", "ebpf": """
       clusterIP | nodePort
pod-a  ab        | ab
pod-b  D         | aB
"""}  # fmt: skip

LOCAL_BY_NODE_CIDR = {"iptables nftables ipvs": """
       clusterIP
pod-a  ab
pod-b  AB
""", "iptables nftables": """
       nodePort
pod-a  ab
pod-b  a
""", "ipvs": """
       nodePort
pod-a  a
pod-b  a
""", "ebpf": """
       clusterIP | nodePort
pod-a  ab        | ab
pod-b  D         | a
"""}  # fmt: skip

ZONE = {"iptables nftables ipvs": """
       clusterIP | nodePort | VIP
out    A         | A        | A
pod-a  a         | A        | A
self   A         | A        | A
node   A         | A        | A
""", "ebpf": """
       clusterIP | nodePort | VIP
out    D         | aB       | aB
pod-a  ab        | ab       | ab
"""}  # fmt: skip

ALL_LEAVING = {"iptables nftables ipvs": """
       clusterIP | nodePort
out    AB        | AB
pod-a  ab        | AB
""", "ebpf": """
       clusterIP | nodePort
out    D         | aB
pod-a  ab        | ab
"""}  # fmt: skip

ONE_LEAVING = {EVERY: """
       nodePort
out    B
""", "iptables nftables ipvs": """
       clusterIP | nodePort
out    B         | B
pod-a  b         | B
""", "ebpf": """
       clusterIP | nodePort
pod-a  b         | b
"""}  # fmt: skip

RANGES = {EVERY: """
       VIP
out    D
other  D
""", "iptables nftables ipvs": """
       clusterIP | nodePort | externalIP | VIP
out    AB        | AB       | AB         | D
pod-a  ab        | AB       | AB         | AB
node   AB        | AB       | AB         | D
other  AB        | AB       | AB         | D
""", "ebpf": """
       clusterIP | nodePort | externalIP | VIP
out    D         | aB       | aB         | D
pod-a  ab        | ab       | -          | ab
pod-b  D         | aB       | aB         | aB
node   ab        | ab       | -          | ab
"""}  # fmt: skip

RANGES_WITH_NODE = {EVERY: """
       VIP
out    D
""", "iptables nftables": """
       VIP
node   AB
VIP    AB
node2  D
""", "ipvs": """
       VIP
node   AB
VIP    AB
node2  AB
""", "ebpf": """
       VIP
node   ab
VIP    D
node2  ab
"""}  # fmt: skip

RANGES_FOR_NOBODY = {"iptables": """
       nodePort | externalIP | VIP
out    R        | R          | R
pod-a  R        | R          | R
""", "nftables ipvs": """
       nodePort | externalIP | VIP
out    R        | R          | D
pod-a  R        | R          | R
""", "ebpf": """
       nodePort | externalIP | VIP
out    R        | R          | D
pod-a  R        | -          | R
"""}  # fmt: skip

SECOND_ONLY = {EVERY: """
       nodePort
out    -
""", "iptables nftables ipvs": """
       nodePort | second
out    -        | AB
node   -        | AB
""", "iptables": """
       localhost
out    D
node   D
lo     -
""", "nftables ipvs": """
       localhost
node   -
lo     -
""", "ebpf": """
       nodePort | second | localhost
out    -        | aB     | -
pod-a  ab       | ab     | -
node   ab       | ab     | ab
"""}  # fmt: skip

PRIMARY_ONLY = {EVERY: """
       second
out    -
""", "iptables nftables ipvs": """
       nodePort | second
out    AB       | -
pod-a  AB       | -
""", "ebpf": """
       nodePort | second
out    aB       | -
pod-a  ab       | ab
"""}  # fmt: skip

EVERY_ADDRESS = {"iptables": """
       nodePort | second | localhost
node   AB       | AB     | AB
""", "nftables ipvs": """
       nodePort | second | localhost
node   AB       | AB     | -
""", "ebpf": """
       nodePort | second | localhost
node   ab       | ab     | ab
"""}  # fmt: skip

NO_LOCALHOST = {"iptables": """
       nodePort | second | localhost
node   AB       | AB     | -
lo     AB       | AB     | -
""", "ipvs": """
       nodePort | second | localhost
node   AB       | AB     | -
""", "ebpf": """
       nodePort | second | localhost
node   ab       | ab     | ab
"""}  # fmt: skip

LOCAL_A, LOCAL_B = {"external_local": True}, {"internal_local": True}
SERVICE_CIDR = CIDR._replace(service_networks=(ip_network("10.96.0.0/12"),))
NODES = CIDR._replace(detect_local="NodeCIDR", cluster_networks=())
ONLY_PODS = {"source_ranges": (ip_network("10.244.0.0/16"),)}
ONLY_NODE = {"source_ranges": (ip_network("10.0.0.1/32"),)}


def node_ports(*networks):
    """KubeProxyConfiguration.nodePortAddresses."""
    asked = tuple(n if n == "primary" else ip_network(n) for n in networks)
    return CIDR._replace(node_port_addresses=asked)


SITUATIONS = {
    "policies Cluster": (CLUSTER, (A, B), SERVICE_CIDR, {}),
    "unserved ports": (OTHER_PORTS, (A, B), SERVICE_CIDR, {}),
    "externalTrafficPolicy Local": (EXTERNAL_LOCAL, (A, B), CIDR, LOCAL_A),
    "the same, none local": (EXTERNAL_LOCAL_WITHOUT_LOCAL, (B,), CIDR, LOCAL_A),
    "the same, the local one dead": (EXTERNAL_LOCAL_WITHOUT_LOCAL, (DEAD_A, B), CIDR, LOCAL_A),
    "the same, the local one leaving": (EXTERNAL_LOCAL_LEAVING, (LEAVING_A, B), CIDR, LOCAL_A),
    "internalTrafficPolicy Local": (INTERNAL_LOCAL, (A, B), CIDR, LOCAL_B),
    "the same, none local there": (INTERNAL_LOCAL_WITHOUT_LOCAL, (B,), CIDR, LOCAL_B),
    "the same, no address but its own": (
        INTERNAL_LOCAL_ALONE, (B,), CIDR,
        LOCAL_B | {"node_port": 0, "external_ips": (), "load_balancer_ips": ()}),
    "both policies Local": (BOTH_LOCAL, (A, B), CIDR, LOCAL_A | LOCAL_B),
    "no endpoints": (NOBODY, (), CIDR, {}),
    "no endpoints under Local": (NOBODY, (DEAD_A,), CIDR, LOCAL_A),
    "no endpoints under internal Local": (NOBODY, (), CIDR, LOCAL_B),
    "all leaving": (ALL_LEAVING, (LEAVING_A, LEAVING_B), CIDR, {}),
    "one leaving": (ONE_LEAVING, (LEAVING_A, B), CIDR, {}),
    "without a clusterCIDR": (WITHOUT_CIDR, (A, B), Settings(), {}),
    "Local without a clusterCIDR": (LOCAL_WITHOUT_CIDR, (A, B), Settings(), LOCAL_A),
    "masqueradeAll": (MASQUERADE_ALL, (A, B), CIDR._replace(masquerade_all=True), {}),
    "detectLocalMode NodeCIDR": (NODE_CIDR, (A, B), NODES, {}),
    "Local by NodeCIDR": (LOCAL_BY_NODE_CIDR, (A, B), NODES, LOCAL_A),
    "hints for zones": (ZONE, (FOR_A, FOR_B), CIDR, {}),
    "a hint is missing": (WITHOUT_CIDR, (FOR_A, B), Settings(), {}),
    "source ranges": (RANGES, (A, B), CIDR, ONLY_PODS),
    "source ranges with the node": (RANGES_WITH_NODE, (A, B), CIDR, ONLY_NODE),
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
    for mode in ("iptables", "nftables", "ipvs"):
        node = view(mode, (A, B), both)
        assert cell(mode, node, SOURCES["pod-b"], DESTINATIONS["clusterIP"]) == "ab"
        assert cell(mode, node, SOURCES["pod-a"], DESTINATIONS["clusterIP"]) == "AB"


def test_every_situation_is_asked_in_every_mode():
    """No table leaves a mode out but where its setting is that of other modes alone."""
    for name, (tables, *_) in SITUATIONS.items():
        named = {mode for modes in tables for mode in modes.split()}
        assert named == set(MODES) - (
            {"nftables"} if name == "no NodePorts at localhost" else set()
        )


def test_pods_here_are_known_by_name_or_network():
    """ebpf translates at the sockets of its own Pods: those it knows, else those of its podCIDR."""
    node = replace(view("ebpf", (A, B)), pods=frozenset(["10.244.2.9"]))
    for known, source in (
        (node, "pod-a"),
        (node, "pod-b"),
        (replace(node, pods=frozenset()), "pod-a"),
    ):
        assert cell("ebpf", known, SOURCES[source], DESTINATIONS["nodePort"]) == "ab"
    nowhere = replace(node, pods=frozenset(), pod_networks=())
    assert cell("ebpf", nowhere, SOURCES["pod-b"], DESTINATIONS["nodePort"]) == "ab"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("endpoints", "answer"),
    [
        ((A, B), "kube-proxy answers 200: default/web has 1 ready endpoint on a"),
        ((B,), "kube-proxy answers 503: default/web has no ready endpoints on a"),
        ((LEAVING_A,), "kube-proxy answers 503: default/web has no ready endpoints on a"),
    ],
)
def test_health_checks_are_answered_by_kube_proxy(mode, endpoints, answer):
    """200 while the node has a ready endpoint; no rule is about that port."""
    node = view(mode, endpoints, **LOCAL_A, health_check_node_port=31000)
    for destination in ("10.0.0.1", "10.0.1.1"):
        found = MODES[mode].decide(node, Packet("TCP", SOURCES["out"], destination, 31000))
        heard = mode != "nftables" or destination == "10.0.0.1"
        assert (found.action, found.reason == answer) == (Action.NONE, heard)
    udp = MODES[mode].decide(node, Packet("UDP", SOURCES["out"], "10.0.0.1", 31000))
    assert udp.reason == "no rule is about this destination"


DECISION = Decision(Action.DNAT, "", endpoints=(A, B))


@pytest.mark.parametrize(
    ("decision", "source", "masqueraded", "mostly", "lost"),
    [
        (DECISION, "203.0.113.9", "", False, "b"),
        (DECISION, A.address, "a", False, "b"),
        (DECISION, B.address, "b", False, ""),
        (DECISION._replace(endpoints=(A,)), A.address, "a", True, ""),
        (DECISION._replace(masquerade=True), "203.0.113.9", "ab", True, ""),
        (DECISION._replace(masquerade=True, spares_local=True), "203.0.113.9", "b", True, ""),
        (DECISION._replace(masquerade=True, spares_local=True, endpoints=(A,)), "203.0.113.9", "",
         False, ""),
        (DECISION._replace(spares_local=True), A.address, "", False, "b"),
        (Decision(Action.DROP, ""), "203.0.113.9", "", False, ""),
    ],
)  # fmt: skip
def test_whose_source_stays_and_whose_answer_is_lost(decision, source, masqueraded, mostly, lost):
    """By endpoint, in one word, and what that means for a sender that is elsewhere."""
    seen = [e for e in decision.endpoints if decision.masquerades(e, source, "a")]
    assert "".join(LETTERS[e.address] for e in seen) == masqueraded
    assert decision.mostly_masquerades(source, "a") == mostly
    missing = decision.lost(source, here=False, node="a")
    assert "".join(LETTERS[e.address] for e in missing) == lost
    assert decision.lost(source, here=True, node="a") == ()
