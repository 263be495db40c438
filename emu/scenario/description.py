"""The Scenario document: what Kubernetes' own objects do not say, as frozen validated blocks.

In YAML the names are camelCase. What a field's docstring says goes into the JSON Schema.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from emu.distributions import DISTRIBUTIONS, Distribution
from emu.hops.balancer import STRATEGIES, Strategy
from emu.quantities import Bandwidth, Cpu, Duration, DurationOrAuto, Fraction, Memory, Size
from emu.registry import OptionsModel
from emu.scenario.classes import RequestClass
from emu.scenario.connections import Connections, TlsVersion
from emu.scenario.fields import (
    Address,
    Domain,
    Name,
    ObjectReference,
    Port,
    SourceNetwork,
    Url,
    Whole,
)
from emu.scenario.health_check import HealthCheck
from emu.scenario.propagation import NodeLifecycle, Propagation
from emu.scenario.protection import CircuitBreaker, OutlierDetection, RateLimit
from emu.scenario.retries import Hedge, Retries
from emu.scenario.sysctls import Sysctls
from emu.timeline import Action, Fault
from emu.workload import Arrivals

MOST_MANIFESTS = 1000

NonNegative = Annotated[Duration, Field(ge=0)]
Speed = Annotated[float, Field(ge=0.001, le=1000)]
Positive = Annotated[Duration, Field(gt=0)]


class NodePool(OptionsModel):
    """Nodes that are alike, where listing them would be tedious."""

    name: Name
    """The nodes are called ``<name>-1``, ``<name>-2`` ..."""
    nodes: Annotated[Whole, Field(ge=1, le=5000)]
    """How many nodes."""
    max_nodes: Annotated[Whole, Field(ge=1, le=5000)] | None = None
    """How many there may come to be, one after the other, while Pods find no room; no more where
    nothing is said."""
    provisioning: NonNegative = 120_000_000_000
    """How long it takes until a further node has joined."""
    cpu: Cpu = 4
    """Cores of each node."""
    memory: Memory | None = None
    """Bytes of memory of each node; as much as Pods ask for where nothing is said."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels of each node."""
    zones: tuple[str, ...] = ()
    """Zones over which the nodes are dealt in turn (label ``topology.kubernetes.io/zone``)."""

    @model_validator(mode="after")
    def _grows(self) -> "NodePool":
        if self.max_nodes is not None and self.max_nodes < self.nodes:
            raise ValueError("must have maxNodes of at least nodes")
        return self


class Listener(OptionsModel):
    """A port of a load balancer and the Service behind it."""

    port: Port = 80
    """The port that clients connect to."""
    service: ObjectReference
    """The Service, as ``namespace/name``; it needs a NodePort where nodes are balanced."""
    service_port: Port | str | None = None
    """Which of the Service's ports, by number or name; the first where nothing is said."""


class SlowStart(OptionsModel):
    """A backend that has joined has W * max(minWeight, (elapsed / window)^(1 / aggression)) of its
    weight W until the window is over, as with Envoy."""

    window: Positive
    """For how long."""
    aggression: Annotated[float, Field(gt=0, le=1000)] = 1
    """How fast it begins: at 1 the weight grows on a straight line, above 1 faster at first."""
    min_weight: Annotated[Fraction, Field(gt=0)] = 0.1
    """The least part of its weight."""


