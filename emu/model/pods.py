"""The Pods of a scenario as rows of `emu.hops.pod.POD`, with the behaviour that selects each."""

import numpy as np
from numpy.typing import NDArray

from emu.hops.pod import POD
from emu.hops.sharing import CORES, QUOTA
from emu.model.numbers import Numbers
from emu.model.resources import throttles
from emu.registry import Choice
from emu.scenario import Behaviour, Pod, Speeds
from emu.scenario.kubernetes import Deployment
from emu.scenario.placement import pod_of

DEFAULT_APP_PORT = 8080
"""Where a process listens whose Pod declares no port."""


def _shared(pod: Pod, behaviour: Behaviour) -> int:
    """What its workers share: see `emu.hops.sharing`."""
    cores = CORES if behaviour.discipline == "processor_sharing" else 0
    return cores | (QUOTA if throttles(pod, behaviour.workers) else 0)


def pod_table(
    pods: tuple[Pod, ...],
    behaviours: list[Behaviour],
    speeds: Speeds,
    numbers: Numbers,
    choices: list[Choice],
) -> NDArray[np.void]:
    """The Pods, idle; their service times are added to ``choices``, one for each behaviour.

    ``service_time`` is a position in ``choices``.
    """
    rows = np.zeros(len(pods), POD)
    positions: dict[int, int] = {}
    for row, pod, behaviour in zip(rows, pods, behaviours, strict=True):
        if id(behaviour) not in positions:
            positions[id(behaviour)] = len(choices)
            choices.append(behaviour.service_time)
        declared = [port.container_port for port in pod.container_ports]
        row["node"] = numbers.node(pod.node_name or None)
        row["app_port"] = behaviour.app_port or (declared or [DEFAULT_APP_PORT])[0]
        row["workers"], row["backlog"] = behaviour.workers, behaviour.backlog
        row["shared"] = _shared(pod, behaviour)
        row["service_time"] = positions[id(behaviour)]
        row["speed"] = behaviour.speed * speeds.nodes.get(pod.node_name, 1.0)
    for reference, speed in speeds.pods.items():
        rows[numbers.pod(reference)]["speed"] *= speed
    return rows


def template_of(deployment: Deployment) -> Pod:
    """A Pod of a Deployment that is on no node yet."""
    return pod_of(deployment, deployment.name, "")
