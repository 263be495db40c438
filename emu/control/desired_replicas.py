"""How many Pods a HorizontalPodAutoscaler wants: its arithmetic.

CPU is in thousandths of a core, whole numbers, as metrics come. Source: Kubernetes,
pkg/controller/podautoscaler/replica_calculator.go and horizontal.go.
"""

import math
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from emu.scenario.kubernetes.autoscaler import Behavior, Policy, ScaleDown, ScaleUp
from emu.units import SECOND


class Use(Enum):
    """What is known of the CPU use of a Pod."""

    MEASURED = 0
    MISSING = 1
    UNREADY = 2


class PodUse(NamedTuple):
    """A Pod's CPU use, where it is measured, and what it requests."""

    use: Use
    milli: int = 0
    request: int = 0


class Aim(NamedTuple):
    """The mean that is aimed at: percent of the requests, or where that is None, an amount."""

    percent: int | None = None
    milli: int | None = None


def desired(pods: Sequence[PodUse], current: int, aim: Aim, up: float, down: float) -> int:
    """How many Pods this asks for, of ``current`` ones; tolerances ``up`` and ``down`` of the ratio
    between use and aim.

    Pods that are not ready count as idle where more are wanted, missing ones as idle there and as
    at what they request (or aimed at, if that is more) where fewer are.
    """
    measured = [its for its in pods if its.use is Use.MEASURED]
    if not measured:
        return current
    ratio = _ratio(measured, aim)
    missing = [its for its in pods if its.use is Use.MISSING]
    unready = [its for its in pods if its.use is Use.UNREADY] if ratio > 1 else []
    if not missing and not unready:
        if _within(ratio, up, down):
            return current
        return math.ceil(ratio * len(measured))
    if ratio < 1:
        missing = [its._replace(milli=_whole(its, aim)) for its in missing]
    elif ratio == 1:
        missing = []
    counted = [*measured, *missing, *unready]
    again = _ratio(counted, aim)
    if _within(again, up, down) or (ratio < 1 < again) or (again < 1 < ratio):
        return current
    wanted = math.ceil(again * len(counted))
    turns = (again < 1 and wanted > current) or (again > 1 and wanted < current)
    return current if turns else wanted


def _ratio(pods: Sequence[PodUse], aim: Aim) -> float:
    used = sum(its.milli for its in pods)
    if aim.percent is not None:
        return (used * 100 // sum(its.request for its in pods)) / aim.percent
    assert aim.milli is not None
    return (used // len(pods)) / aim.milli


def _within(ratio: float, up: float, down: float) -> bool:
    return 1 - down <= ratio <= 1 + up


def _whole(pod: PodUse, aim: Aim) -> int:
    """What a missing Pod is taken to use."""
    if aim.percent is not None:
        return pod.request * max(aim.percent, 100) // 100
    return aim.milli or 0


class Change(NamedTuple):
    """A number of Pods that came (or went, below 0) at a time."""

    at_ns: int
    pods: int


class Recommendation(NamedTuple):
    """What was wanted at a time."""

    at_ns: int
    replicas: int


def stabilized(
    wanted: int, current: int, past: Sequence[Recommendation], behavior: Behavior, now: int
) -> int:
    """No more than the least that was wanted within the window for growing, and no fewer than the
    most that was within that for shrinking."""
    least = min([wanted, *_since(past, behavior.scale_up.stabilization_window_seconds, now)])
    most = max([wanted, *_since(past, behavior.scale_down.stabilization_window_seconds, now)])
    return min(max(current, least), most)


def _since(past: Sequence[Recommendation], seconds: int, now: int) -> list[int]:
    return [its.replicas for its in past if its.at_ns > now - seconds * SECOND]


def limited(wanted: int, current: int, past: Sequence[Change], behavior: Behavior, now: int) -> int:
    """As far towards what is wanted as the policies allow."""
    if wanted > current:
        return min(wanted, max(current, _most(current, past, behavior.scale_up, now)))
    if wanted < current:
        return max(wanted, min(current, _least(current, past, behavior.scale_down, now)))
    return current


def _most(current: int, past: Sequence[Change], rules: ScaleUp, now: int) -> int:
    if rules.select_policy == "Disabled":
        return current
    choose = min if rules.select_policy == "Min" else max
    return choose(_grown(current, past, policy, now) for policy in rules.policies)


def _grown(current: int, past: Sequence[Change], policy: Policy, now: int) -> int:
    """What a policy allows to grow to, from what there was when its period began."""
    began = _before(current, past, policy, now)
    if policy.type == "Pods":
        return began + policy.value
    return -(-began * (100 + policy.value) // 100)


def _least(current: int, past: Sequence[Change], rules: ScaleDown, now: int) -> int:
    if rules.select_policy == "Disabled":
        return current
    choose = max if rules.select_policy == "Min" else min
    return choose(_shrunk(current, past, policy, now) for policy in rules.policies)


def _shrunk(current: int, past: Sequence[Change], policy: Policy, now: int) -> int:
    began = _before(current, past, policy, now)
    if policy.type == "Pods":
        return began - policy.value
    return began * (100 - policy.value) // 100


def _before(current: int, past: Sequence[Change], policy: Policy, now: int) -> int:
    """How many there were when the policy's period began."""
    since = now - policy.period_seconds * SECOND
    return current - sum(change.pods for change in past if change.at_ns > since)
