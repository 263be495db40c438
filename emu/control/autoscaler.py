"""HorizontalPodAutoscalers: Deployments get as many Pods as their CPU use asks for.

Each looks every 15 s, the first time at a time of its own, at what the metrics server has measured.
Source: Kubernetes, pkg/controller/podautoscaler. It takes a Pod for one that was never ready by the
time of its last change, which has to be within 30 s of its start; here it is known. Left out: all
metrics but the CPU.
"""

from collections.abc import Generator
from typing import Final

import simpy

from emu.control.api_server import PENDING, PodObject
from emu.control.deployments import Deployments
from emu.control.desired_replicas import (
    Aim,
    Change,
    PodUse,
    Recommendation,
    Use,
    desired,
    limited,
    stabilized,
)
from emu.control.metrics_server import RESOLUTION_NS, MetricsServer
from emu.control.objects import pods_of
from emu.control.run import Run
from emu.random_streams import AUTOSCALING, uniform
from emu.scenario.kubernetes import HorizontalPodAutoscaler
from emu.units import SECOND

SYNC_NS: Final = 15 * SECOND
INITIALIZATION_NS: Final = 300 * SECOND
"""For so long after its start a Pod's use does not count while it is not ready."""
KEPT_NS: Final = 3600 * SECOND
"""No window is longer, and no policy's period."""


class Autoscaler:
    """One of them, and what it remembers."""

    def __init__(
        self, run: Run, its: HorizontalPodAutoscaler, number: int,
        metrics: MetricsServer, deployments: Deployments,
    ) -> None:  # fmt: skip
        self._run, self._its, self._number = run, its, number
        self._metrics, self._deployments = metrics, deployments
        self._wanted: list[Recommendation] = []
        self._changes: list[Change] = []

    def process(self) -> Generator[simpy.Event, None, None]:
        """Look, again and again."""
        seed = self._run.live.spec.seed
        yield self._run.env.timeout(int(uniform(seed, AUTOSCALING, self._number, 0) * SYNC_NS))
        while True:
            if self._run.api.up:
                self._sync()
            yield self._run.env.timeout(SYNC_NS)

    def _sync(self) -> None:
        spec, now = self._its.spec, self._run.now
        deployment = self._run.api.deployments[self._its.deployment]
        current = deployment.replicas
        if current == 0:
            return  # switched off
        bounded = min(max(current, spec.min_replicas), spec.max_replicas)
        wanted = bounded if bounded != current else self._behaved(current)
        if wanted != current:
            self._changes.append(Change(now, wanted - current))
            self._deployments.scale(self._its.deployment, wanted, f"HPA {self._its.key}")

    def _behaved(self, current: int) -> int:
        """What is wanted, as far and as fast as the behavior lets it."""
        spec, now = self._its.spec, self._run.now
        behavior = spec.behavior
        pods = [self._use(pod) for pod in pods_of(self._run, self._its.deployment)
                if not pod.terminating]  # fmt: skip
        raw = max(
            desired(
                pods, current, _aim(target.average_utilization, target.cores),
                behavior.scale_up.tolerance, behavior.scale_down.tolerance,
            )
            for target in self._its.targets
        )  # fmt: skip
        wanted = stabilized(raw, current, self._wanted, behavior, now)
        self._wanted = [its for its in self._wanted if its.at_ns > now - KEPT_NS]
        self._wanted.append(Recommendation(now, raw))
        self._changes = [its for its in self._changes if its.at_ns > now - KEPT_NS]
        wanted = limited(wanted, current, self._changes, behavior, now)
        return min(max(wanted, spec.min_replicas), spec.max_replicas)

    def _use(self, pod: PodObject) -> PodUse:
        """What is known of a Pod's CPU use."""
        request = round(pod.spec.spec.cpu_request * 1000)
        if pod.node == PENDING:
            return PodUse(Use.UNREADY, 0, request)
        if pod.number not in self._metrics.milli:
            return PodUse(Use.MISSING, 0, request)
        if self._is_unready(pod):
            return PodUse(Use.UNREADY, 0, request)
        return PodUse(Use.MEASURED, self._metrics.milli[pod.number], request)

    def _is_unready(self, pod: PodObject) -> bool:
        """Whether its use does not count yet: it starts, or was never ready."""
        if self._run.now < pod.created_ns + INITIALIZATION_NS and pod.created_ns > 0:
            measured_from = self._metrics.scraped_ns - RESOLUTION_NS
            return not pod.ready or measured_from < pod.ready_since_ns
        return not pod.ready and pod.ready_since_ns < 0


def _aim(percent: int | None, cores: float | None) -> Aim:
    return Aim(percent, None if cores is None else max(round(cores * 1000), 1))
