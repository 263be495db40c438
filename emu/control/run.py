"""What the control loops of one run share."""

from dataclasses import dataclass

import simpy

from emu.control.api_server import ApiServer
from emu.control.log import Log
from emu.control.rules import Rules
from emu.control.speeds import Speeds
from emu.control.traffic import Traffic
from emu.model import Model
from emu.model.live import Live
from emu.model.state import State


@dataclass(frozen=True)
class Run:
    """Its clock, what it is about, what engines read, and whom to tell."""

    env: simpy.Environment
    model: Model
    live: Live
    state: State
    traffic: Traffic
    log: Log
    api: ApiServer
    rules: Rules
    speeds: Speeds

    @property
    def now(self) -> int:
        """The time, in nanoseconds."""
        return int(self.env.now)

    def listen(self, pod: int, port: int) -> None:
        """From now on a Pod's process listens there; at `CLOSED` or `GONE` none does."""
        self.state.pods["app_port"][pod] = port
        self.rules.listens()

    def is_heard(self, node: int) -> bool:
        """Whether the kubelet of a node is heard, and hears: while its node is ready."""
        return self.api.nodes[self.live.cluster.nodes[node].name].ready

    def tell(
        self, kind: str, object_: str, cause: str | None = None, detail: str | None = None
    ) -> None:
        """Write down that something has happened."""
        self.log.write_event(self.now, kind, object_, cause, detail)
