"""Sizes that no run could hold, refused before anything is made of them."""

from collections.abc import Iterator
from typing import Final

from emu.errors import Mistake
from emu.scenario.description import ScenarioSpec
from emu.scenario.objects import Objects
from emu.scenario.place import Place

MOST_NODES: Final = 5_000
"""As many nodes as Kubernetes itself is tested with."""
MOST_PODS: Final = 100_000
MOST_CLIENTS: Final = 100_000
"""Half of them would still have addresses of their own."""


def sizes(spec: ScenarioSpec, place: Place, objects: Objects) -> Iterator[Mistake]:
    """What is too large, of a scenario that is not completed yet."""
    cluster = objects.cluster
    nodes = len(cluster.nodes) + sum(pool.nodes for pool in spec.node_pools)
    pods = len(cluster.pods) + sum(found.spec.replicas for found in cluster.deployments)
    if nodes > MOST_NODES:
        rule = f"must be at most {MOST_NODES:,} nodes in all; there are {nodes:,}"
        yield place.missing(("spec", "nodePools"), rule)
    if pods > MOST_PODS:
        rule = f"must be at most {MOST_PODS:,} Pods in all; there are {pods:,}"
        where = objects.place_of(cluster.deployments[0]) if cluster.deployments else place
        yield where.missing(("spec", "replicas") if cluster.deployments else (), rule)
    if len(spec.clients) > MOST_CLIENTS:
        rule = f"must be at most {MOST_CLIENTS:,} clients; there are {len(spec.clients):,}"
        yield place.missing(("spec", "clients"), rule)
