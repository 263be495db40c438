"""The cluster autoscaler: node pools grow while Pods find no room.

At each scan it looks at the Pods that wait. If one of them has no room on the nodes that are there,
and will not have any on those that are on their way, it asks for another: the first node, in the
order of the pools, that would take it. A node joins when it is provisioned; load balancers use it
when it has passed their checks.

Source: Kubernetes, autoscaler/cluster-autoscaler (``scan-interval`` 10 s). Left out: more than one
node a scan, expanders but the order of the pools, and pools that shrink.
"""

from collections.abc import Generator
from typing import Final

import simpy

from emu.control.api_server import NodeObject
from emu.control.links import Links
from emu.control.run import Run
from emu.control.scheduler import Scheduler
from emu.scenario.kubernetes import Node, Pod
from emu.scenario.placement import NoNodeFitsError, Taken, node_for
from emu.units import SECOND

SCAN_NS: Final = 10 * SECOND

Process = Generator[simpy.Event, None, None]


class NodePools:
    """The nodes that are not there from the start: cut off until they join."""

    def __init__(self, run: Run, links: Links, scheduler: Scheduler) -> None:
        self._run, self._links, self._scheduler = run, links, scheduler
        self._spare = [its for its in run.api.nodes.values() if not its.joined]
        self._coming: list[NodeObject] = []
        for its in self._spare:
            links.cut_off(its.name)

    def process(self) -> Process:
        """Scan until all nodes are there."""
        while self._spare:
            yield self._run.env.timeout(SCAN_NS)
            if self._run.api.up:
                self._scan()

    def _scan(self) -> None:
        api = self._run.api
        nodes = [its for its in api.nodes.values() if its.joined and its.ready and its.schedulable]
        nodes += self._coming
        taken = Taken(pod.spec for pod in api.pods.values())
        for name in self._scheduler.waiting:
            pod = api.pods[name].spec
            if _node_of(nodes, taken, pod) is not None:
                continue
            new = _node_of(self._spare, Taken(()), pod)
            if new is not None:
                self._request(api.nodes[new], name)
                return

    def _request(self, its: NodeObject, cause: str) -> None:
        self._spare.remove(its)
        self._coming.append(its)
        self._run.tell("node_requested", its.name, cause)
        self._run.env.process(self._provision(its))

    def _provision(self, its: NodeObject) -> Process:
        yield self._run.env.timeout(int(its.spec.provisioning or 0))
        self._run.api.write(lambda: self._join(its))

    def _join(self, its: NodeObject) -> None:
        """It is there, and ready."""
        self._coming.remove(its)
        its.spec = _opened(its.spec)
        its.joined = its.ready = its.schedulable = True
        self._run.tell("node_joined", its.name)
        self._links.rejoin(its.name)
        self._run.api.node_changed(its)


def _node_of(nodes: list[NodeObject], taken: Taken, pod: Pod) -> str | None:
    """Which of these nodes, once they are there, takes the Pod beside what is taken."""
    try:
        return node_for([_opened(its.spec) for its in nodes], taken, [], pod)
    except NoNodeFitsError:
        return None


def _opened(node: Node) -> Node:
    """The node as it is when it takes Pods."""
    return node.changed(spec={"unschedulable": False})
