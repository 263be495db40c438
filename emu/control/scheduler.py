"""The scheduler: which node each new Pod runs on, by the rules of `emu.scenario.placement`.

A Pod that fits nowhere waits until a Pod is gone or a node changes.
"""

from emu.control.api_server import PENDING, NodeObject, PodObject
from emu.control.objects import pods_of
from emu.control.run import Run
from emu.control.work_queue import WorkQueue
from emu.scenario.placement import NoNodeFitsError, Taken, node_for


class Scheduler:
    """Binds Pods to nodes; ``waiting`` are those that fit nowhere, and since when."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.waiting: dict[str, int] = {}
        self._queue = WorkQueue(run.env, run.api, self._sync)
        self._taken = Taken(its.spec for its in run.api.pods.values())
        run.api.watch_pods(self._pod_changed)
        run.api.watch_nodes(self._node_changed)

    def _pod_changed(self, pod: PodObject) -> None:
        if pod.name not in self._run.api.pods:
            if pod.node != PENDING:
                self._taken.give_back(pod.spec.node_name, pod.spec.spec)
            self.waiting.pop(pod.name, None)
            self._try_again()
        elif pod.node == PENDING:
            self._queue.add(pod.name)

    def _node_changed(self, node: NodeObject) -> None:
        self._try_again()

    def _try_again(self) -> None:
        for name in self.waiting:
            self._queue.add(name)

    def _sync(self, name: str) -> None:
        pod = self._run.api.pods.get(name)
        if pod is None or pod.node != PENDING or pod.terminating:
            return
        api = self._run.api
        mates = [mate.spec for mate in pods_of(self._run, str(pod.owner))
                 if mate.node != PENDING and not mate.terminating]  # fmt: skip
        nodes = [its.spec for its in api.nodes.values() if its.joined and its.ready
                 and its.schedulable]  # fmt: skip
        try:
            node = node_for(nodes, self._taken, mates, pod.spec)
        except NoNodeFitsError as error:
            if name not in self.waiting:
                self._run.tell("pod_pending", name, None, error.rule)
            self.waiting.setdefault(name, self._run.now)
            return
        self.waiting.pop(name, None)
        self._bind(pod, node)

    def _bind(self, pod: PodObject, node: str) -> None:
        pod.spec = pod.spec.changed(spec={"node_name": node})
        pod.node = self._run.api.nodes[node].number
        self._run.tell("pod_scheduled", pod.name, None, node)
        self._run.api.pod_changed(pod)
