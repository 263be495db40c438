"""The memory of Pods."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.scenario.behaviours import behaviour_of
from emu.scenario.checks.subject import Subject
from emu.scenario.kubernetes import Pod
from emu.scenario.placement import pod_of


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Behaviours whose memory at rest is above the limit of a Pod that they hold for."""
    spec, cluster = subject.spec, subject.cluster
    templates = (pod_of(its, its.name, "") for its in cluster.deployments)
    found: dict[int, Pod] = {}
    for pod in (*cluster.pods, *templates):
        memory, limit = behaviour_of(pod, spec.behaviours).memory, pod.memory_limit
        if memory is not None and limit is not None and memory.base > limit:
            found.setdefault(id(memory), pod)
    for number, behaviour in enumerate(spec.behaviours):
        if (killed := found.get(id(behaviour.memory))) is not None:
            rule = f"must be at most {killed.memory_limit:,}, the memory limit of {killed.key}"
            yield subject.place.mistake(("spec", "behaviours", number, "memory", "base"), rule)