class LoadBalancer(OptionsModel):
    """An external load balancer: a proxy that opens a connection of its own to a backend."""

    name: Name
    """Its name in results and in `network.links`."""
    address: Address
    """The address that clients connect to and that the nodes see as source."""
    listeners: Annotated[tuple[Listener, ...], Field(min_length=1)]
    """Its ports."""
    target: Literal["node", "pod"] = "node"
    """What it balances: every ``node``, by the Service's NodePort, or container-native each ``pod``
    of the Service, straight at its own address and targetPort."""
    strategy: Strategy = STRATEGIES.chosen("round_robin")
    """How it picks a backend."""
    mode: Literal["http", "tcp"] = "http"
    """With ``http`` it balances requests, over connections of its own; with ``tcp`` connections:
    each of a client's is joined to one of its own, for all the requests that it carries."""
    connections: Connections | None = None
    """How it keeps its connections to backends, with the mode ``http``; one for each request where
    nothing is said."""
    tls: TlsVersion | None = None
    """The TLS of its connections to backends, with the mode ``http``; none by default."""
    weights: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(default_factory=dict)
    """The weights of nodes or Pods (``namespace/name``), by their names, for strategies that go by
    weights; 1 where nothing is said. One of weight 0 gets nothing, whatever the strategy."""
    available_from: dict[str, NonNegative] = Field(default_factory=dict)
    """From when in the run it finds backends available, by the names of nodes or Pods; from the
    start where nothing is said."""
    slow_start: SlowStart | None = None
    """How backends that are available later get their weight, with a strategy that follows weights;
    at once where nothing is said."""
    connect_timeout: Positive = 60_000_000_000
    """How long it tries to open a connection to a backend (NGINX: 60 s)."""
    health_check: HealthCheck = HealthCheck()
    """How it finds out which backends it may use, in a run whose cluster changes."""
    response_timeout: Positive = 60_000_000_000
    """How long it waits for an answer that does not come any more, since what should give it is
    gone or cut off (NGINX: 60 s); one that is slow it waits for."""
    rate_limit: RateLimit | None = None
    """How many requests each listener takes in a time, with the mode ``http``; all where nothing is
    said."""
    circuit_breaker: CircuitBreaker | None = None
    """How many requests may be in flight, with the mode ``http``; any number where nothing is
    said."""
    outlier_detection: OutlierDetection | None = None
    """Which backends are ejected for their errors; with the mode ``tcp``, for connections that
    fail; none where nothing is said."""

    @model_validator(mode="after")
    def _passes_on(self) -> "LoadBalancer":
        if self.mode == "tcp" and self.connections is not None:
            raise ValueError("must have connections with the mode http only")
        if self.mode == "tcp" and (self.rate_limit or self.circuit_breaker):
            raise ValueError(
                "must have rateLimit and circuitBreaker with the mode http only: "
                "with tcp it sees no requests"
            )
        if self.mode == "tcp" and self.tls is not None:
            raise ValueError("must have tls with the mode http only: with tcp it is the client's")
        return self


class Warming(OptionsModel):
    """A process that is slow at first, as with empty caches and code not compiled yet: its speed
    rises in equal steps from a part of it to all."""

    window: Positive
    """For how long after it listens."""
    least: Annotated[Fraction, Field(gt=0)] = 0.1
    """The part of its speed at which it begins."""


class WorkingSet(OptionsModel):
    """The memory that a Pod uses. Above its limit, the sum of its containers' memory limits, its
    process is killed."""

    base: Memory = 0
    """Bytes of its process at rest."""
    per_request: Memory = 0
    """Bytes more for each request at it, served or waiting."""


