"""Pods onto nodes: which node each Pod runs on, and the Pods that Deployments still lack.

A Pod goes to the node with the fewest Pods of its Deployment, among these to one with the fewest
Pods, among these to the first. A node fits if it is not unschedulable, has every label of the Pod's
nodeSelector and no taint that the Pod does not bear, and has room: for another Pod (maxPods), and
for the CPU and memory that it requests, beside what the Pods there have requested. Memory is heeded
where the node states it.
"""

import heapq
import math
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
    taken = Taken(pods)
    running: list[Pod] = []
    for pod in pods:
        if not pod.node_name:
            (name,) = _choose(nodes, pod.spec, taken, Counter(), 1, pod)
            pod = pod.changed(spec={"node_name": name})
        running.append(pod)
    owned = _by_namespace(running)
    names = {pod.key for pod in running}
    for deployment in deployments:
        mine = [pod for pod in owned.get(deployment.namespace, ()) if owns(deployment, pod)]
        missing = deployment.spec.replicas - len(mine)
        spread = Counter(pod.node_name for pod in mine)
        chosen = _choose(nodes, deployment.spec.template.spec, taken, spread, missing, deployment)
        free = _free_names(deployment, names)
        running.extend(pod_of(deployment, next(free), node) for node in chosen)
    return tuple(running)


def node_for(nodes: Sequence[Node], taken: "Taken", mates: Iterable[Pod], pod: Pod) -> str:
    """The node of one more Pod, which is added to what is ``taken``; ``mates`` are the other Pods
    of its Deployment. Raises NoNodeFitsError."""
    spread = Counter(mate.node_name for mate in mates)
    (name,) = _choose(nodes, pod.spec, taken, spread, 1, pod)
    return name


def _by_namespace(pods: Iterable[Pod]) -> dict[str, list[Pod]]:
    found: dict[str, list[Pod]] = {}
    for pod in pods:
        found.setdefault(pod.namespace, []).append(pod)
    return found


def owns(deployment: Deployment, pod: Pod) -> bool:
    """Whether a Pod is one of a Deployment's, and not being deleted."""
    return not pod.terminating and deployment.spec.selector.matches(pod.labels)


class Taken:
    """What the Pods of each node have taken of it."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self.pods: Counter[str] = Counter()
        self._cpu: Counter[str] = Counter()
        self._memory: Counter[str] = Counter()
        for pod in pods:
            if pod.node_name:
                self.take(pod.node_name, pod.spec)

    def take(self, node: str, spec: PodSpec) -> None:
        """Another Pod runs on a node."""
        self.pods[node] += 1
        self._cpu[node] += _milli(spec.cpu_request)
        self._memory[node] += spec.memory_request

    def give_back(self, node: str, spec: PodSpec) -> None:
        """A Pod runs on a node no more."""
        self.pods[node] -= 1
        self._cpu[node] -= _milli(spec.cpu_request)
        self._memory[node] -= spec.memory_request

    def room(self, node: Node, spec: PodSpec) -> tuple[int, str]:
        """For how many more Pods like this there is room, and what there is too little of then."""
        rooms = [(node.most_pods - self.pods[node.name], "Too many pods")]
        if cpu := _milli(spec.cpu_request):
            free = _milli(node.cpu) - self._cpu[node.name]
            rooms.append((free // cpu, "Insufficient cpu"))
        if node.memory is not None and (memory := spec.memory_request):
            free = node.memory - self._memory[node.name]
            rooms.append((free // memory, "Insufficient memory"))
        return min(rooms)


def _milli(cores: float) -> int:
    """Thousandths of a core, rounded up, as the scheduler counts them."""
    return math.ceil(round(cores * 1000, 6))


def _choose(
    nodes: Sequence[Node],
    spec: PodSpec,
    taken: Taken,
    spread: Counter[str],
    pods: int,
    owner: Deployment | Pod,
) -> list[str]:
    """The nodes of so many Pods that are alike; adds them to what is taken."""
    if pods <= 0:
        return []
    fitting = [(order, node) for order, node in enumerate(nodes) if _fits(node, spec)]
    if not fitting:
        raise NoNodeFitsError(owner, "fits on no node (nodeSelector, taints, unschedulable)")
    rooms = {order: taken.room(node, spec) for order, node in fitting}
    heap = [(spread[node.name], taken.pods[node.name], order) for order, node in fitting
            if rooms[order][0] > 0]  # fmt: skip
    heapq.heapify(heap)
    left = {order: room for order, (room, _) in rooms.items()}
    chosen: list[str] = []
    for _ in range(pods):
        if not heap:
            raise NoNodeFitsError(owner, _no_room([lacking for _, lacking in rooms.values()]))
        own, total, order = heap[0]
        chosen.append(nodes[order].name)
        taken.take(nodes[order].name, spec)
        left[order] -= 1
        if left[order]:
            heapq.heapreplace(heap, (own + 1, total + 1, order))
        else:
            heapq.heappop(heap)
    return chosen


def _no_room(lacking: list[str]) -> str:
    """The rule, with what each node that it fits on lacks, in the scheduler's words."""
    causes = ", ".join(f"{count} {cause}" for cause, count in sorted(Counter(lacking).items()))
    return f"has no room on the nodes that it fits on: {causes}"


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
