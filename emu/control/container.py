"""A Pod's container, the one that serves, as its kubelet knows it."""

from dataclasses import dataclass

from emu.control.api_server import PodObject
from emu.scenario import Behaviour


@dataclass(eq=False)
class Container:
    """Its Pod, how it behaves and at which ``port`` it listens when it does, and its state.

    ``ending`` is whether the Pod's end has begun. ``turn`` counts what is done to it: whatever a
    process still means to do is void when it is another. ``back_off_ns`` is how long the next start
    will wait, ``restarted_ns`` when it was last started again.
    """

    pod: PodObject
    behaviour: Behaviour
    port: int
    running: bool = False
    ready: bool = False
    ending: bool = False
    turn: int = 0
    starts: int = 0
    node_failures: int = 0
    back_off_ns: int = 0
    restarted_ns: int = 0
