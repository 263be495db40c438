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
