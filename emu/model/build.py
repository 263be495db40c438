"""From a checked scenario to its `Model`."""

import numpy as np
from numpy.typing import NDArray

from emu.distributions import table_of
from emu.hops.conntrack import Closing
from emu.hops.dns import RESOLVER
from emu.hops.kubeproxy import MODES
from emu.hops.network import NetworkTable
from emu.model import TARGET, KernelModel, ListenerModel, Model
from emu.model.backends import Backends
from emu.model.classes import demand_of
from emu.model.clients import ClientTable, patience_of
from emu.model.delays import DelayTable, topology
from emu.model.expectations import Flows, expected
from emu.model.kernels import kernel_model
from emu.model.listeners import listeners
from emu.model.live import changes, growth_of, live_of, room_for
from emu.model.numbers import Numbers
from emu.model.pods import pod_table, template_of
from emu.model.pools import PoolTable
from emu.model.protection import detectors, limits, shedding
from emu.model.proxies import Proxies
from emu.model.resources import contention, period_ends, quotas, working_sets
from emu.model.routes import Routes
from emu.model.services import RuleTable
from emu.model.slowdowns import at_places, slowdowns
from emu.model.surges import surges
from emu.model.targets import Directory
from emu.recorder.places import Places
from emu.registry import Choice
from emu.scenario import Cluster, Log, LogSample, Resolver, Scenario, ScenarioSpec
from emu.scenario.behaviours import behaviour_of
from emu.scenario.names import target
from emu.scenario.surges import surges_of
from emu.units import SECOND
from emu.workload import ARRIVALS


def build(scenario: Scenario) -> Model:
    """The model of a scenario that `emu.scenario.load` has checked.

    Raises ScenarioError where its links leave a place cut off.
    """
    spec, cluster = scenario.spec, scenario.cluster
    numbers, routes, pools = Numbers(spec, cluster), Routes(), PoolTable()
    rules = RuleTable(cluster, Proxies(cluster), spec.kernel.rule_cost)
    choices: list[Choice] = [spec.network.local, spec.resolver.latency]
    directory = Directory(spec, cluster, rules)
    clients = ClientTable(spec, cluster, numbers, directory, routes, pools, choices)

    growth = growth_of(spec, cluster) if changes(spec, cluster) else None
    templates = tuple(template_of(it) for it in cluster.deployments if growth is not None)
    described = (*cluster.pods, *templates)
    behaviours = [behaviour_of(pod, spec.behaviours) for pod in described]
    every = pod_table(described, behaviours, spec.speeds, numbers, choices)
    pods = every[: len(cluster.pods)]
    backends, patience = Backends(cluster, pods, rules, routes, growth), patience_of(spec.kernel)
    balanced = listeners(spec.load_balancers, cluster, numbers, rules, backends, pools, patience)
    graph = topology(spec.network, numbers.hosts, numbers.first_client)
    delays = DelayTable(graph, numbers.hosts, choices)
    slow = slowdowns(spec.slowdowns, cluster, numbers, choices)
    table, places = table_of(choices)
    delays.placed(places)
    clients.placed(places)
    every["service_time"] = np.array(places)[every["service_time"]]

    cpu, competitors = contention(cluster, pods)
    targets = np.array(clients.targets, TARGET)
    flows = Flows(len(cluster.nodes), rules, pods)
    _offer(flows, spec, clients.rows, targets, balanced)
    endpoints = rules.endpoints(pods)
    kernel, tables = kernel_model(spec.kernel), _conntrack_limits(cluster)
    log, log_share = _logged(spec.log)
    surging = {n: its for n, it in enumerate(spec.clients) if (its := surges_of(it, spec))}
    return Model(
        name=scenario.name,
        digest=scenario.digest,
        seed=spec.seed,
        end_ns=spec.duration,
        requests=spec.requests,
        sample_interval_ns=spec.record.interval,
        hops_share=spec.record.hops,
        log=log,
        log_share=log_share,
        places=_places(spec, cluster, numbers, rules, clients.classes.names),
        clients=clients.rows,
        targets=targets,
        target_addresses=tuple(clients.target_addresses),
        hosts=tuple(target(client.url).host for client in spec.clients),
        listeners=balanced,
        limits=limits(spec.load_balancers, balanced),
        detectors=detectors(spec.load_balancers, balanced),
        service_addresses=tuple((its.cluster_ip, its.port) for its in rules.services),
        decisions=tuple(rules.decisions),
        reachable=tuple(rules.reachable_from(node.name) for node in cluster.nodes),
        mode=MODES.number(cluster.kube_proxy.mode),
        rules=rules.rules,
        members=rules.members,
        endpoints=endpoints,
        servers=rules.servers,
        loads=rules.loads,
        pods=pods,
        shedding=shedding(behaviours),
        working_sets=working_sets(described, behaviours),
        quotas=quotas(cluster.pods, pods),
        period_ends=period_ends(len(pods), spec),
        cpu=cpu,
        competitors=competitors,
        slowdowns=at_places(slow, places),
        sources=clients.senders,
        routes=routes.count,
        pool_settings=pools.settings,
        pools=pools.pools,
        policies=clients.policies,
        classes=clients.classes.rows(places),
        kernel=kernel,
        conntrack_limits=tables,
        tracked=_tracked(spec, float(flows.nodes.sum()), kernel, tables),
        arrival_parameters=clients.arrival_parameters,
        surges=surges(clients.rows, surging),
        network=NetworkTable(delays.legs, delays.core, table),
        resolver=_resolver(spec.resolver, places[1]),
        expected=expected(cluster, flows, pods, behaviours[: len(pods)], spec),
        room=room_for(cluster, len(pods), len(endpoints), growth),
        live=None
        if growth is None
        else live_of(spec, cluster, rules, every[len(pods) :], delays.ways),
    )


