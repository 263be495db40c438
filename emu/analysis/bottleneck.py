"""What gives way first: read from a run that does not meet an objective, beside one that does."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from emu.analysis.latency import HopLatency
from emu.analysis.metrics import METRICS
from emu.analysis.summary import Summary

_OF_OUTCOMES: Final = {
    "backlog_full": ("queue", "the Pods' backlogs are full"),
    "conntrack_full": ("conntrack", "a node's conntrack table is full"),
    "snat_exhausted": ("SNAT ports", "a node has no source port left towards a Pod"),
    "ports_exhausted": ("source ports", "a client or load balancer has no source port left"),
    "shed": ("overload protection", "requests are shed"),
    "bad_gateway": ("load balancer", "it has no backend to send requests to"),
    "dns_failure": ("DNS", "names are not resolved"),
    "dropped_no_local_endpoint": (
        "endpoints",
        "nodes have no Pod of their own to send requests to",
    ),
    "refused": ("endpoints", "nobody listens where requests are sent"),
    "connect_timeout": ("link", "connections are not answered"),
    "reset": ("endpoints", "connections are reset"),
}
"""The part of the path that each failure speaks of; those that the client decides are left out."""

_OF_HOPS: Final = {
    "dns": ("DNS", "names take longer to resolve"),
    "to_load_balancer": ("link", "the way to the load balancer takes longer"),
    "to_node": ("load balancer", "requests wait at the load balancer, or on the way to the node"),
    "to_pod": ("link", "the way from the node to the Pod takes longer"),
    "queue": ("queue", "requests wait in the Pods"),
    "service": ("CPU", "requests share the Pods' workers with more others"),
    "return": ("link", "the way back takes longer"),
}

_BUSY: Final = 0.5
"""From this share of their time on it is the workers for which requests wait."""
_FEW: Final = 0.5
"""What the client decides, as timeouts, is put down to where time is spent from this share on."""


class Bottleneck(NamedTuple):
    """The part of the path, and why it is taken for it."""

    part: str
    why: str


def bottleneck(
    failing: Summary, meeting: Summary | None = None, by_failures: bool = True
) -> Bottleneck:
    """What gives way in the ``failing`` run; where time is spent is seen beside the other one.

    ``by_failures`` says that it fails for its failures, and not for its latency alone.
    """
    causes = {
        name: count for name, count in failing.outcomes.items() if name not in ("ok", "in_flight")
    }
    named = {name: count for name, count in causes.items() if name in _OF_OUTCOMES}
    decides = named and sum(named.values()) >= _FEW * sum(causes.values())
    if by_failures and decides and _fails_more(failing, meeting):
        cause = max(named, key=lambda name: named[name])
        part, why = _OF_OUTCOMES[cause]
        share = named[cause] / failing.attempts.sent
        return Bottleneck(part, f"{why} ({share * 100:.2g} % of the attempts end as {cause})")
    return _slowest(failing, meeting)


def _fails_more(failing: Summary, meeting: Summary | None) -> bool:
    if meeting is None:
        return True
    one, two = (run.requests.failed / max(run.requests.sent, 1) for run in (failing, meeting))
    return one > two


def _slowest(failing: Summary, meeting: Summary | None) -> Bottleneck:
    """The part of the way on which most time is lost, or spent where there is no other run."""
    spent = _means(failing.latency_by_hop_seconds)
    if meeting is not None:
        before = _means(meeting.latency_by_hop_seconds)
        spent = {name: mean - before.get(name, 0.0) for name, mean in spent.items()}
    if not spent:
        return Bottleneck("path", "no request is answered")
    hop = max(spent, key=lambda name: spent[name])
    part, why = _OF_HOPS[hop]
    busy = _busiest(failing)
    if hop in ("queue", "service") and busy is not None:
        part = "CPU" if busy >= _BUSY else part
        why = f"{why}; the busiest Pod is busy for {busy * 100:.0f} % of its workers' time"
    return Bottleneck(part, why)


def _means(hops: Mapping[str, HopLatency]) -> dict[str, float]:
    return {name: one.mean for name, one in hops.items() if one.mean is not None}


def _busiest(summary: Summary) -> float | None:
    (metric,) = (one for one in METRICS if one.name == "busiest_pod_utilisation")
    return metric.of(summary)
