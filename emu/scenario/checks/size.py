"""Sizes that no run could hold, refused before anything is made of them."""

from collections.abc import Iterator
from typing import Final

from emu.errors import Mistake
from emu.scenario.description import ScenarioSpec
from emu.scenario.objects import Objects
from emu.scenario.place import Place

MOST_NODES: Final = 5_000
"""As many nodes as Kubernetes itself is tested with."""
MOST_PODS: Final = 50_000
"""As many as a resolved scenario can hold and still be read (`yaml_reader.MOST_NODES`)."""
MOST_CLIENTS: Final = 100_000
"""Half of them would still have addresses of their own."""


def sizes(spec: ScenarioSpec, place: Place, objects: Objects) -> Iterator[Mistake]:
    """What is too large, of a scenario that is not completed yet."""
    cluster = objects.cluster
    nodes = len(cluster.nodes) + sum(pool.nodes for pool in spec.node_pools)
    replicas = sum(found.spec.replicas for found in cluster.deployments)
    if nodes > MOST_NODES:
        rule = f"must be at most {MOST_NODES:,} nodes in all; there are {nodes:,}"
        yield place.missing(("spec", "nodePools"), rule)
    if replicas > MOST_PODS:
        rule = f"must be at most {MOST_PODS:,} in all Deployments; there are {replicas:,}"
        yield objects.place_of(cluster.deployments[0]).missing(("spec", "replicas"), rule)
    if len(cluster.pods) > MOST_PODS:
        rule = f"must be at most {MOST_PODS:,} Pods in all; there are {len(cluster.pods):,}"
        yield objects.place_of(cluster.pods[MOST_PODS]).missing((), rule)
    if len(spec.clients) > MOST_CLIENTS:
        rule = f"must be at most {MOST_CLIENTS:,} clients; there are {len(spec.clients):,}"
        yield place.missing(("spec", "clients"), rule)
