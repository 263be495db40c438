"""The kubelets: the life of each Pod on its node, from its address to its end.

A kubelet hears of its Pods, and is heard, while its node is ready: whoever cannot be reached is
not.
"""

from collections import Counter
from collections.abc import Generator, Iterator

import numpy as np
import simpy

from emu.control.api_server import PENDING, NodeObject, PodObject
from emu.control.container import Container
from emu.control.containers import Containers
from emu.control.pod_addresses import PodAddresses
from emu.control.run import Run
from emu.control.termination import terminate
from emu.control.work_queue import WorkQueue
from emu.errors import RoomError
from emu.hops.pod import CLOSED, GONE
from emu.hops.sharing import limit
from emu.model.protection import shedding
from emu.model.resources import period_end, quotas, working_sets
from emu.scenario.cluster import qualified

Process = Generator[simpy.Event, None, None]


class Kubelets:
    """Those of all nodes."""

    def __init__(self, run: Run) -> None:
        self._run, self._cluster = run, run.live.cluster
        self._processes = Containers(run)
        self._addresses = PodAddresses(run.live.cluster)
        self._down: Counter[int] = Counter()
        self._known: dict[str, Container] = {}
        for pod in run.api.pods.values():
            self._known[pod.name] = self._processes.running(pod)
            self._known[pod.name].ending = pod.terminating
        self._count = len(self._known)
        self._queue = WorkQueue(run.env, run.api, self._sync)
        run.api.watch_pods(lambda pod: self._queue.add(pod.name))
        run.api.watch_nodes(self._node_changed)

    def crash(self, pod: str) -> None:
        """The process of a Pod ends by itself; nothing happens where none runs."""
        its = self._known.get(qualified(pod))
        if its is not None and its.running:
            self._processes.crash(its, "crash")

    def kill(self, number: int) -> None:
        """The kernel kills the process of the Pod of this number, which is out of memory."""
        its = next(its for its in self._known.values() if its.pod.number == number)
        self._processes.crash(its, "OOMKilled")

    def number(self, pod: str) -> int | None:
        """The number of a Pod; None where it has no address."""
        its = self._known.get(qualified(pod))
        return None if its is None else its.pod.number

    def fail(self, node: int) -> None:
        """A node stops, and all that runs on it."""
        self._down[node] += 1
        if self._down[node] > 1:
            return
        for its in self._on(node):
            self._processes.fail(its)

    def start(self, node: int) -> None:
        """It starts again, and its kubelet starts what is its own."""
        self._down[node] -= 1
        if self._down[node]:
            return
        for its in list(self._on(node)):
            self._run.listen(its.pod.number, CLOSED)
            if not its.pod.terminating:
                self._processes.report(its, False)
                self._run.env.process(self._processes.create(its))
        self._look_at(node)

    def _on(self, node: int) -> Iterator[Container]:
        return (its for its in self._known.values() if its.pod.node == node)

    def _look_at(self, node: int) -> None:
        """Look at all Pods that are or were a node's own."""
        for its in self._on(node):
            self._queue.add(its.pod.name)
        for pod in self._run.api.pods.values():
            if pod.node == node:
                self._queue.add(pod.name)

    def _node_changed(self, node: NodeObject) -> None:
        """A kubelet that is heard again says how its Pods are."""
        if node.ready and not self._down[node.number]:
            for its in list(self._on(node.number)):
                self._processes.report(its, its.ready)
            self._look_at(node.number)

    def _sync(self, name: str) -> None:
        pod, its = self._run.api.pods.get(name), self._known.get(name)
        node = pod.node if pod is not None else its.pod.node if its is not None else PENDING
        if node == PENDING or self._down[node] or not self._run.is_heard(node):
            return
        if its is None and pod is not None:
            self._admit(pod)
        elif its is not None and pod is None:
            self._processes.end(its)
            self._forget(its)
        elif its is not None and its.pod.terminating and not its.ending:
            its.ending = True
            self._run.env.process(self._end(its))

    def _admit(self, pod: PodObject) -> None:
        """Give a Pod its number and address, and run its container."""
        run = self._run
        if pod.terminating:
            self._delete(pod)
            return
        address = self._address(pod)
        if address is None:
            return  # until another's is free
        state, number = run.state, self._count
        if number == len(state.pods):
            raise RoomError(f"more than {number:,} Pods in one run")
        self._count += 1
        name = self._cluster.nodes[pod.node].name
        row = run.live.templates[str(pod.owner)].copy()
        row["node"], row["app_port"] = pod.node, CLOSED
        state.pods[number] = row
        its, here = self._processes.of(pod), slice(number, number + 1)
        state.shedding[here] = shedding([its.behaviour])
        state.working_sets[here] = working_sets([pod.spec], [its.behaviour])
        limit(
            state.sharing[here], quotas((pod.spec,), state.pods[here]),
            np.array([period_end(number, run.live.spec)]),
        )  # fmt: skip
        run.speeds.begin(number, row["speed"] * run.live.spec.speeds.nodes.get(name, 1.0))
        pod.number, pod.address = number, address
        self._known[pod.name] = its
        run.log.add_pod(pod.name, address, pod.node)
        run.rules.came(number, address, pod.node)
        run.api.pod_changed(pod)
        run.env.process(self._processes.create(its))

    def _address(self, pod: PodObject) -> str | None:
        if pod.spec.spec.host_network:
            return self._cluster.nodes[pod.node].address
        return self._addresses.give(pod.node)

    def _end(self, its: Container) -> Process:
        failures = its.node_failures
        yield from terminate(self._run, self._processes, its)
        if its.node_failures == failures:
            self._forget(its)
            self._run.api.write(lambda: self._delete(its.pod))

    def _forget(self, its: Container) -> None:
        """The Pod is there no longer: nobody has its address."""
        pod = its.pod
        del self._known[pod.name]
        self._run.listen(pod.number, GONE)
        self._run.rules.went(pod.number, pod.address, pod.node)
        if not pod.spec.spec.host_network:
            self._addresses.take_back(pod.address)
        for other in self._run.api.pods.values():
            if other.node == pod.node and not other.address:
                self._queue.add(other.name)

    def _delete(self, pod: PodObject) -> None:
        if self._run.api.pods.pop(pod.name, None) is not None:
            self._run.tell("pod_deleted", pod.name)
            self._run.api.pod_changed(pod)
