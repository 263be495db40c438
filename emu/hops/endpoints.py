"""Which endpoints of a Service may be used from a node.

The words, after kube-proxy's ``CategorizeEndpoints`` (Kubernetes, pkg/proxy/topology.go):

- an endpoint is *usable* if it is ready; where no endpoint is, those are that are *serving and
  terminating* (KEP-1669), for both policies by themselves;
- the policy ``Cluster`` uses every usable endpoint, or only those hinted for this node, else for
  its zone: if every ready endpoint has such hints, and one of them is for this node or zone;
- the policy ``Local`` uses those on this node, hints or not.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple


class Endpoint(NamedTuple):
    """One address and port behind a Service, in the state in which a node sees it.

    ``node`` is empty where nobody says on which one it is. ``for_nodes`` and ``for_zones`` are the
    hints of its slice. ``host`` is whether its address is its node's own (``hostNetwork``).
    """

    address: str
    port: int
    node: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    for_nodes: frozenset[str] = frozenset()
    for_zones: frozenset[str] = frozenset()
    host: bool = False

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class Usable(NamedTuple):
    """What a node may use: under either policy, and under ``Cluster`` if no hints counted."""

    cluster: tuple[Endpoint, ...]
    local: tuple[Endpoint, ...]
    unhinted: tuple[Endpoint, ...]

    @property
    def anywhere(self) -> bool:
        """Whether any node has an endpoint at all."""
        return bool(self.unhinted)

    @property
    def reachable(self) -> tuple[Endpoint, ...]:
        """The endpoints of either policy, each once, in their order."""
        missing = [endpoint for endpoint in self.local if not _holds(self.cluster, endpoint)]
        return tuple(sorted((*self.cluster, *missing), key=str)) if missing else self.cluster


def _holds(ordered: tuple[Endpoint, ...], endpoint: Endpoint) -> bool:
    place = bisect_left(ordered, str(endpoint), key=str)
    return place < len(ordered) and ordered[place] == endpoint


class Endpoints:
    """All endpoints of a Service port, in kube-proxy's order: that of their text.

    Of several with one address and port, the first counts on every node but the ones that a later
    one is on: there that one does.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._first: dict[str, Endpoint] = {}
        self._on: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            self._first.setdefault(str(endpoint), endpoint)
            if endpoint.node:
                self._on.setdefault(endpoint.node, {})[str(endpoint)] = endpoint
        self._cluster = _Cluster(_ordered(self._first))

    def __repr__(self) -> str:
        return f"Endpoints({[*self._first.values(), *self._on.items()]})"

    @property
    def everywhere(self) -> tuple[Endpoint, ...]:
        """All of them, each address and port once, whatever their state."""
        return _ordered(self._first)

    def usable(self, node: str, zone: str) -> Usable:
        """What the node may use, under both policies."""
        here = self._on.get(node, {})
        cluster = self._cluster
        if any(self._first[text] is not endpoint for text, endpoint in here.items()):
            cluster = _Cluster(_ordered(self._first | here))
        return Usable(cluster.usable(node, zone), _usable(_ordered(here)), cluster.unhinted)


def _ordered(endpoints: dict[str, Endpoint]) -> tuple[Endpoint, ...]:
    return tuple(endpoints[text] for text in sorted(endpoints))


def _usable(endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    """The ready ones; where there is none, those that are serving and terminating."""
    ready = tuple(e for e in endpoints if e.ready)
    return ready or tuple(e for e in endpoints if e.serving and e.terminating)


class _Cluster:
    """Endpoints under the policy ``Cluster``: those for a node, or a zone, are found once."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self.unhinted = _usable(endpoints)
        ready = [e for e in self.unhinted if e.ready]
        self._nodes = _hinted([e.for_nodes for e in ready])
        self._zones = _hinted([e.for_zones for e in ready])
        self._by_zone: dict[str, tuple[Endpoint, ...]] = {}

    def usable(self, node: str, zone: str) -> tuple[Endpoint, ...]:
        """What a node there may use."""
        if node in self._nodes:
            return tuple(e for e in self.unhinted if node in e.for_nodes)
        if zone not in self._zones:
            return self.unhinted
        if zone not in self._by_zone:
            self._by_zone[zone] = tuple(e for e in self.unhinted if zone in e.for_zones)
        return self._by_zone[zone]


def _hinted(hints: list[frozenset[str]]) -> frozenset[str]:
    """The places that have a hint, where every endpoint has one; else none counts."""
    return frozenset().union(*hints) if all(hints) else frozenset()
