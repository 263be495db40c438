"""The health checks of load balancers: each believes of its backends what its last checks said.

A backend is checked each interval, at a phase of its own. After so many checks in a row that say
otherwise than the load balancer believes it believes it, and no sooner: a backend that fails at
once is found out after ((k - 1) T, k T], one that is silent a timeout later. Checks are steps of a
process only while what they find differs from what is believed, so a cluster that stays as it is
costs nothing.

What a check meets: at a node, kube-proxy's healthz, or under externalTrafficPolicy Local the
healthCheckNodePort, which answers 503 where the node's own rules have no ready endpoint here; at a
Pod, its port. A load balancer that is cut off itself checks nobody. The time that a check travels
is left out.

Source: Kubernetes, pkg/proxy/healthcheck.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum

import simpy

from emu.control.links import Links
from emu.control.log import spoken
from emu.control.run import Run
from emu.hops.balancer.barring import Bar, bar, clear
from emu.hops.kubeproxy.services import ServicePort
from emu.model import ListenerModel
from emu.random_streams import HEALTH_CHECK_PHASE, uniform

Process = Generator[simpy.Event, None, None]


class Answer(StrEnum):
    """What a check meets."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNAVAILABLE = "503"


@dataclass(eq=False)
class _Target:
    """A backend as its load balancer believes it to be, and how it is, since when."""

    listener: int
    backend: int
    name: str
    phase_ns: int
    healthy: bool
    answer: Answer = Answer.OK
    since_ns: int = 0
    checked: bool = False


