"""From the scenario's links to the tables of `emu.hops.network`.

The graph is a networkx one: hosts, the user's switches, and the fabric, to which every host has a
default link (but a client with a link of its own has no other). The way between two places is the
one with the fewest default links, then with the least mean latency.
"""

from collections.abc import Sequence
from itertools import pairwise

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from emu.distributions import mean_of
from emu.errors import Mistake, ScenarioError
from emu.hops.network import CONSTANT_NS, FIRST_LINK, LEG, PS_PER_BYTE
from emu.registry import Choice
from emu.scenario import Network
from emu.units import SECOND

FABRIC = "fabric"
_DEFAULT_LINK_WEIGHT = 1e6 * SECOND


def topology(network: Network, hosts: Sequence[str], first_client: int) -> nx.Graph:
    """The graph of all places; each edge has ``latency`` (a Choice) and ``bandwidth``.

    The hosts from ``first_client`` on are clients outside. Raises ScenarioError where a place has
    no way to the fabric.
    """
    graph = nx.Graph()
    graph.add_node(FABRIC)
    linked = {name for link in network.links for name in link.between}
    for number, host in enumerate(hosts):
        if number < first_client:
            _link(graph, host, FABRIC, network.internal, None, _DEFAULT_LINK_WEIGHT)
        elif host not in linked:
            _link(graph, host, FABRIC, network.external, None, _DEFAULT_LINK_WEIGHT)
    for link in network.links:
        _link(graph, *link.between, link.latency, link.bandwidth, 0.0)
    cut_off = set(graph) - nx.node_connected_component(graph, FABRIC)
    if cut_off:
        names = ", ".join(sorted(cut_off))
        rule = f"must leave a way from every place to the {FABRIC}; cut off: {names}"
        raise ScenarioError([Mistake("", 0, "spec.network.links", "", rule)])
    return graph


def _link(
    graph: nx.Graph, a: str, b: str, latency: Choice, bandwidth: int | None, weight: float
) -> None:
    mean = min(mean_of(latency), _DEFAULT_LINK_WEIGHT / 1000)
    graph.add_edge(a, b, latency=latency, bandwidth=bandwidth, weight=weight + mean + 1.0)


class DelayTable:
    """The ways between hosts, as `emu.hops.network.NetworkTable` wants them.

    ``distributions`` is the model's list of distributions, to which the links' are added; the
    numbers in the tables are positions in it until `placed` turns them into places.
    """

    def __init__(self, graph: nx.Graph, hosts: Sequence[str], distributions: list[Choice]) -> None:
        self._graph = graph
        self._distributions = distributions
        leaves = {host for host in hosts if graph.degree(host) == 1}
        self._core = [name for name in graph if name not in leaves]
        self._numbers = {name: number for number, name in enumerate(self._core)}
        self.legs = np.array([self._leg(host) for host in hosts], LEG)
        self.core = self._core_ways()

    def _leg(self, host: str) -> tuple[int, int, int, int]:
        if host in self._numbers:
            return self._numbers[host], -1, 0, 0
        (neighbour,) = self._graph[host]
        constant, per_byte, drawn = self._cost([host, neighbour])
        return self._numbers[neighbour], drawn[0] if drawn else -1, constant, per_byte

    def _cost(self, way: list[str]) -> tuple[int, int, list[int]]:
        """Constant nanoseconds, picoseconds a byte, and the drawn links of a way."""
        constant, per_byte, drawn = 0, 0, []
        for a, b in pairwise(way):
            link = self._graph[a][b]
            if link["latency"].name == "constant":
                constant += link["latency"].options.value
            else:
                drawn.append(self._number(link))
            if link["bandwidth"]:
                per_byte += 8 * 10**12 // link["bandwidth"]
        return constant, per_byte, drawn

    def _number(self, link: dict[str, object]) -> int:
        """The number of the link's distribution; both directions share it."""
        if "number" not in link:
            link["number"] = len(self._distributions)
            self._distributions.append(link["latency"])  # type: ignore[arg-type]
        return link["number"]  # type: ignore[return-value]

    def _core_ways(self) -> NDArray[np.int64]:
        core = self._graph.subgraph(self._core)
        costs = {
            (a, b): self._cost(way)
            for a, ways in nx.all_pairs_dijkstra_path(core, weight="weight")
            for b, way in ways.items()
        }
        longest = max(len(drawn) for _, _, drawn in costs.values())
        table = np.full((len(self._core), len(self._core), FIRST_LINK + longest + 1), -1, np.int64)
        for (a, b), (constant, per_byte, drawn) in costs.items():
            row = table[self._numbers[a], self._numbers[b]]
            row[CONSTANT_NS], row[PS_PER_BYTE] = constant, per_byte
            row[FIRST_LINK : FIRST_LINK + len(drawn)] = drawn
        return table

    def placed(self, places: tuple[int, ...]) -> None:
        """Turn numbers of distributions into their places in the table."""
        lookup = np.array([*places, -1], np.int64)
        self.legs["distribution"] = lookup[self.legs["distribution"]]
        self.core[:, :, FIRST_LINK:] = lookup[self.core[:, :, FIRST_LINK:]]
