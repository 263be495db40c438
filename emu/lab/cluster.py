"""The cluster in namespaces: one bridge for all hosts, a veth pair for each host and Pod.

Hosts find each other on the bridge whatever their addresses are; a node has a route to the Pods of
every other one, and answers for the way out of its own.
"""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Final, TypeAlias

from emu import printing
from emu.lab.namespaces import Namespace, Namespaces
from emu.lab.needs import LabError
from emu.model.proxies import Proxies
from emu.probing.places import OUTSIDE, listening
from emu.scenario import Cluster, Node, Pod, Scenario

Progress: TypeAlias = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is, and of how much."""
MOST_PODS = 60
_GATEWAY = "169.254.1.1"
_LOADERS = {"iptables": ("iptables-restore",), "nftables": ("nft", "-f", "-")}
_LASTING: Final = {
    f"netfilter/nf_conntrack_{name}": 3600
    for name in ("tcp_timeout_syn_sent", "tcp_timeout_last_ack", "tcp_timeout_time_wait",
                 "tcp_timeout_close", "udp_timeout", "udp_timeout_stream")
}  # fmt: skip
"""Entries stay until they are looked at, in seconds."""


def build(
    spaces: Namespaces, scenario: Scenario, proxies: Proxies, outside: str, progress: Progress
) -> None:
    """Make hosts, Pods, routes and rules, and let Pods listen. Raises LabError."""
    cluster = scenario.cluster
    pods = [pod for pod in cluster.pods if not pod.spec.host_network]
    if len(pods) + len(cluster.nodes) > MOST_PODS:
        raise LabError(f"{len(pods)} Pods on {len(cluster.nodes)} nodes are too many for the lab")
    steps = 2 * len(cluster.nodes) + len(pods)
    fabric = spaces.add("the fabric")
    fabric.ip("link", "add", "br0", "type", "bridge")
    fabric.ip("link", "set", "br0", "up")
    _host(spaces, fabric, OUTSIDE, (outside,), 0)
    for number, node in enumerate(cluster.nodes, start=1):
        addresses = tuple(a for a in node.addresses if ":" not in a)
        host = _host(spaces, fabric, node.name, addresses, number)
        _forward(host, localhost=proxies.view(node.name).settings.localhost_node_ports)
        progress("building", number, steps)
    for number, pod in enumerate(pods):
        _pod(spaces, pod, number)
        progress("building", len(cluster.nodes) + number + 1, steps)
    for number, node in enumerate(cluster.nodes, start=1):
        space = spaces[node.name]
        _routes(space, node, pods, cluster.nodes)
        text = printing.text(proxies.mode, proxies.view(node.name))
        space.execute(*_LOADERS[proxies.mode], text=text)
        space.set(_LASTING)
        progress("building", len(cluster.nodes) + len(pods) + number, steps)
    _listen(spaces, cluster, pods, proxies)


def _host(
    spaces: Namespaces, fabric: Namespace, name: str, addresses: tuple[str, ...], number: int
) -> Namespace:
    """A host on the bridge, for which every address is on the link."""
    host = spaces.add(name)
    fabric.ip("link", "add", f"port{number}", "type", "veth", "peer", "eth0", "netns", host.name)
    fabric.ip("link", "set", f"port{number}", "master", "br0", "up")
    for address in addresses:
        host.ip("address", "add", f"{address}/32", "dev", "eth0")
    host.ip("link", "set", "eth0", "up")
    host.ip("route", "add", "default", "dev", "eth0", "src", addresses[0])
    return host


def _forward(host: Namespace, localhost: bool) -> None:
    """Forward for Pods; refuse every connection that is to be refused, not one a second."""
    values = {"ipv4/ip_forward": 1, "ipv4/icmp_ratelimit": 0, "ipv4/icmp_ratemask": 0}
    for name in ("all", "default", "eth0"):
        values[f"ipv4/conf/{name}/rp_filter"] = 0
        values[f"ipv4/conf/{name}/route_localnet"] = int(localhost)
    host.set(values)


def _pod(spaces: Namespaces, pod: Pod, number: int) -> None:
    """A Pod with one interface, whose other end is on its node."""
    node, name, link = spaces[pod.node_name], pod.key, f"veth{number}"
    space = spaces.add(name)
    node.ip("link", "add", link, "type", "veth", "peer", "eth0", "netns", space.name)
    node.ip("link", "set", link, "up")
    node.set({
        f"ipv4/conf/{link}/proxy_arp": 1,
        f"ipv4/neigh/{link}/proxy_delay": 0,
        f"ipv4/conf/{link}/rp_filter": 0,
    })  # fmt: skip
    node.ip("route", "add", f"{pod.ip}/32", "dev", link)
    space.ip("address", "add", f"{pod.ip}/32", "dev", "eth0")
    space.ip("link", "set", "eth0", "up")
    space.ip("route", "add", _GATEWAY, "dev", "eth0")
    space.ip("route", "add", "default", "via", _GATEWAY, "src", pod.ip)


def _routes(space: Namespace, node: Node, pods: list[Pod], nodes: tuple[Node, ...]) -> None:
    """To each Pod of another node by that node's address."""
    addresses = {other.name: other.address for other in nodes}
    for pod in pods:
        if pod.node_name != node.name:
            network = str(ip_network(pod.ip))
            via = addresses[pod.node_name]
            space.ip("route", "add", network, "via", via, "dev", "eth0", "onlink")


def _listen(spaces: Namespaces, cluster: Cluster, pods: list[Pod], proxies: Proxies) -> None:
    """Every Pod answers at the ports of its endpoints, or at the one that it declares."""
    wanted = {(pod.ip, listening(pod), "TCP") for pod in pods}
    for port in proxies.table(4).ports:
        if port.protocol in ("TCP", "UDP"):
            for node in cluster.nodes:
                for endpoint in proxies.view(node.name).usable(port).reachable:
                    wanted.add((endpoint.address, endpoint.port, port.protocol))
    names = {address: node.name for node in cluster.nodes for address in node.addresses}
    names |= {pod.ip: pod.key for pod in pods}
    for address, number, protocol in sorted(wanted):
        if address in names:
            spaces[names[address]].ask(
                do="listen", protocol=protocol, address=address, port=number
            )  # fmt: skip
