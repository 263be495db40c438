"""Which Pods of a ReplicaSet go first when there are to be fewer.

In this order: those on no node, those not ready, those on nodes with most of its Pods, those ready
for the shortest time, the newest; times in powers of two of nanoseconds, so that those of about one
age are alike, and of these the later made goes. Source: Kubernetes,
pkg/controller/controller_utils.go (``ActivePodsWithRanks``). Left out: the annotation
``pod-deletion-cost``, and how often containers were started again.
"""

from collections import Counter
from collections.abc import Sequence

from emu.control.api_server import PENDING, PodObject


def first_to_go(pods: Sequence[PodObject], now: int) -> list[PodObject]:
    """The Pods, those that go first before the others."""
    together = Counter(pod.node for pod in pods)
    order = sorted(range(len(pods)), key=lambda place: _rank(place, pods[place], together, now))
    return [pods[place] for place in order]


def _rank(order: int, pod: PodObject, together: Counter[int], now: int) -> tuple[int, ...]:
    ready_for = now - pod.ready_since_ns if pod.ready else -1
    age = now - pod.created_ns
    return (
        int(pod.node != PENDING), int(pod.ready), -together[pod.node], ready_for.bit_length(),
        age.bit_length(), -order,
    )  # fmt: skip
