"""The cluster of a run while it changes: its control loops, and what actions do to it."""

from collections.abc import Generator, Iterator
from typing import Final

import simpy

from emu.control.api_server import ApiServer, NodeObject, PodObject
from emu.control.endpoint_slices import EndpointSlices
from emu.control.health_checks import HealthChecks
from emu.control.kube_proxies import KubeProxies
from emu.control.links import Links
from emu.control.log import Log
from emu.control.node_lifecycle import NodeLifecycle
from emu.control.registration import Registration
from emu.control.rules import Rules
from emu.control.timeline import timeline
from emu.control.traffic import Traffic
from emu.model import Model
from emu.model.live import Live
from emu.model.state import State
from emu.registry import Choice

_FOR_EVER: Final = 2**62

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
        self._env, self._model, self._live, self._state = env, model, live, state
        self._traffic, self._log = traffic, log
        self.api = ApiServer(env)
        self.rules = Rules(model, live, state, traffic, log)
        self.slices = EndpointSlices(self.api, live.cluster, live.rules.proxies)
        self.links = Links(live.ways, state)
        _register(self.api, live)
        self.kube_proxies = KubeProxies(
            env, live, self.api, self.slices, self.links, self.rules, log
        )
        self.health_checks = HealthChecks(env, model, live, state, self.links, self.rules, log)
        self.registration = Registration(
            env, model, live, state, self.api, self.slices, self.rules, self.health_checks
        )
        NodeLifecycle(env, live, self.api, self.links, log)
        self.cut_off, self.rejoin = self.links.cut_off, self.links.rejoin
        self.delay, self.lose, self.keep = self.links.delay, self.links.lose, self.links.keep
        self.cut = self.links.cut
        self.stop_api_server, self.start_api_server = self.api.stop, self.api.start

    def mend(self, between: tuple[str, str]) -> None:
        """A link carries packets again."""
        self.links.cut(between, by=-1)

    def silence_dns(self, nanoseconds: int | None) -> None:
        """No question for a name is answered for so long."""
        until = _FOR_EVER if nanoseconds is None else int(self._env.now) + nanoseconds
        silent_until = self._state.resolver["silent_until_ns"]
        silent_until[0] = max(silent_until[0], until)

    def change_strategy(self, load_balancer: str, strategy: Choice) -> None:
        """A load balancer picks backends by another strategy from now on."""
        for number, listener in enumerate(self._model.listeners):
            name, _ = self._model.places.load_balancers[listener.load_balancer]
            if name == load_balancer:
                self._state.change_strategy(number, strategy)
        self._traffic.refresh()

    def processes(self) -> Iterator[Process]:
        """All control loops of the cluster, in the order in which they begin at one instant."""
        yield from timeline(self._env, self._live.spec, self, self._log)  # type: ignore[arg-type]


def _register(api: ApiServer, live: Live) -> None:
    """The objects that there are at first: their Pods run already."""
    for number, node in enumerate(live.cluster.nodes):
        api.nodes[node.name] = NodeObject(node.name, number, node)
    for number, pod in enumerate(live.cluster.pods):
        node_number = live.numbers.node(pod.node_name or None)
        api.pods[pod.key] = PodObject(
            pod.key, pod, number=number, node=node_number, address=pod.ip, ready=pod.ready
        )
