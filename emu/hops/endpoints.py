"""Which endpoints of a Service may be used from a node: a pure function, asked when rules change.

The words, after kube-proxy's ``CategorizeEndpoints`` (Kubernetes, pkg/proxy/topology.go):

- an endpoint is *ready*, or it is *serving and terminating*; the latter are used only while no
  endpoint that may be used is ready (KEP-1669);
- under the policy ``Cluster`` every endpoint may be used, under ``Local`` those on this node.

Left out: topology hints and trafficDistribution.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Endpoint(NamedTuple):
    """One address and port behind a Service, in the state in which a node sees it."""

    address: str
    port: int
    node: str | None
    ready: bool
    serving: bool
    terminating: bool


def usable(endpoints: Iterable[Endpoint], node: str, local_only: bool) -> tuple[Endpoint, ...]:
    """The endpoints that a new connection on this node may be given, in their given order."""
    candidates = [e for e in endpoints if not local_only or e.node == node]
    ready = tuple(e for e in candidates if e.ready)
    return ready or tuple(e for e in candidates if e.serving and e.terminating)
