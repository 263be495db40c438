"""The addresses of Pods: each node gives those of its podCIDR.

The next one goes to the next Pod, round and round, so that an address rests before it is given
again. Source: CNI plugins, plugins/ipam/host-local.
"""

from ipaddress import IPv4Address, IPv4Network, ip_address

from emu.scenario import Cluster


class PodAddresses:
    """Which addresses the Pods of each node have, and which comes next."""

    def __init__(self, cluster: Cluster) -> None:
        self._networks = [
            IPv4Network(node.pod_cidr) if node.pod_cidr else None for node in cluster.nodes
        ]
        self._taken = {int(ip_address(pod.ip)) for pod in cluster.pods}
        self._last = [self._highest(network) for network in self._networks]

    def give(self, node: int) -> str | None:
        """The next free address; None where there is none."""
        network = self._networks[node]
        if network is None:
            return None
        first, last = int(network.network_address) + 2, int(network.broadcast_address) - 1
        size = last - first + 1
        for step in range(1, size + 1):
            number = first + (self._last[node] - first + step) % size
            if number not in self._taken:
                self._taken.add(number)
                self._last[node] = number
                return str(IPv4Address(number))
        return None

    def take_back(self, address: str) -> None:
        """An address is free again."""
        self._taken.discard(int(ip_address(address)))

    def _highest(self, network: IPv4Network | None) -> int:
        """The highest that is taken, else the bridge's own."""
        if network is None:
            return -1
        first, last = int(network.network_address) + 1, int(network.broadcast_address) - 1
        return max((its for its in self._taken if first < its <= last), default=first)
