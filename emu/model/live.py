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


def room_for(pods: int, endpoints: int, services: int, live: bool) -> Room:
    """Room for what there is; in a run that is ``live`` for eight times the Pods that there are at
    first, and a thousand more."""
    more = 7 * pods + 1000 if live else 0
    return Room(pods + more, endpoints + more * max(services, 1))


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
