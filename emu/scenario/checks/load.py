"""How much is asked of the run, and of the Pods."""

from collections.abc import Iterator
from typing import Final

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.description import ScenarioSpec
from emu.scenario.kubernetes import selects
from emu.units import SECOND
from emu.workload import ARRIVALS

MOST_REQUESTS: Final = 2**40
"""What the numbering of requests has room for."""


def offered(spec: ScenarioSpec) -> float:
    """The mean number of requests that all clients send in a second."""
    rates: Iterator[float] = (
        ARRIVALS[client.arrivals.name].rate(client.arrivals.options) for client in spec.clients
    )
    return sum(rates)


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """A warm-up that never ends, and more requests than can be numbered."""
    spec = subject.spec
    if spec.duration is None:
        return
    if spec.warmup >= spec.duration:
        yield subject.place.mistake(("spec", "warmup"), "must be shorter than the duration")
    requests = offered(spec) * spec.duration / SECOND
    if requests > MOST_REQUESTS / 2:
        rule = f"must not mean about {requests:.2g} requests; {MOST_REQUESTS / 2:.2g} are the most"
        yield subject.place.mistake(("spec", "duration"), rule)


def warnings(subject: Subject) -> Iterator[str]:
    """Behaviours that hold for no Pod."""
    for number, behaviour in enumerate(subject.spec.behaviours):
        if not any(
            selects(behaviour.selector, pod.labels) and behaviour.namespace in (None, pod.namespace)
            for pod in subject.cluster.pods
        ):
            yield f"spec.behaviours[{number}] selects no Pod"
