"""The API server: the objects of the cluster as everybody hears of them, and who hears.

Controllers, kubelets and proxies know of each other by nothing else. While it is down nothing can
be written, and what was to be written is written when it is back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from emu.scenario.kubernetes import Deployment, Node, Pod

PENDING = -1
"""In the place of a node: on none yet."""


@dataclass(eq=False)
class PodObject:
    """A Pod: the description it was made from, and its status.

    ``number`` is its place among the Pods of the run, from when it has an address on, ``node`` that
    of its node. ``owner`` is the Deployment that made it, of which ``revision`` of its template.
    ``ready_since_ns`` is when it last became ready; -1 before it ever was.
    """

    name: str
    spec: Pod
    owner: str | None = None
    revision: int = 0
    number: int = -1
    node: int = PENDING
    address: str = ""
    ready: bool = False
    terminating: bool = False
    created_ns: int = 0
    ready_since_ns: int = -1


@dataclass(eq=False)
class NodeObject:
    """A Node: as it was described, and its status; ``joined`` is whether it is there at all."""

    name: str
    number: int
    spec: Node
    ready: bool = True
    schedulable: bool = True
    joined: bool = True


@dataclass(eq=False)
class DeploymentObject:
    """A Deployment: how many Pods it is to have, and of which revision of its template."""

    name: str
    spec: Deployment
    replicas: int
    revision: int = 0


@dataclass(eq=False)
class _Watchers:
    pods: list[Callable[[PodObject], None]] = field(default_factory=list)
    nodes: list[Callable[[NodeObject], None]] = field(default_factory=list)
    deployments: list[Callable[[DeploymentObject], None]] = field(default_factory=list)


class ApiServer:
    """The objects by their names, each kind in the order in which they were made."""

    def __init__(self) -> None:
        self.pods: dict[str, PodObject] = {}
        self.nodes: dict[str, NodeObject] = {}
        self.deployments: dict[str, DeploymentObject] = {}
        self.up = True
        self._watchers = _Watchers()
        self._waiting: list[Callable[[], None]] = []

    def watch_pods(self, tell: Callable[[PodObject], None]) -> None:
        """Hear of each Pod that is made, changed or deleted."""
        self._watchers.pods.append(tell)

    def watch_nodes(self, tell: Callable[[NodeObject], None]) -> None:
        """Hear of each Node that changes."""
        self._watchers.nodes.append(tell)

    def watch_deployments(self, tell: Callable[[DeploymentObject], None]) -> None:
        """Hear of each Deployment that changes."""
        self._watchers.deployments.append(tell)

    def write(self, change: Callable[[], None]) -> None:
        """Make a change to objects, now or when the API server is back."""
        if self.up:
            change()
        else:
            self._waiting.append(change)

    def pod_changed(self, pod: PodObject) -> None:
        """Within a change: tell who watches Pods."""
        for tell in self._watchers.pods:
            tell(pod)

    def node_changed(self, node: NodeObject) -> None:
        """Within a change: tell who watches Nodes."""
        for tell in self._watchers.nodes:
            tell(node)

    def deployment_changed(self, deployment: DeploymentObject) -> None:
        """Within a change: tell who watches Deployments."""
        for tell in self._watchers.deployments:
            tell(deployment)

    def stop(self) -> None:
        """Take no changes for now."""
        self.up = False

    def start(self) -> None:
        """Take changes again, first those that waited, in their order."""
        self.up = True
        waiting, self._waiting = self._waiting, []
        for change in waiting:
            change()