class HealthChecks:
    """Those of all load balancers, in the order of listeners and backends."""

    def __init__(self, run: Run, links: Links) -> None:
        self._run, self._env, self._links = run, run.env, links
        self._model, self._state = run.model, run.state
        model, live = run.model, run.live
        balancers = live.spec.load_balancers
        self._settings = [
            balancers[listener.load_balancer].health_check.settings for listener in model.listeners
        ]
        services = live.rules.services
        self._services = [services[listener.service] for listener in model.listeners]
        self._targets = [list(self._of(number, its)) for number, its in enumerate(model.listeners)]
        links.watch(self._look)
        run.rules.watch(self._look_at)

    def _of(self, number: int, listener: ListenerModel) -> Iterator[_Target]:
        interval, its = self._settings[number].interval, self._state.listeners[number]
        before = sum(len(one.names) for one in self._model.listeners[:number])
        for backend, name in enumerate(listener.names):
            draw = uniform(self._model.seed, HEALTH_CHECK_PHASE, before + backend, 0)
            phase = int(draw * interval)
            failing = Bar.NO_ENDPOINT | Bar.UNHEALTHY
            healthy = not its.backends["barred"][backend] & failing
            yield _Target(number, backend, name, phase, bool(healthy))

    def _look(self) -> None:
        """Links are others now."""
        for number in range(len(self._targets)):
            self._look_at_all(number)

    def register(self, listener: int, backend: int, name: str) -> None:
        """A Pod has a place among the backends, and has to pass its checks first."""
        target, its = self._targets[listener][backend], self._state.listeners[listener]
        target.name, target.healthy = name, False
        target.answer, target.since_ns = Answer.TIMEOUT, self._run.now
        bar(its.strategy, its.backends, its.memory, backend, int(Bar.UNHEALTHY))
        clear(its.strategy, its.backends, its.memory, backend, int(Bar.NO_ENDPOINT))
        self._see(target)

    def deregister(self, listener: int, backend: int) -> None:
        """A Pod is to get nothing new, and is not checked any more."""
        its = self._state.listeners[listener]
        bar(its.strategy, its.backends, its.memory, backend, int(Bar.NO_ENDPOINT))
        self._see(self._targets[listener][backend])

    def available(self, listener: int) -> int:
        """How many backends of a listener are available."""
        return int(self._state.listeners[listener].backends["available"].sum())

    def _look_at(self, node: int | None) -> None:
        """The rules of a node are others now; or (None) Pods answer, or do not, elsewhere."""
        for number, listener in enumerate(self._model.listeners):
            if node is None and not listener.node_port:
                self._look_at_all(number)
            elif node is not None and listener.node_port:
                self._see(self._targets[number][node])

    def _look_at_all(self, listener: int) -> None:
        """Look at every backend of a listener."""
        for target in self._targets[listener]:
            self._see(target)

    def _see(self, target: _Target) -> None:
        """Note how a backend is, and let it be checked if that is otherwise than believed."""
        if not self._links.connected(self._model.listeners[target.listener].vertex):
            return
        answer = self._answer(target)
        if (answer == Answer.OK) != (target.answer == Answer.OK):
            target.since_ns = self._run.now
        target.answer = answer
        if (answer == Answer.OK) != target.healthy and not target.checked:
            target.checked = True
            self._env.process(self._check(target))

    def _check(self, target: _Target) -> Process:
        """Check until enough checks in a row have said the same, or one what is believed."""
        settings = self._settings[target.listener]
        needed = settings.unhealthy if target.healthy else settings.healthy
        vertex = self._model.listeners[target.listener].vertex
        wait = (target.phase_ns - self._run.now) % settings.interval
        for number in range(1, needed + 1):
            yield self._env.timeout(wait)
            sent, answer = self._run.now, target.answer
            if (answer == Answer.OK) == target.healthy or not self._links.connected(vertex):
                break
            if answer == Answer.TIMEOUT:
                yield self._env.timeout(settings.timeout)
            if number == needed:
                self._turn(target, answer)
            wait = sent + settings.interval - self._run.now
        target.checked = False
        self._see(target)

    def _turn(self, target: _Target, answer: Answer) -> None:
        """Believe otherwise from now on."""
        target.healthy, its = answer == Answer.OK, self._state.listeners[target.listener]
        backend = its.strategy, its.backends, its.memory, target.backend
        if not target.healthy:
            bar(*backend, int(Bar.UNHEALTHY))
        elif self._model.listeners[target.listener].node_port:
            clear(*backend, int(Bar.UNHEALTHY | Bar.NO_ENDPOINT))
        else:
            clear(*backend, int(Bar.UNHEALTHY))
        kind = "target_healthy" if target.healthy else "target_unhealthy"
        name = self._model.listener_name(target.listener)
        detail = f"{target.name}, {spoken(self._run.now - target.since_ns)} after the change"
        self._run.tell(kind, name, answer.value, detail)

    def _answer(self, target: _Target) -> Answer:
        """What a check would meet now."""
        listener = self._model.listeners[target.listener]
        backend = self._state.listeners[target.listener].backends[target.backend]
        if listener.node_port:
            service = self._services[target.listener]
            return self._node_answers(listener.vertex, int(backend["node"]), service)
        if backend["barred"] & Bar.NO_ENDPOINT:  # nobody asks
            return Answer.OK if target.healthy else Answer.TIMEOUT
        return self._pod_answers(listener.vertex, int(backend["endpoint"]))

    def _node_answers(self, vertex: int, node: int, service: ServicePort) -> Answer:
        if self._links.is_cut(vertex, node):
            return Answer.TIMEOUT
        if not service.external_local:
            return Answer.OK
        local = self._run.rules.view(node).usable(service).local
        return Answer.OK if any(its.ready for its in local) else Answer.UNAVAILABLE

    def _pod_answers(self, vertex: int, endpoint: int) -> Answer:
        its = self._state.endpoints[endpoint]
        if its["pod"] < 0:
            return Answer.TIMEOUT
        pod = self._state.pods[its["pod"]]
        if self._links.is_cut(vertex, int(pod["node"])):
            return Answer.TIMEOUT
        return Answer.OK if pod["app_port"] == its["port"] else Answer.REFUSED
