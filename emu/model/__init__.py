"""What a run computes with: a checked scenario laid out as structured arrays, for both engines.

`build` makes it; nothing changes it afterwards. State lives in copies that an engine makes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.kubeproxy.traffic import Decision
from emu.hops.network import NetworkTable
from emu.recorder.expected import Expected
from emu.recorder.places import Places
from emu.registry import Choice

CLIENT = np.dtype(
    [
        ("vertex", "i8"),
        ("local_hops", "i8"),
        ("pod", "i8"),
        ("source_number", "i8"),
        ("resolves", "i8"),
        ("first_target", "i8"),
        ("targets", "i8"),
        ("arrivals", "i8"),
        ("arrival_parameters", "i8"),
        ("timeout_ns", "i8"),
        ("request_bytes", "i8"),
        ("response_bytes", "i8"),
    ]
)
"""One client: where it is (``local_hops`` is 1 in a Pod), as which sender conntrack knows it, what
its URL stands for (``targets[first_target : first_target + targets]``, one for each address of the
domain), when it sends, and for how long it waits (-1: for ever)."""

TARGET = np.dtype(
    [
        ("kind", "i8"),
        ("listener", "i8"),
        ("vertex", "i8"),
        ("node", "i8"),
        ("service", "i8"),
        ("rule", "i8"),
        ("pod", "i8"),
        ("port", "i8"),
    ]
)
"""What stands behind an address and port: see `emu.model.targets.TargetKind`."""


@dataclass(frozen=True)
class ListenerModel:
    """A port of a load balancer: its strategy, and its backends as it sees them at first."""

    load_balancer: int
    vertex: int
    port: int
    service: int
    node_port: int
    strategy: Choice
    backends: NDArray[Any]
    connect_timeout_ns: int


@dataclass(frozen=True)
class Model:
    """A scenario ready to run.

    ``clients`` is an array of `CLIENT`, ``targets`` of `TARGET` (their addresses beside them),
    ``pods`` of `emu.hops.pod.POD`, ``rules`` of `emu.hops.node.RULE` (the ``decisions`` of the
    nodes in numbers), ``endpoints`` of `emu.hops.node.ENDPOINT`, ``members`` int64 numbers of
    endpoints. Hosts are vertices: the nodes first, then the load balancers, then the
    clients outside. ``hosts`` are the hosts of the clients' URLs, ``service_addresses`` the
    ClusterIP and port of each Service port, ``reachable`` how
    many of their endpoints each node has rules for. ``log`` and
    ``log_share`` are what of the requests is written, see `Header`. ``expected`` is what the load
    implies for nodes and Pods, see `emu.model.expectations`.
    """

    name: str
    digest: str
    seed: int
    end_ns: int | None
    requests: int | None
    sample_interval_ns: int
    hops_share: float
    log: str
    log_share: float
    places: Places
    clients: NDArray[Any]
    targets: NDArray[Any]
    target_addresses: tuple[str, ...]
    hosts: tuple[str, ...]
    listeners: tuple[ListenerModel, ...]
    service_addresses: tuple[tuple[str, int], ...]
    decisions: tuple[Decision, ...]
    reachable: tuple[int, ...]
    mode: int
    rules: NDArray[Any]
    members: NDArray[np.int64]
    endpoints: NDArray[Any]
    pods: NDArray[Any]
    conntrack_limits: NDArray[np.int64]
    arrival_parameters: NDArray[np.float64]
    network: NetworkTable
    resolver_latency: int
    resolver_ttl_ns: int
    expected: Expected

    @cached_property
    def sources(self) -> int:
        """How many senders conntrack can tell apart: the hosts, then the Pods."""
        return len(self.network.legs) + len(self.pods)
