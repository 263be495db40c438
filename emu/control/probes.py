"""Probes: what kubelets ask containers again and again, and what follows.

A probe fails where the process does not listen at the port that is asked, where its backlog is
full, and where so many requests wait before it that the answer would come after ``timeoutSeconds``.
It takes no worker, and its result is there at once. The first comes ``initialDelaySeconds`` after
the container began to run, the others each ``periodSeconds``; for containers that ran before the
run began, the first comes at a time of its own within the period. Source: Kubernetes,
pkg/kubelet/prober/worker.go.
"""

from collections.abc import Callable, Generator

import simpy

from emu.control.container import Container
from emu.control.run import Run
from emu.distributions import mean_of
from emu.hops.pod import CLOSED
from emu.random_streams import PROBE, uniform
from emu.scenario.kubernetes.probe import Probe
from emu.units import SECOND

Process = Generator[simpy.Event, None, None]


class Prober:
    """Asks containers, and says what it hears: ``crash`` kills one, ``report`` is its readiness."""

    def __init__(
        self,
        run: Run,
        crash: Callable[[Container, str], None],
        report: Callable[[Container, bool], None],
    ) -> None:
        self._run, self._crash, self._report = run, crash, report

    def begin(self, its: Container, has_started: bool = False) -> None:
        """Ask a container that runs from now on; ``has_started`` where it has run for long."""
        startup = its.pod.spec.spec.server.startup_probe
        if startup is not None and not has_started:
            self._run.env.process(self._until_started(its, startup))
        else:
            self._go_on(its, has_started)

    def _go_on(self, its: Container, has_started: bool) -> None:
        """Ask it how it is, now that it has started."""
        server = its.pod.spec.spec.server
        if server.readiness_probe is not None:
            self._run.env.process(self._readiness(its, server.readiness_probe, has_started))
        elif not has_started:
            self._report(its, True)
        if server.liveness_probe is not None:
            self._run.env.process(self._liveness(its, server.liveness_probe, has_started))

    def _until_started(self, its: Container, probe: Probe) -> Process:
        turn, failures = its.turn, 0
        yield self._run.env.timeout(probe.initial_delay_seconds * SECOND)
        while its.turn == turn and not its.ending:
            if self._answers(its, probe):
                self._go_on(its, has_started=False)
                return
            failures += 1
            if failures == probe.failure_threshold:
                self._crash(its, "startup probe")
                return
            yield self._run.env.timeout(probe.period_seconds * SECOND)

    def _readiness(self, its: Container, probe: Probe, has_started: bool) -> Process:
        turn, ready, others = its.turn, its.ready, 0
        yield self._run.env.timeout(self._first(its, probe, has_started))
        while its.turn == turn:
            others = others + 1 if self._answers(its, probe) != ready else 0
            if others == (probe.failure_threshold if ready else probe.success_threshold):
                ready, others = not ready, 0
                self._report(its, ready)
            yield self._run.env.timeout(probe.period_seconds * SECOND)

    def _liveness(self, its: Container, probe: Probe, has_started: bool) -> Process:
        turn, failures = its.turn, 0
        yield self._run.env.timeout(self._first(its, probe, has_started))
        while its.turn == turn and not its.ending:
            failures = 0 if self._answers(its, probe) else failures + 1
            if failures == probe.failure_threshold:
                self._crash(its, "liveness probe")
                return
            yield self._run.env.timeout(probe.period_seconds * SECOND)

    def _first(self, its: Container, probe: Probe, has_started: bool) -> int:
        """How long until the first probe."""
        if not has_started:
            return probe.initial_delay_seconds * SECOND
        part = uniform(self._run.live.spec.seed, PROBE, its.pod.number, 0)
        return int(part * probe.period_seconds * SECOND)

    def _answers(self, its: Container, probe: Probe) -> bool:
        """Whether a probe of now succeeds."""
        row = self._run.state.pods[its.pod.number]
        if row["app_port"] <= CLOSED or _port(its, probe) not in (None, row["app_port"]):
            return False
        if row["busy"] < row["workers"]:
            return True
        service = mean_of(its.behaviour.service_time) / row["speed"]
        waiting = row["queued"] * service / row["workers"]
        return bool(row["queued"] < row["backlog"] and waiting <= probe.timeout_seconds * SECOND)


def _port(its: Container, probe: Probe) -> int | None:
    """The number of the port that a probe asks at; 0 for a name that the container has not."""
    if not isinstance(probe.port, str):
        return probe.port
    ports = its.pod.spec.spec.server.ports
    return next((port.container_port for port in ports if port.name == probe.port), 0)
