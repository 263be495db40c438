"""When the run's warm-up ends."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.quantities import AUTO
from emu.scenario.checks.subject import Subject

_PATH = ("spec", "warmup")


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """A warm-up that never ends, or that nothing is written to find from."""
    spec = subject.spec
    if spec.warmup != AUTO:
        if spec.duration is not None and spec.warmup >= spec.duration:
            yield subject.place.mistake(_PATH, "must be shorter than the duration")
        return
    if spec.log != "requests":
        rule = "is found from the rows of all requests: give a time, or log: requests"
        yield subject.place.mistake(_PATH, rule)
    if any(behaviour.discipline == "processor_sharing" for behaviour in spec.behaviours):
        rule = (
            "must be a time with the discipline processor_sharing, whose busy time is counted from"
            " then on"
        )
        yield subject.place.mistake(_PATH, rule)
    workers = max((behaviour.workers for behaviour in spec.behaviours), default=1)
    limits = {pod.key: pod.cpu_limit for pod in subject.cluster.pods}
    held_up = [name for name, limit in limits.items() if limit is not None and limit < workers]
    if held_up:
        rule = (
            f"must be a time where a Pod's CPU limit is below its workers ({held_up[0]}), for its"
            " CPU time is counted from then on"
        )
        yield subject.place.mistake(_PATH, rule)
