"""The cluster of a run while it changes: its control loops, and what actions do to it."""

from collections.abc import Generator, Iterator

import simpy

from emu.control.api_server import ApiServer
from emu.control.endpoint_slices import EndpointSlices
from emu.control.links import Links
from emu.control.log import Log
from emu.control.rules import Rules
from emu.control.timeline import timeline
from emu.control.traffic import Traffic
from emu.model import Model
from emu.model.live import Live
from emu.model.state import State

Process = Generator[simpy.Event, None, None]


class LiveCluster:
    """Puts the control loops of a run together; it is the `emu.timeline.World` of its actions."""

    def __init__(
        self,
        env: simpy.Environment,
        model: Model,
        live: Live,
        state: State,
        traffic: Traffic,
        log: Log,
    ) -> None:
        self._env, self._live, self._log = env, live, log
        self.api = ApiServer(env)
        self.rules = Rules(model, live, state, traffic, log)
        self.slices = EndpointSlices(self.api, live.cluster, live.rules.proxies)
        self.links = Links(live.ways, state)
        self.cut_off, self.rejoin = self.links.cut_off, self.links.rejoin
        self.delay, self.lose, self.keep = self.links.delay, self.links.lose, self.links.keep
        self.cut = self.links.cut
        self.stop_api_server, self.start_api_server = self.api.stop, self.api.start

    def mend(self, between: tuple[str, str]) -> None:
        """A link carries packets again."""
        self.links.cut(between, by=-1)

    def processes(self) -> Iterator[Process]:
        """All control loops of the cluster, in the order in which they begin at one instant."""
        yield from timeline(self._env, self._live.spec, self, self._log)  # type: ignore[arg-type]
