"""Parts of the compiled loop: who waits at a Pod, first come first served: a list of slots."""

from emu.engines.compiled.layout import NONE, Moving
from emu.kernel import part


@part
def join(m: Moving, slot: int, pod: int) -> None:
    """The request is the last in the Pod's backlog."""
    m.journeys[slot]["next"] = NONE
    last = m.backlogs[pod, 1]
    if last == NONE:
        m.backlogs[pod, 0] = slot
    else:
        m.journeys[last]["next"] = slot
    m.backlogs[pod, 1] = slot


@part
def take_first(m: Moving, pod: int) -> int:
    """Take the first slot out of a backlog in which there is one."""
    first = m.backlogs[pod, 0]
    m.backlogs[pod, 0] = m.journeys[first]["next"]
    if m.backlogs[pod, 0] == NONE:
        m.backlogs[pod, 1] = NONE
    return int(first)
