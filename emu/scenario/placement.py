"""Pods onto nodes: which node each Pod runs on, and the Pods that Deployments still lack.

A Pod goes to the node with the fewest Pods of its Deployment, among these to one with the fewest
Pods, among these to the first. A node fits if it is not unschedulable, has every label of the Pod's
nodeSelector and no taint that the Pod does not bear, and has room (maxPods). CPU and memory
requests are not weighed.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from emu.scenario.kubernetes import Deployment, Node, Pod, selects
from emu.scenario.kubernetes.pod import PodSpec


class NoNodeFitsError(Exception):
    """There is no node for a Pod of ``owner``; ``rule`` says why."""

    def __init__(self, owner: Deployment | Pod, rule: str) -> None:
        self.owner, self.rule = owner, rule
        super().__init__(owner, rule)


def placed(
    nodes: Sequence[Node], pods: Sequence[Pod], deployments: Sequence[Deployment]
) -> tuple[Pod, ...]:
    """All Pods, each with a node: those given, then those that the Deployments lack.

    Raises NoNodeFitsError.
    """
    counts = Counter(pod.node_name for pod in pods if pod.node_name)
    running: list[Pod] = []
    for pod in pods:
        if not pod.node_name:
            (name,) = _choose(nodes, pod.spec, counts, Counter(), 1, pod)
            pod = pod.changed(spec={"node_name": name})
        running.append(pod)
    owned = _by_namespace(running)
    names = {pod.key for pod in running}
    for deployment in deployments:
        mine = [pod for pod in owned.get(deployment.namespace, ()) if owns(deployment, pod)]
        missing = deployment.spec.replicas - len(mine)
        spread = Counter(pod.node_name for pod in mine)
        chosen = _choose(nodes, deployment.spec.template.spec, counts, spread, missing, deployment)
        free = _free_names(deployment, names)
        running.extend(pod_of(deployment, next(free), node) for node in chosen)
    return tuple(running)


def node_for(nodes: Sequence[Node], pods: Iterable[Pod], mates: Iterable[Pod], pod: Pod) -> str:
    """The node of one more Pod, beside those ``pods`` that have one; ``mates`` are those of its
    Deployment. Raises NoNodeFitsError."""
    counts = Counter(other.node_name for other in pods)
    spread = Counter(mate.node_name for mate in mates)
    (name,) = _choose(nodes, pod.spec, counts, spread, 1, pod)
    return name


def _by_namespace(pods: Iterable[Pod]) -> dict[str, list[Pod]]:
    found: dict[str, list[Pod]] = {}
    for pod in pods:
        found.setdefault(pod.namespace, []).append(pod)
    return found


def owns(deployment: Deployment, pod: Pod) -> bool:
    """Whether a Pod is one of a Deployment's, and not being deleted."""
    return not pod.terminating and deployment.spec.selector.matches(pod.labels)


def _choose(
    nodes: Sequence[Node],
    spec: PodSpec,
    counts: Counter[str],
    spread: Counter[str],
    pods: int,
    owner: Deployment | Pod,
) -> list[str]:
    """The nodes of so many Pods that are alike; counts them in ``counts``."""
    if pods <= 0:
        return []
    fitting = [(order, node) for order, node in enumerate(nodes) if _fits(node, spec)]
    if not fitting:
        raise NoNodeFitsError(owner, "fits on no node (nodeSelector, taints, unschedulable)")
    heap = [(spread[node.name], counts[node.name], order) for order, node in fitting
            if counts[node.name] < node.most_pods]  # fmt: skip
    heapq.heapify(heap)
    chosen: list[str] = []
    for _ in range(pods):
        if not heap:
            raise NoNodeFitsError(owner, "has no room on the nodes that it fits on (maxPods)")
        own, total, order = heap[0]
        node = nodes[order]
        chosen.append(node.name)
        counts[node.name] += 1
        if total + 1 < node.most_pods:
            heapq.heapreplace(heap, (own + 1, total + 1, order))
        else:
            heapq.heappop(heap)
    return chosen


def _fits(node: Node, spec: PodSpec) -> bool:
    if node.spec.unschedulable or not selects(spec.node_selector, node.labels):
        return False
    hard = (taint for taint in node.spec.taints if taint.effect != "PreferNoSchedule")
    return all(any(bearing.bears(taint) for bearing in spec.tolerations) for taint in hard)


def _free_names(deployment: Deployment, taken: set[str]) -> Iterator[str]:
    number = 0
    while True:
        name = f"{deployment.name}-{number}"
        if f"{deployment.namespace}/{name}" not in taken:
            yield name
        number += 1


def pod_of(deployment: Deployment, name: str, node: str) -> Pod:
    """A Pod that the Deployment's template makes."""
    template = deployment.spec.template
    return Pod.model_validate(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": deployment.namespace,
                "labels": template.metadata.labels,
                "annotations": template.metadata.annotations,
            },
            "spec": template.spec.model_copy(update={"node_name": node}),
        }
    )
