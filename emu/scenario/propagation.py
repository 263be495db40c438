"""How long it takes until everybody acts on what has changed in the cluster."""

from typing import Annotated

from pydantic import Field, model_validator

from emu.quantities import Duration
from emu.registry import OptionsModel

_NonNegative = Annotated[Duration, Field(ge=0)]
_Positive = Annotated[Duration, Field(gt=0)]


class NodePropagation(OptionsModel):
    """What is otherwise on one node."""

    watch: _NonNegative | None = None
    """Until its kube-proxy hears of a change."""
    sync: _NonNegative | None = None
    """How long each of its kube-proxy's syncs takes."""


class Propagation(OptionsModel):
    """From a change at the API server to the rules of the nodes, and to load balancers.

    How often a kube-proxy syncs is said in KubeProxyConfiguration: minSyncPeriod.
    """

    watch: _NonNegative = 100_000_000
    """Until a kube-proxy hears of a change: the EndpointSlice controller, the API server and its
    watch together."""
    sync: _NonNegative | None = None
    """How long a kube-proxy's sync takes; where nothing is said, ``syncBase`` and ``syncRule`` for
    each rule that it writes."""
    sync_base: _NonNegative = 50_000_000
    """How long a sync takes that writes nothing."""
    sync_rule: _NonNegative = 20_000
    """How much longer it takes for each rule that it writes; how many there are goes by the mode.
    """
    registration: _NonNegative = 2_000_000_000
    """Until a load balancer whose target is ``pod`` hears of a Pod that comes or goes."""
    nodes: dict[str, NodePropagation] = Field(default_factory=dict)
    """Nodes where it is otherwise, by their names."""

    def watch_of(self, node: str) -> int:
        """Until the kube-proxy of a node hears of a change."""
        its = self.nodes.get(node)
        return self.watch if its is None or its.watch is None else its.watch

    def sync_of(self, node: str, rules: int) -> int:
        """How long a node's sync takes that writes so many rules."""
        its = self.nodes.get(node)
        if its is not None and its.sync is not None:
            return its.sync
        return self.sync_base + rules * self.sync_rule if self.sync is None else self.sync


class NodeLifecycle(OptionsModel):
    """How the cluster finds out that a node is gone: kube-controller-manager's settings."""

    heartbeat: _Positive = 10_000_000_000
    """How often a kubelet renews its node's Lease: a quarter of leaseDurationSeconds."""
    grace: _Positive = 50_000_000_000
    """For how long a node may be silent until it is not ready: nodeMonitorGracePeriod, 50 s since
    Kubernetes 1.32, 40 s before."""
    monitor: _Positive = 5_000_000_000
    """How often that is looked at: nodeMonitorPeriod."""
    toleration: _NonNegative = 300_000_000_000
    """For how long the Pods of a node that is not ready are left there: the tolerationSeconds that
    Pods are given (DefaultTolerationSeconds)."""

    @model_validator(mode="after")
    def _is_heard_in_time(self) -> "NodeLifecycle":
        if self.grace <= self.heartbeat:
            raise ValueError("must have a grace period above that of heartbeats")
        return self
