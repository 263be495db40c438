"""From the scenario's links to the tables of `emu.hops.network`.

The graph has hosts, the user's switches, and the fabric, to which every host has a default link
(but a client with a link of its own has no other). The way between two places is the one with the
fewest default links, then with the least mean latency; networkx finds it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from emu.distributions import mean_of
from emu.errors import Mistake, ScenarioError
from emu.hops.network import CONSTANT_NS, CUT, DRAWN, FIRST_LINK, LEG, LOSS, PS_PER_BYTE
from emu.registry import Choice
from emu.scenario import Network
from emu.units import SECOND

if TYPE_CHECKING:
    import networkx as nx

FABRIC = "fabric"
_DEFAULT_LINK_WEIGHT = 1e6 * SECOND


@dataclass
class Link:
    """What joins two places; ``number`` is that of its distribution, once it has one."""

    latency: Choice
    bandwidth: int | None
    weight: float
    number: int | None = None


Topology: TypeAlias = Mapping[str, Mapping[str, Link]]
"""The neighbours of each place by name, and the link to each; either end has the same `Link`."""


def topology(network: Network, hosts: Sequence[str], first_client: int) -> Topology:
    """The graph of all places.

    The hosts from ``first_client`` on are clients outside. Raises ScenarioError where a place has
    no way to the fabric.
    """
    graph: dict[str, dict[str, Link]] = {FABRIC: {}}
    linked = {name for link in network.links for name in link.between}
    for number, host in enumerate(hosts):
        if number < first_client:
            _join(graph, host, FABRIC, network.internal, None, _DEFAULT_LINK_WEIGHT)
        elif host not in linked:
            _join(graph, host, FABRIC, network.external, None, _DEFAULT_LINK_WEIGHT)
    for link in network.links:
        _join(graph, *link.between, link.latency, link.bandwidth, 0.0)
    if network.links:
        _check_whole(graph)
    return graph


def _join(
    graph: dict[str, dict[str, Link]], a: str, b: str, latency: Choice, bandwidth: int | None,
    weight: float,
) -> None:  # fmt: skip
    mean = min(mean_of(latency), _DEFAULT_LINK_WEIGHT / 1000)
    link = Link(latency, bandwidth, weight + mean + 1.0)
    graph.setdefault(a, {})[b] = graph.setdefault(b, {})[a] = link


def _check_whole(graph: Topology) -> None:
    import networkx as nx

    cut_off = set(graph) - {FABRIC} - nx.descendants(_among(graph, graph), FABRIC)
    if cut_off:
        names = ", ".join(sorted(cut_off))
        rule = f"must leave a way from every place to the {FABRIC}; cut off: {names}"
        raise ScenarioError([Mistake("", 0, "spec.network.links", "", rule)])


def _among(graph: Topology, places: Collection[str]) -> "nx.DiGraph":
    """These places and the links between them, both ways, in the order in which they are given.

    Of ways that are equally good the order decides.
    """
    import networkx as nx

    made = nx.DiGraph()
    made.add_nodes_from(places)
    for place in places:
        for neighbour, link in graph[place].items():
            if neighbour in made:
                made.add_edge(place, neighbour, weight=link.weight)
    return made


class DelayTable:
    """The ways between hosts, as `emu.hops.network.NetworkTable` wants them.

    ``distributions`` is the model's list of distributions, to which the links' are added; the
    numbers in the tables are positions in it until `placed` turns them into places.
    """

    def __init__(self, graph: Topology, hosts: Sequence[str], distributions: list[Choice]) -> None:
        self._graph, self._hosts = graph, hosts
        self._distributions = distributions
        leaves = {host for host in hosts if len(graph[host]) == 1}
        self._core = [name for name in graph if name not in leaves]
        self._numbers = {name: number for number, name in enumerate(self._core)}
        self.legs = np.array([self._leg(host) for host in hosts], LEG)
        self.core = self._core_ways()

    def _leg(self, host: str) -> tuple[int, int, int, int, float, int, int]:
        if host in self._numbers:
            return self._numbers[host], -1, 0, 0, 0.0, 0, 0
        (neighbour,) = self._graph[host]
        constant, per_byte, drawn = self._cost([host, neighbour])
        distribution = drawn[0] if drawn else -1
        return self._numbers[neighbour], distribution, constant, per_byte, 0.0, 0, bool(drawn)

    def _cost(self, way: list[str]) -> tuple[int, int, list[int]]:
        """Constant nanoseconds, picoseconds a byte, and the drawn links of a way."""
        constant, per_byte, drawn = 0, 0, []
        for a, b in pairwise(way):
            link = self._graph[a][b]
            if link.latency.name == "constant":
                constant += link.latency.options.value
            else:
                drawn.append(self._number(link))
            if link.bandwidth:
                per_byte += 8 * 10**12 // link.bandwidth
        return constant, per_byte, drawn

    def _number(self, link: Link) -> int:
        """The number of the link's distribution; both directions share it."""
        if link.number is None:
            link.number = len(self._distributions)
            self._distributions.append(link.latency)
        return link.number

    def _core_ways(self) -> NDArray[np.int64]:
        costs = {(way[0], way[-1]): self._cost(way) for way in _best_ways(self._graph, self._core)}
        longest = max(len(drawn) for _, _, drawn in costs.values())
        table = np.full((len(self._core), len(self._core), FIRST_LINK + longest + 1), -1, np.int64)
        for (a, b), (constant, per_byte, drawn) in costs.items():
            row = table[self._numbers[a], self._numbers[b]]
            row[CONSTANT_NS], row[PS_PER_BYTE] = constant, per_byte
            row[DRAWN], row[CUT], row[LOSS] = bool(drawn), 0, 0
            row[FIRST_LINK : FIRST_LINK + len(drawn)] = drawn
        return table

    @property
    def ways(self) -> "Ways":
        """Where links are in the tables."""
        return Ways(self._graph, self._hosts, self._core)

    def placed(self, places: tuple[int, ...]) -> None:
        """Turn numbers of distributions into their places in the table."""
        lookup = np.array([*places, -1], np.int64)
        self.legs["distribution"] = lookup[self.legs["distribution"]]
        self.core[:, :, FIRST_LINK:] = lookup[self.core[:, :, FIRST_LINK:]]


