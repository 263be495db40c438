"""How the cluster finds out that a node is gone, and what becomes of its Pods.

A kubelet renews its node's Lease at each heartbeat. The node lifecycle controller looks at all
nodes at each monitor period; a node that has been silent for the grace period is not ready from
then on, and neither are its Pods, which leaves them out of Services. When it has been so for the
Pods' toleration they are evicted: deleted at the API server, so that whoever owns them makes
others; their kubelet hears of it when it is back. With its first heartbeat after that the node is
ready, and its kubelet says how its Pods are.

Only nodes that are silent cost steps. While the API server is down nothing is noticed, and silence
counts on. Left out: that kubelets could not renew their Leases then, the lower eviction rates where
many nodes fail at once, and tolerations in Pods' own specs.

Source: Kubernetes, pkg/controller/nodelifecycle (``monitorNodeHealth``, ``MarkPodsNotReady``),
pkg/controller/tainteviction, plugin/pkg/admission/defaulttolerationseconds.
"""

from collections.abc import Generator
from dataclasses import dataclass

import simpy

from emu.control.api_server import NodeObject, PodObject
from emu.control.links import Links
from emu.control.log import spoken
from emu.control.objects import delete
from emu.control.run import Run
from emu.random_streams import HEARTBEAT_PHASE, uniform

Process = Generator[simpy.Event, None, None]


@dataclass(eq=False)
class _Contact:
    """What is known of a node's heartbeats: their phase, and the last one before it fell silent."""

    node: NodeObject
    phase_ns: int
    silent: bool = False
    last_ns: int = 0
    watched: bool = False


class NodeLifecycle:
    """The node lifecycle controller and the heartbeats of all kubelets."""

    def __init__(self, run: Run, links: Links) -> None:
        self._run, self._env, self._api, self._links = run, run.env, run.api, links
        self._settings, seed = run.live.spec.node_lifecycle, run.live.spec.seed
        beat = self._settings.heartbeat
        self._contacts = [
            _Contact(node, int(uniform(seed, HEARTBEAT_PHASE, node.number, 0) * beat))
            for node in run.api.nodes.values()
        ]
        links.watch(self._look)

    def _look(self) -> None:
        """Links are others now: note whose heartbeats do not come any more, and whose do again."""
        for its in self._contacts:
            silent = not self._links.connected(its.node.number)
            if silent and not its.silent:
                since_last = (self._run.now - its.phase_ns) % self._settings.heartbeat
                its.last_ns = self._run.now - since_last
            its.silent = silent
            if its.node.joined and (silent or not its.node.ready) and not its.watched:
                its.watched = True
                self._env.process(self._follow(its))

    def _follow(self, its: _Contact) -> Process:
        """Watch a node until it is heard again; evict its Pods meanwhile."""
        yield from self._grace(its)
        if its.silent:
            self._api.write(lambda: self._lost(its))
        due: int | None = self._run.now + self._settings.toleration
        while its.silent or not its.node.ready:
            beat = self._until_beat(its)
            if due is not None and due - self._run.now < beat:
                yield self._env.timeout(due - self._run.now)
                due = None
                self._api.write(lambda: self._evict(its))
                continue
            yield self._env.timeout(beat)
            if not its.silent:
                self._api.write(lambda: self._found(its))
                break
        its.watched = False

    def _grace(self, its: _Contact) -> Process:
        """Until a look of the controller finds that it was silent for too long, or hears it."""
        while its.silent:
            due = its.last_ns + self._settings.grace
            look = -(-due // self._settings.monitor) * self._settings.monitor
            if look <= self._run.now:
                return
            yield self._env.timeout(look - self._run.now)

    def _until_beat(self, its: _Contact) -> int:
        """Until its next heartbeat is due."""
        heartbeat = self._settings.heartbeat
        return heartbeat - (self._run.now - its.phase_ns) % heartbeat

    def _pods_of(self, its: _Contact) -> list[PodObject]:
        return [pod for pod in self._api.pods.values() if pod.node == its.node.number]

    def _lost(self, its: _Contact) -> None:
        """The node is not ready, nor are its Pods."""
        if not its.silent:
            return
        silence = spoken(self._run.now - its.last_ns)
        self._run.tell("node_not_ready", its.node.name, "silence", f"{silence} after its last word")
        its.node.ready = False
        self._api.node_changed(its.node)
        for pod in self._pods_of(its):
            if pod.ready:
                pod.ready = False
                self._api.pod_changed(pod)

    def _evict(self, its: _Contact) -> None:
        """Delete its Pods at the API server."""
        for pod in self._pods_of(its) if its.silent else ():
            delete(self._run, pod, its.node.name, "pod_evicted", "the node is not ready")

    def _found(self, its: _Contact) -> None:
        """The node is ready again, and so are the Pods that have gone on meanwhile."""
        if its.silent or its.node.ready:
            return
        self._run.tell("node_ready", its.node.name, "heartbeat")
        its.node.ready = True
        self._api.node_changed(its.node)
