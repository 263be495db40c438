"""Which behaviour holds for a Pod."""

from emu.scenario.description import Behaviour
from emu.scenario.kubernetes import Pod

_DEFAULT = Behaviour()


def behaviour_of(pod: Pod, behaviours: tuple[Behaviour, ...]) -> Behaviour:
    """The first behaviour that selects the Pod, or the default one."""
    for behaviour in behaviours:
        labels = behaviour.selector.items()
        if behaviour.namespace in (None, pod.namespace) and labels <= pod.labels.items():
            return behaviour
    return _DEFAULT