class Behaviour(OptionsModel):
    """How the Pods that a selector matches serve requests."""

    selector: dict[str, str] = Field(default_factory=dict)
    """Labels, as a Service selects by them; nothing selects every Pod."""
    namespace: Name | None = None
    """Only Pods of this namespace; all where nothing is said."""
    app_port: Port | None = None
    """The port at which the process really listens; by default the first container port, or 8080.
    """
    workers: Annotated[Whole, Field(ge=1, le=100_000)] = 1
    """How many requests are served at once; with processor sharing, how many cores they share."""
    discipline: Literal["fifo", "processor_sharing"] = "fifo"
    """Who is served: the first to come, one by each worker; or all that are there, at once, each at
    the same rate."""
    backlog: Annotated[Whole, Field(ge=0, le=2**31)] = 4096
    """How many requests may be there beyond the workers (Linux: net.core.somaxconn 4096): they
    wait, or share. One more is refused."""
    service_time: Distribution = DISTRIBUTIONS.chosen("exponential", mean="10ms")
    """How long a worker is busy with a request at speed 1."""
    speed: Speed = 1
    """What service times are divided by: 0.5 is half as fast."""
    memory: WorkingSet | None = None
    """The memory that it uses; where nothing is said it is never killed for it."""
    creation: Distribution = DISTRIBUTIONS.chosen("constant", value="1s")
    """From when a Pod has a node until its container runs: its sandbox, network and images."""
    startup: Distribution = DISTRIBUTIONS.chosen("constant", value="1s")
    """From the start of its container until its process listens, for Pods that start in the run."""
    warming: Warming | None = None
    """How a process is slow after it has started; at its full speed at once where nothing is said.
    """
    on_sigterm: Literal["drain", "exit", "ignore"] = "drain"
    """What its process does at SIGTERM: it stops listening, answers what is there and ends
    (``drain``), ends at once, or goes on serving until it is killed (``ignore``)."""
    queue_timeout: Positive | None = None
    """A request that has waited longer when its turn comes is shed: answered at once, and not
    served; for ever where nothing is said."""
    heeds_deadlines: bool = False
    """Whether it sheds a request whose client waits no longer when its turn comes, as servers that
    are told of deadlines do (gRPC)."""

    @model_validator(mode="after")
    def _has_turns(self) -> "Behaviour":
        sheds = self.queue_timeout is not None or self.heeds_deadlines
        if sheds and self.discipline != "fifo":
            raise ValueError(
                "must have queueTimeout and heedsDeadlines with the discipline fifo only"
            )
        return self


class Speeds(OptionsModel):
    """Which machines are slow or fast, as by noisy neighbours; beside what behaviours say."""

    nodes: dict[str, Speed] = Field(default_factory=dict)
    """The speeds of nodes, by their names, for all Pods on them; 1 where nothing is said."""
    pods: dict[ObjectReference, Speed] = Field(default_factory=dict)
    """The speeds of single Pods, by ``namespace/name``; 1 where nothing is said."""


class Slowdown(OptionsModel):
    """Machines whose speed is another for some of the time: noisy neighbours, cold caches.

    Each of them is slow at times of its own. A service that has begun keeps its speed.
    """

    pods: tuple[ObjectReference, ...] = ()
    """Single Pods, by ``namespace/name``."""
    nodes: tuple[str, ...] = ()
    """Nodes, by their names: all Pods on one are slow at once."""
    speed: Speed
    """What their speed is multiplied by: 0.5 is half as fast."""
    start: NonNegative = 0
    """From when in the run on."""
    pause: Distribution | None = None
    """With it, slow times and pauses between them alternate, a pause first; without it they are
    slow once."""
    lasting: Distribution | None = None
    """How long a slow time is; to the end of the run where nothing is said."""

    @model_validator(mode="after")
    def _about_some(self) -> "Slowdown":
        if not (self.pods or self.nodes):
            raise ValueError("must name pods or nodes")
        if self.pause is not None and self.lasting is None:
            raise ValueError("must have lasting where it has a pause")
        return self


