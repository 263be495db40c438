"""Names, addresses and ports that nobody gave: the first free ones, so always the same."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final

HOSTS: Final = (IPv4Address("192.168.1.100"), IPv4Address("192.168.255.254"))
"""Host addresses of nodes: from the first to the last."""
LOAD_BALANCERS: Final = (IPv4Address("192.168.1.1"), IPv4Address("192.168.255.254"))
"""Addresses of load balancers."""
CLIENTS: Final = (IPv4Address("203.0.113.10"), IPv4Address("203.0.113.254"))
"""Addresses of clients outside (TEST-NET-3)."""
MORE_CLIENTS: Final = (IPv4Address("198.18.0.1"), IPv4Address("198.19.255.254"))
"""Addresses of further clients (the range for benchmarks)."""
CLUSTER_IPS: Final = IPv4Network("10.96.0.0/12")
"""kubeadm's range of ClusterIPs."""
POD_NETWORK: Final = IPv4Network("10.244.0.0/16")
"""The range that podCIDRs are cut from, where KubeProxyConfiguration has no clusterCIDR."""
MORE_POD_NETWORKS: Final = IPv4Network("10.128.0.0/10")
"""Where more than 256 nodes get theirs."""
NODE_PORTS: Final = range(30_000, 32_768)


def free_addresses(
    ranges: Iterable[tuple[IPv4Address, IPv4Address]], taken: Iterable[str]
) -> Iterator[str]:
    """The addresses of the ranges that are not taken, in order; none ends in .0 or .255."""
    used = set(taken)
    for first, last in ranges:
        for number in range(int(first), int(last) + 1):
            address = str(IPv4Address(number))
            if number % 256 not in (0, 255) and address not in used:
                yield address


def free_cluster_ips(taken: Iterable[str]) -> Iterator[str]:
    """ClusterIPs that are not taken."""
    used = set(taken)
    return (text for text in map(str, CLUSTER_IPS.hosts()) if text not in used)


def free_node_ports(taken: Iterable[int]) -> Iterator[int]:
    """NodePorts that are not taken."""
    used = set(taken)
    return (port for port in NODE_PORTS if port not in used)


def free_pod_cidrs(cluster_networks: Iterable[str], taken: Iterable[str]) -> Iterator[str]:
    """Networks of 256 addresses for the Pods of a node, none overlapping with a taken one."""
    used = [IPv4Network(text) for text in taken]
    exact = {text for text in taken if text.endswith("/24")}
    others = [network for network in used if network.prefixlen != 24]
    given = [IPv4Network(text) for text in cluster_networks if ":" not in text]
    ranges = given or [POD_NETWORK, MORE_POD_NETWORKS]
    for whole in ranges:
        for network in whole.subnets(new_prefix=24) if whole.prefixlen <= 24 else (whole,):
            if str(network) not in exact and not any(map(network.overlaps, others)):
                yield str(network)


def free_pod_addresses(pod_cidr: str, taken: set[str]) -> Iterator[str]:
    """Addresses for Pods of a node: the first host address is the bridge's own."""
    network = IPv4Network(pod_cidr)
    first, last = int(network.network_address) + 2, int(network.broadcast_address)
    texts = (str(IPv4Address(number)) for number in range(first, last))
    return (text for text in texts if text not in taken)
