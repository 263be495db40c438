"""The cluster of a run while it changes: its control loops, and what actions do to it."""

from collections.abc import Generator, Iterator
from typing import Final

import simpy

from emu.control.api_server import ApiServer, NodeObject
from emu.control.autoscaler import Autoscaler
from emu.control.deployments import Deployments
from emu.control.endpoint_slices import EndpointSlices
from emu.control.health_checks import HealthChecks
from emu.control.kube_proxies import KubeProxies
from emu.control.kubelet import Kubelets
from emu.control.links import Links
from emu.control.log import Log
from emu.control.metrics_server import MetricsServer
from emu.control.node_lifecycle import NodeLifecycle
from emu.control.node_pools import NodePools
from emu.control.objects import delete, register
from emu.control.registration import Registration
from emu.control.rules import Rules
from emu.control.run import Run
from emu.control.scheduler import Scheduler
from emu.control.speeds import Speeds
from emu.control.timeline import Timeline
from emu.control.traffic import Traffic
from emu.model import Model
from emu.model.live import Live
from emu.model.state import State
from emu.registry import Choice
from emu.scenario.cluster import qualified

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
        speeds: Speeds,
    ) -> None:
        self.api = ApiServer()
        register(self.api, live.cluster)
        self.rules = Rules(model, live, state, traffic, log)
        run = Run(env, model, live, state, traffic, log, self.api, self.rules, speeds)
        self._run = run
        self.slices = EndpointSlices(run)
        self.links = Links(live.ways, state)
        self.kube_proxies = KubeProxies(run, self.slices, self.links)
        self.health_checks = HealthChecks(run, self.links)
        self.registration = Registration(run, self.slices, self.health_checks)
        NodeLifecycle(run, self.links)
        self.kubelets, self.scheduler = Kubelets(run), Scheduler(run)
        traffic.watch_memory(self.kubelets.kill)
        self.node_pools = NodePools(run, self.links, self.scheduler)
        self.deployments = Deployments(run)
        scaled = [its.deployment for its in live.cluster.autoscalers]
        self.metrics = MetricsServer(run, scaled)
        self.autoscalers = [
            Autoscaler(run, its, number, self.metrics, self.deployments)
            for number, its in enumerate(live.cluster.autoscalers)
        ]
        self.crash = self.kubelets.crash
        self._slowed: dict[tuple[str, float], list[int]] = {}
        self.cut_off, self.rejoin = self.links.cut_off, self.links.rejoin
        self.delay, self.lose, self.keep = self.links.delay, self.links.lose, self.links.keep
        self.cut = self.links.cut
        self.stop_api_server, self.start_api_server = self.api.stop, self.api.start

    def mend(self, between: tuple[str, str]) -> None:
        """A link carries packets again."""
        self.links.cut(between, by=-1)

    def silence_dns(self, nanoseconds: int | None) -> None:
        """No question for a name is answered for so long."""
        until = _FOR_EVER if nanoseconds is None else self._run.now + nanoseconds
        silent_until = self._run.state.resolver["silent_until_ns"]
        silent_until[0] = max(silent_until[0], until)

    def change_strategy(self, load_balancer: str, strategy: Choice) -> None:
        """A load balancer picks backends by another strategy from now on."""
        model = self._run.model
        for number, listener in enumerate(model.listeners):
            name, _ = model.places.load_balancers[listener.load_balancer]
            if name == load_balancer:
                self._run.state.change_strategy(number, strategy)
        self._run.traffic.refresh()

    def fail(self, node: str) -> None:
        """A node stops, and what comes to it is lost."""
        self.links.cut_off(node)
        self.kubelets.fail(self.api.nodes[node].number)

    def start(self, node: str) -> None:
        """It starts again."""
        self.links.rejoin(node)
        self.kubelets.start(self.api.nodes[node].number)

    def slow(self, pod: str, speed: float) -> None:
        """A Pod's speed is multiplied by this, if it is there."""
        number = self.kubelets.number(pod)
        if number is not None:
            self._slowed.setdefault((pod, speed), []).append(number)
            self._run.speeds.multiply(number, speed)

    def release(self, pod: str, speed: float) -> None:
        """It is so no longer."""
        if self._slowed.get((pod, speed)):
            self._run.speeds.release(self._slowed[pod, speed].pop(), speed)

    def drain(self, node: str) -> None:
        """A node takes no more Pods, and those on it end."""
        self.api.write(lambda: self._drain(self.api.nodes[node]))

    def uncordon(self, node: str) -> None:
        """It takes Pods again."""
        self.api.write(lambda: self._uncordon(self.api.nodes[node]))

    def roll_out(self, deployment: str) -> None:
        """A Deployment's Pods are replaced by others of a new revision."""
        self.deployments.roll_out(qualified(deployment))

    def scale(self, deployment: str, replicas: int) -> None:
        """A Deployment is to have so many Pods."""
        self.deployments.scale(qualified(deployment), replicas, "timeline")

    def _drain(self, node: NodeObject) -> None:
        node.schedulable = False
        self.api.node_changed(node)
        for pod in list(self.api.pods.values()):
            if pod.node == node.number:
                delete(self._run, pod, "drain")

    def _uncordon(self, node: NodeObject) -> None:
        node.schedulable = True
        node.spec = node.spec.changed(spec={"unschedulable": False})
        self.api.node_changed(node)

    def processes(self) -> Iterator[Process]:
        """All control loops of the cluster, in the order in which they begin at one instant."""
        yield from Timeline(self._run, self).processes()
        yield self.node_pools.process()
        if self.autoscalers:
            yield self.metrics.process()
        for autoscaler in self.autoscalers:
            yield autoscaler.process()
