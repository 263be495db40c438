"""What control loops know of a scenario whose cluster changes while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.model.delays import Ways
from emu.model.resources import may_be_killed
from emu.model.services import RuleTable
from emu.scenario import Cluster, ScenarioSpec
from emu.scenario.behaviours import behaviour_of
from emu.scenario.cluster import qualified
from emu.scenario.kubernetes import Deployment


@dataclass(frozen=True)
class Live:
    """The description, and what of the model is made anew as the cluster changes.

    ``rules`` are those at first; ``templates`` the Pods of each Deployment (``namespace/name``) as
    an `emu.hops.pod.POD` that is on no node yet; ``ways`` finds links in the tables of the network.
    """

    spec: ScenarioSpec
    cluster: Cluster
    rules: RuleTable
    templates: Mapping[str, np.void]
    ways: Ways


class Room(NamedTuple):
    """How many Pods and endpoints there may ever be in a run, those that are gone included."""

    pods: int
    endpoints: int


def changes(spec: ScenarioSpec, cluster: Cluster) -> bool:
    """Whether anything about the cluster may change in a run."""
    mortal = any(
        pod.spec.probed or may_be_killed(pod, behaviour_of(pod, spec.behaviours))
        for pod in cluster.pods
    )
    grows = any(node.provisioning is not None for node in cluster.nodes)
    return bool(spec.timeline or spec.faults or cluster.autoscalers or mortal or grows)


def growth_of(spec: ScenarioSpec, cluster: Cluster) -> dict[str, int]:
    """How many more Pods each Deployment (``namespace/name``) may be to have than at first."""
    most = {its.key: its.spec.replicas for its in cluster.deployments}
    asked = [(its.deployment, its.spec.max_replicas) for its in cluster.autoscalers]
    done = (*spec.timeline, *((its.name, its.options) for its in spec.faults))
    asked += [(qualified(its.deployment), its.replicas) for name, its in done if name == "scale"]
    for deployment, replicas in asked:
        most[deployment] = max(most[deployment], replicas)
    return {its.key: most[its.key] - its.spec.replicas for its in cluster.deployments}


def room_for(cluster: Cluster, pods: int, endpoints: int, growth: Mapping[str, int] | None) -> Room:
    """Room for what there is; where the cluster may change, for eight times the Pods that there are
    at first or may come to be at once, and 20,000 more, as endpoints of every Service port that
    selects them, reached and lost."""
    if growth is None:
        return Room(pods, endpoints)
    more = 7 * pods + 8 * sum(growth.values()) + 20_000
    ports = max((_ports_of(cluster, its) for its in cluster.deployments), default=0)
    return Room(pods + more, endpoints + more * max(2 * ports, 1))


def _ports_of(cluster: Cluster, deployment: Deployment) -> int:
    """How many Service ports select a Deployment's Pods."""
    labels = deployment.spec.template.metadata.labels
    return sum(
        len(its.ports) for its in cluster.services if its.selects(deployment.namespace, labels)
    )


def live_of(
    spec: ScenarioSpec,
    cluster: Cluster,
    rules: RuleTable,
    templates: NDArray[np.void],
    ways: Ways,
) -> Live:
    """What control loops know; ``templates`` are in the order of the Deployments."""
    owned = zip(cluster.deployments, templates, strict=True)
    return Live(spec, cluster, rules, {its.key: row for its, row in owned}, ways)
