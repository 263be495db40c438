"""The names and addresses behind the numbers that engines use for places."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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


class GrowingPlaces:
    """The places of one run, in the course of which Pods and endpoints come."""

    def __init__(self, places: Places) -> None:
        self._now = places
        self._pods: list[tuple[str, str, int]] = []
        self._endpoints: list[tuple[str, int]] = []

    def add_pod(self, name: str, address: str, node: int) -> None:
        """The next number stands for this Pod."""
        self._pods.append((name, address, node))

    def add_endpoint(self, address: str, port: int) -> None:
        """The next number stands for this endpoint."""
        self._endpoints.append((address, port))

    @property
    def now(self) -> Places:
        """All that there were up to now; the same object while none comes."""
        if self._pods or self._endpoints:
            pods = (*self._now.pods, *self._pods)
            endpoints = (*self._now.endpoints, *self._endpoints)
            self._now = replace(self._now, pods=pods, endpoints=endpoints)
            self._pods, self._endpoints = [], []
        return self._now
