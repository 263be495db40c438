"""The names and addresses behind the numbers that engines use for places."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Places:
    """What each index in a `ROW` stands for; an index is a position in one of these sequences."""

    clients: Sequence[tuple[str, Sequence[str]]]
    """Name of each client, and the addresses that its requests take in turn."""
    classes: Sequence[str] = ("",)
    """Name of each class of requests; empty for that of a client without classes."""
    load_balancers: Sequence[tuple[str, str]] = ()
    """Name and address of each load balancer."""
    nodes: Sequence[tuple[str, str, str]] = ()
    """Name, address and zone of each node; the zone is empty where the node has none."""
    pods: Sequence[tuple[str, str, int]] = ()
    """Name (``namespace/name``), address and index of the node of each Pod."""
    services: Sequence[str] = ()
    """Name of each Service port, such as ``default/web:http``."""
    endpoints: Sequence[tuple[str, int]] = ()
    """Address and port of each endpoint that connections are translated to."""

    def client_address(self, client: int, request: int) -> str:
        """The source address of a request of this client."""
        addresses = self.clients[client][1]
        return addresses[request // len(self.clients) % len(addresses)]

    @cached_property
    def node_names(self) -> list[str]:
        """The name of each node."""
        return [name for name, _, _ in self.nodes]

    @cached_property
    def pod_names(self) -> list[str]:
        """The name of each Pod."""
        return [name for name, _, _ in self.pods]