def _best_ways(graph: Topology, places: Sequence[str]) -> Iterator[list[str]]:
    """The best way from each place to each, itself included, over these places."""
    if len(places) == 1:
        yield [*places]
        return
    import networkx as nx  # a tenth of a second, and without links the fabric is the whole core

    for _, ways in nx.all_pairs_dijkstra_path(_among(graph, places), weight="weight"):
        yield from ways.values()


class Ways:
    """Which entries of the tables of the network a link is part of."""

    def __init__(self, graph: Topology, hosts: Sequence[str], core: Sequence[str]) -> None:
        self._hosts = {host: number for number, host in enumerate(hosts)}
        self._core = {name: number for number, name in enumerate(core)}
        self._graph = graph

    @property
    def fabric(self) -> int:
        """The vertex of the fabric in the core."""
        return self._core[FABRIC]

    def place(self, name: str) -> int:
        """The vertex of a host."""
        return self._hosts[name]

    def leg(self, between: tuple[str, str]) -> int | None:
        """The vertex whose leg the link is; None where it is part of the core."""
        leaf = next((name for name in between if name not in self._core), None)
        return None if leaf is None else self._hosts[leaf]

    def core(self, between: tuple[str, str]) -> list[tuple[int, int]]:
        """The ways through the core that go over the link, each both ways."""
        found = []
        for way in _best_ways(self._graph, [*self._core]):
            if any(set(step) == set(between) for step in pairwise(way)):
                found.append((self._core[way[0]], self._core[way[-1]]))
        return found