def _resolver(its: Resolver, latency: int) -> NDArray[np.void]:
    return np.array([(latency, its.ttl, its.timeout, its.attempts, its.race, 0)], RESOLVER)


def _logged(log: Log) -> tuple[str, float]:
    """What of the requests is written, and the share of them that this is."""
    if isinstance(log, LogSample):
        return "sample", log.sample
    return log, 1.0 if log == "requests" else 0.0


def _conntrack_limits(cluster: Cluster) -> NDArray[np.int64]:
    """Each node's table size: ``maxPerCore`` times its cores, at least ``min``.

    A ``maxPerCore`` of 0 leaves the kernel's own size, whatever ``min`` says. Source: Kubernetes,
    cmd/kube-proxy (``getConntrackMax``); Linux, net/netfilter/nf_conntrack_core.c.
    """
    settings = cluster.kube_proxy.conntrack
    if settings.max_per_core == 0:
        return np.full(len(cluster.nodes), _KERNEL_CONNTRACK_MAX, np.int64)
    sizes = [max(int(settings.max_per_core * node.cpu), settings.min) for node in cluster.nodes]
    return np.array(sizes, np.int64)


_KERNEL_CONNTRACK_MAX = 262_144
"""nf_conntrack_max of a 64-bit machine with more than 4 GB of memory."""


def _tracked(
    spec: ScenarioSpec, rate: float, kernel: KernelModel, limits: NDArray[np.int64]
) -> int:
    """How many connections all nodes track at once, at so many a second."""
    kept = kernel.timeouts[Closing.TIME_WAIT]
    seconds = (kept if spec.duration is None else min(kept, spec.duration)) / SECOND
    most = min(int(limits.sum()), _MOST_TRACKED, rate * seconds)
    return int(most if spec.requests is None else min(most, spec.requests))


_MOST_TRACKED = 2_000_000
"""Room for more is made as it is needed: this is some 100 MB."""


def _places(
    spec: ScenarioSpec,
    cluster: Cluster,
    numbers: Numbers,
    rules: RuleTable,
    classes: list[str],
) -> Places:
    balancers = spec.load_balancers
    return Places(
        clients=[(client.name, numbers.addresses_of(client)) for client in spec.clients],
        classes=classes,
        load_balancers=[(balancer.name, str(balancer.address)) for balancer in balancers],
        nodes=[(node.name, node.address, node.zone or "") for node in cluster.nodes],
        pods=[(pod.key, pod.ip, numbers.node(pod.node_name)) for pod in cluster.pods],
        services=tuple(its.name for its in rules.services),
        endpoints=rules.endpoint_addresses,
    )


def _offer(
    flows: Flows,
    spec: ScenarioSpec,
    clients: NDArray[np.void],
    targets: NDArray[np.void],
    balanced: tuple[ListenerModel, ...],
) -> None:
    """Send each client's mean rate through the model, spread evenly over its addresses."""
    for client, row in zip(spec.clients, clients, strict=True):
        process, options = client.arrivals
        rate = ARRIVALS[process].rate(options) / max(row["targets"], 1)
        flows.demand = demand_of(client)
        for number in range(row["first_target"], row["first_target"] + row["targets"]):
            flows.to_target(targets[number], balanced, rate)