class Client(OptionsModel):
    """A source of requests: outside the cluster, on a node, or in a Pod."""

    name: Name
    """Its name in results and in `network.links`."""
    address: Address | None = None
    """The source address of a client outside; 203.0.113.10 and up by default."""
    addresses: SourceNetwork | None = None
    """Instead of one address: a network of which requests take the addresses in turn. It stands for
    as many clients, each with source ports of its own."""
    pod: ObjectReference | None = None
    """The Pod it runs in, as ``namespace/name``, where it is inside the cluster."""
    node: str | None = None
    """The node it runs on, in the host's network."""
    url: Url = "http://example.com/"
    """Where it sends requests: a domain, a Service name, or an address. ``http`` goes over TCP,
    ``https`` over TLS; with ``udp``, request and answer are a datagram each."""
    connections: Connections | None = None
    """How it keeps its connections; one for each request where nothing is said."""
    classes: tuple[RequestClass, ...] = ()
    """Of which kinds its requests are; all alike where nothing is said."""
    retries: Retries | None = None
    """How it tries again after a failure; not at all where nothing is said."""
    hedge: Hedge | None = None
    """When it sends a request a second time, if the answer is late; never where nothing is said."""
    tls: TlsVersion = "1.3"
    """The version of TLS, with ``https``."""
    arrivals: Arrivals
    """When it means to send a request."""
    timeout: Positive | None = None
    """How long it waits for an answer before it gives up; for ever where nothing is said, but 5 s
    with ``udp`` (resolv.conf)."""
    request_size: Size = 512
    """Bytes of a request."""
    response_size: Size = 2048
    """Bytes of an answer."""

    @model_validator(mode="after")
    def _one_place(self) -> "Client":
        places = (self.address, self.addresses, self.pod, self.node)
        if sum(place is not None for place in places) > 1:
            raise ValueError("must have only one of address, addresses, pod and node")
        return self

    @field_validator("classes")
    @classmethod
    def _named_once(cls, classes: tuple[RequestClass, ...]) -> tuple[RequestClass, ...]:
        names = [one.name for one in classes]
        if len(set(names)) < len(names):
            raise ValueError("must have a different name for each class")
        return classes

    @model_validator(mode="after")
    def _connects(self) -> "Client":
        if self.connections is not None and self.url.startswith("udp:"):
            raise ValueError("must have no connections with udp")
        return self


class Kernel(OptionsModel):
    """How the kernels of all hosts behave: clients', load balancers' and nodes'."""

    sysctls: Sysctls = Sysctls()
    """Settings by their names in Linux."""
    snat_evicts_closing: bool = False
    """Whether masquerading that finds no free source port takes that of a connection in TIME_WAIT
    (Linux from 6.6 on)."""
    interleaves_periods: bool = False
    """Whether the periods of CPU limits begin at a time of its own for each Pod (Linux from 6.4
    on), or with the run for all."""
    rule_cost: Annotated[Duration, Field(ge=0, le=10_000)] = 20
    """How long a first packet is held up by each rule about another Service that it goes through:
    by mode, see the model."""


class Resolver(OptionsModel):
    """How clients resolve names."""

    latency: Distribution = DISTRIBUTIONS.chosen("constant", value="1ms")
    """From the question to the answer, when the client has none in its cache."""
    ttl: NonNegative = 30_000_000_000
    """How long an answer is kept (kubeadm's CoreDNS: 30 s)."""
    timeout: Annotated[Duration, Field(ge=1_000_000)] = 5_000_000_000
    """After how long without an answer a question is asked again (resolv.conf: timeout 5)."""
    attempts: Annotated[Whole, Field(ge=1, le=5)] = 2
    """How often it is asked until the name counts as unknown (resolv.conf: attempts 2)."""
    race: Fraction = 0
    """Share of the questions that lose their first packet, since A and AAAA leave one socket at
    once and race for one conntrack entry: they are answered after the timeout."""


class Link(OptionsModel):
    """A link between two places, the same both ways."""

    between: tuple[str, str]
    """Names of clients, load balancers, nodes, the ``fabric``, or switches of your own."""
    latency: Distribution = DISTRIBUTIONS.chosen("constant", value="250us")
    """Propagation delay, one way."""
    bandwidth: Bandwidth | None = None
    """Bits per second; no transmission delay where nothing is said."""

    @field_validator("between")
    @classmethod
    def _two_places(cls, between: tuple[str, str]) -> tuple[str, str]:
        if between[0] == between[1]:
            raise ValueError("must name two different places")
        return between


class Network(OptionsModel):
    """The network: what no link says goes over ``fabric``, to which every place has a link."""

    links: tuple[Link, ...] = ()
    """Links; one of these is preferred to any way with more of the default links."""
    external: Distribution = DISTRIBUTIONS.chosen("constant", value="10ms")
    """Default latency between a client outside and the fabric."""
    internal: Distribution = DISTRIBUTIONS.chosen("constant", value="250us")
    """Default latency between a load balancer or a node and the fabric."""
    local: Distribution = DISTRIBUTIONS.chosen("constant", value="20us")
    """Latency between a node and a Pod on it."""


