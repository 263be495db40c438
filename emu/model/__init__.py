"""What a run computes with: a checked scenario laid out as structured arrays, for both engines.

`build` makes it; nothing changes it afterwards. State lives in copies that an engine makes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.hops.kubeproxy.traffic import Decision
from emu.hops.network import NetworkTable
from emu.recorder.expected import Expected
from emu.recorder.places import Places
from emu.registry import Choice

if TYPE_CHECKING:
    from emu.model.live import Live, Room

CLIENT = np.dtype(
    [
        ("vertex", "i8"),
        ("local_hops", "i8"),
        ("pod", "i8"),
        ("source_number", "i8"),
        ("sources", "i8"),
        ("address", "i8"),
        ("patience_ns", "i8"),
        ("resolves", "i8"),
        ("first_target", "i8"),
        ("targets", "i8"),
        ("arrivals", "i8"),
        ("arrival_parameters", "i8"),
        ("timeout_ns", "i8"),
        ("first_class", "i8"),
        ("classes", "i8"),
        ("tls", "i8"),
        ("watched", "i8"),
        ("policy", "i8"),
        ("users", "i8"),
        ("stride", "i8"),
        ("think", "i8"),
        ("first_piece", "i8"),
        ("pieces", "i8"),
    ]
)
"""One client: where it is (``local_hops`` is 1 in a Pod); as which senders conntrack knows it, from
``source_number`` on, with IPv4 addresses as numbers from ``address`` on, which its requests take in
turn; for how long it tries to connect, and how many round trips TLS takes then; what its URL stands
for (``targets[first_target : first_target + targets]``, one for each address of the domain); when
it sends, of which classes (from ``first_class`` on), and for how long it waits (-1: for ever).
Whether its answers are watched, since it keeps connections, tries again (by a policy of
`emu.hops.retries`), or is a closed loop: of so many users, whose requests are ``stride`` apart, and
who think by a distribution; the pieces of its own time, if it has surges."""

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
        ("route", "i8"),
        ("datagram", "i8"),
        ("pool", "i8"),
    ]
)
"""What stands behind an address and port: see `emu.model.targets.TargetKind`; the first of its
client's routes there, one for each of the client's addresses (see `emu.hops.ports`), whether UDP
goes there, and the first of its pools, one for each address as well (0: it keeps no connection)."""


class SlowStart(NamedTuple):
    """How the weight of a backend grows that has joined: see `emu.control.joining`."""

    window_ns: int
    aggression: float
    least: float


class SlowdownModel(NamedTuple):
    """The speed of one machine, a node or Pod, that is another for some of the time.

    ``pods`` are its Pods; ``pause`` and ``lasting`` the places of their distributions, -1 where it
    is slow once, and to the end.
    """

    pods: tuple[int, ...]
    speed: float
    start_ns: int
    pause: int
    lasting: int


@dataclass(frozen=True)
class ListenerModel:
    """A port of a load balancer: its strategy, and its backends as it sees them at first.

    ``backends`` is an array of `emu.hops.balancer.BACKENDS`, as if all had joined; ``names``
    are theirs, ``since`` is from which nanosecond on each is available. ``node_port`` is 0 where
    they are Pods.
    ``tcp`` is whether it balances connections; ``tls`` how many round trips TLS takes towards
    backends; ``first_pool`` the pool of its connections to the first of them (0: it keeps none).
    """

    load_balancer: int
    vertex: int
    address: int
    port: int
    service: int
    node_port: int
    strategy: Choice
    backends: NDArray[Any]
    names: tuple[str, ...]
    since: NDArray[np.int64]
    slow_start: SlowStart | None
    connect_timeout_ns: int
    response_timeout_ns: int
    tcp: bool
    tls: int
    first_pool: int


class KernelModel(NamedTuple):
    """How the kernels of hosts are set; times in nanoseconds.

    ``ports`` source ports from ``first_port`` on are kept for ``time_wait`` after a connection, and
    may be known to a node for ``port_rest`` longer; SYNs are sent again ``linear`` times a second
    apart before they are exponentially; an entry outlives its connection by ``timeouts``, in the
    order of `emu.hops.conntrack.Closing`; ``evicts`` as in `emu.hops.conntrack.track`.
    """

    first_port: int
    ports: int
    time_wait: int
    port_rest: int
    linear: int
    timeouts: tuple[int, ...]
    evicts: bool


@dataclass(frozen=True)
class Model:
    """A scenario ready to run.

    ``clients`` is an array of `CLIENT`, ``targets`` of `TARGET` (their addresses beside them),
    ``pods`` of `emu.hops.pod.POD`, ``slowdowns`` who of them is slow for some of the time,
    ``quotas`` and ``period_ends`` how many nanoseconds of CPU each has in a period (0: all that
    it wants) and when its first ends, ``cpu`` and ``competitors`` as in `emu.hops.contention`,
    ``rules`` of `emu.hops.node.RULE` (the ``decisions`` of the nodes in numbers),
    ``endpoints`` of `emu.hops.node.ENDPOINT`, ``members`` int64 numbers of
    endpoints. Hosts are vertices: the nodes first, then the load balancers, then the
    clients outside. ``hosts`` are the hosts of the clients' URLs, ``service_addresses`` the
    ClusterIP and port of each Service port, ``reachable`` how
    many of their endpoints each node has rules for. ``servers`` are the states of the virtual
    servers at first, which count connections from ``loads`` on, or do not (-1); ``sources`` is how
    many senders conntrack can tell apart, ``routes`` how many routes there are, ``pool_settings``
    and ``pools`` are as in `emu.hops.pool`, ``policies`` as in `emu.hops.retries`,
    ``classes`` as in `emu.hops.classes`, ``resolver`` as in `emu.hops.dns`,
    ``kernel`` how the hosts are set;
    ``tracked`` is how many connections all nodes are expected to track at once. ``log`` and
    ``log_share`` are what of the requests is written, see `Header`.
    ``expected`` is what the load implies for nodes and Pods, see `emu.model.expectations`.
    ``room`` is for how many Pods and endpoints a run has room, ``live`` what control loops need,
    None where the cluster stays as it is.
    Listeners have ``limits`` and ``detectors`` and Pods ``shedding``, the first Pods and then the
    Deployments' templates, see `emu.model.protection`; ``surges`` are the pieces of clients' own
    times, see `emu.model.surges`.
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
    limits: NDArray[Any]
    detectors: NDArray[Any]
    service_addresses: tuple[tuple[str, int], ...]
    decisions: tuple[Decision, ...]
    reachable: tuple[int, ...]
    mode: int
    rules: NDArray[Any]
    members: NDArray[np.int64]
    endpoints: NDArray[Any]
    servers: NDArray[np.int64]
    loads: int
    pods: NDArray[Any]
    shedding: NDArray[Any]
    quotas: NDArray[np.int64]
    period_ends: NDArray[np.int64]
    cpu: NDArray[Any]
    competitors: NDArray[np.int64]
    slowdowns: tuple[SlowdownModel, ...]
    sources: int
    routes: int
    pool_settings: NDArray[Any]
    pools: NDArray[Any]
    policies: NDArray[Any]
    classes: NDArray[Any]
    kernel: KernelModel
    conntrack_limits: NDArray[np.int64]
    tracked: int
    arrival_parameters: NDArray[np.float64]
    surges: NDArray[Any]
    network: NetworkTable
    resolver: NDArray[Any]
    expected: Expected
    room: "Room"
    live: "Live | None"

    def listener_name(self, number: int) -> str:
        """What a listener is called in metrics and events: ``edge:80``."""
        its = self.listeners[number]
        return f"{self.places.load_balancers[its.load_balancer][0]}:{its.port}"
