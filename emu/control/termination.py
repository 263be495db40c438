"""The end of a Pod that is deleted: preStop, SIGTERM, what is left to do, SIGKILL.

All of it takes place within the grace period, which begins when the kubelet hears of the end. A
process that preStop leaves no time has two seconds. Source: Kubernetes,
pkg/kubelet/kuberuntime/kuberuntime_container.go (``killContainer``).
"""

from collections.abc import Generator
from typing import Final

import simpy

from emu.control.container import Container
from emu.control.containers import Containers
from emu.control.run import Run
from emu.hops.pod import CLOSED
from emu.units import SECOND

LEAST_GRACE_NS: Final = 2 * SECOND
"""Between SIGTERM and SIGKILL."""
LOOK_NS: Final = SECOND // 10
"""How often it is looked whether a process that drains is done."""

Process = Generator[simpy.Event, None, None]


def terminate(run: Run, containers: Containers, its: Container) -> Process:
    """Until the process has ended, or the node of the Pod has."""
    spec = its.pod.spec.spec
    turn, killed = its.turn, run.now + spec.termination_grace_period_seconds * SECOND
    hook = min(spec.server.lifecycle.pre_stop.lasting, killed - run.now)
    if hook and its.running:
        yield run.env.timeout(hook)
    if its.turn != turn or not its.running:
        return
    run.tell("pod_sigterm", its.pod.name)
    killed = max(killed, run.now + LEAST_GRACE_NS)
    if its.behaviour.on_sigterm == "drain":
        yield from _drain(run, its, killed)
    elif its.behaviour.on_sigterm == "ignore":
        yield run.env.timeout(killed - run.now)
    if its.turn != turn:
        return
    if run.now == killed:
        run.tell("pod_killed", its.pod.name, "terminationGracePeriodSeconds")
    containers.end(its)


def _drain(run: Run, its: Container, killed: int) -> Process:
    """Let the process answer what is there, and nothing more, until it is done or killed."""
    turn, number = its.turn, its.pod.number
    run.listen(number, CLOSED)
    run.traffic.drain(number)
    while its.turn == turn and run.now < killed and not _is_idle(run, number):
        yield run.env.timeout(min(LOOK_NS, killed - run.now))


def _is_idle(run: Run, number: int) -> bool:
    row = run.state.pods[number]
    return bool(row["busy"] == 0 and row["queued"] == 0)