class Record(OptionsModel):
    """What is written beside the requests."""

    hops: Fraction = 0.001
    """Share of the requests whose way is written hop by hop to hops.parquet."""
    interval: Positive = 1_000_000_000
    """Simulated time between two samples in metrics.parquet."""


class LogSample(OptionsModel):
    """Rows of some requests only."""

    sample: Annotated[Fraction, Field(gt=0)]
    """Share of the requests that get rows, drawn by seed and number of the request."""


def _known_log(log: object) -> object:
    """Choose the alternative first, so that a mistake in it is told alone and at its own path."""
    if isinstance(log, Mapping):
        return LogSample.model_validate(log)
    if isinstance(log, LogSample) or log in ("requests", "summary"):
        return log
    raise ValueError("must be requests, summary or a sample, as in {sample: 1%}")


Log = Annotated[Literal["requests", "summary"] | LogSample, BeforeValidator(_known_log)]
"""What is written of the requests."""


class ScenarioSpec(OptionsModel):
    """The ``spec`` of a Scenario."""

    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = 1
    """Of every random draw: the same seed gives the same bytes."""
    duration: Positive | None = None
    """Simulated time; 60s where neither duration nor requests is given."""
    requests: Annotated[Whole, Field(ge=1, lt=2**40)] | None = None
    """Instead of a duration: how many requests are sent; the run ends when all are finished."""
    warmup: DurationOrAuto = 0
    """Requests meant to be sent before this moment are logged and left out of the summary. With
    ``auto`` the moment is found from the latencies, by MSER-5."""
    manifests: Annotated[tuple[str, ...], Field(max_length=MOST_MANIFESTS)] = ()
    """Files with more Kubernetes objects, relative to this one."""
    node_pools: tuple[NodePool, ...] = ()
    """Nodes in bulk."""
    dns: dict[Domain, Annotated[tuple[Address, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    """Domains and their addresses; each answer starts at a random one of them."""
    resolver: Resolver = Resolver()
    """How names are resolved."""
    load_balancers: tuple[LoadBalancer, ...] = ()
    """The external load balancers."""
    behaviours: tuple[Behaviour, ...] = ()
    """How Pods behave; the first that selects a Pod holds for it."""
    speeds: Speeds = Speeds()
    """Speeds of nodes and of single Pods. A Pod's is its behaviour's times its node's times its
    own."""
    slowdowns: tuple[Slowdown, ...] = ()
    """Nodes and Pods that are slower for some of the time."""
    clients: Annotated[tuple[Client, ...], Field(min_length=1)]
    """Who sends requests."""
    network: Network = Network()
    """Delays between the places."""
    timeline: tuple[Action, ...] = ()
    """What is done to the cluster, and when."""
    faults: tuple[Fault, ...] = ()
    """What happens to it at random."""
    propagation: Propagation = Propagation()
    """How long it takes until nodes and load balancers act on a change."""
    node_lifecycle: NodeLifecycle = NodeLifecycle()
    """How the cluster finds out that a node is gone."""
    kernel: Kernel = Kernel()
    """How the hosts' kernels are set."""
    log: Log = "requests"
    """What is written of the requests: rows of all, rows of a sample, or the ``summary`` alone. The
    summary is of all requests; only with ``requests`` are its quantiles exact."""
    record: Record = Record()
    """What is written beside the requests."""

    @model_validator(mode="after")
    def _one_end(self) -> "ScenarioSpec":
        if self.duration is not None and self.requests is not None:
            raise ValueError("must have only one of duration and requests")
        return self


class ScenarioMetadata(OptionsModel):
    """The ``metadata`` of a Scenario."""

    name: Name
    """Names the folder of its runs."""


class ScenarioDocument(OptionsModel):
    """One Scenario document."""

    api_version: Literal["emu/v1"]
    kind: Literal["Scenario"]
    metadata: ScenarioMetadata
    spec: ScenarioSpec
