"""From a checked scenario to its `Model`."""

from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from emu.distributions import mean_of, table_of
from emu.hops.balancer import BACKENDS
from emu.hops.kubeproxy import MODES
from emu.hops.network import NetworkTable
from emu.hops.node import Entry, Source, Verdict, rule_number
from emu.hops.pod import POD
from emu.model import CLIENT, TARGET, ListenerModel, Model
from emu.model.delays import DelayTable, topology
from emu.model.expectations import Flows, shares
from emu.model.services import RuleTable, ServicePorts
from emu.model.targets import Directory, Target, Viewpoint
from emu.recorder.places import Places
from emu.registry import Choice
from emu.scenario import Behaviour, Client, Listener, LoadBalancer, Pod, Scenario
from emu.scenario.kubernetes import Service, ServicePort
from emu.scenario.names import resolve
from emu.units import SECOND
from emu.workload import ARRIVALS

_DEFAULT_APP_PORT = 8080


def build(scenario: Scenario) -> Model:
    """The model of a scenario that `emu.scenario.load` has checked.

    Raises ScenarioError where its links leave a place cut off.
    """
    return _Builder(scenario).model()


class _Builder:
    """The steps of `build`, which share the scenario's names and the list of distributions."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.spec, self.cluster = scenario, scenario.spec, scenario.cluster
        self.node_numbers = {node.name: i for i, node in enumerate(self.cluster.nodes)}
        self.pod_numbers = {pod.key: i for i, pod in enumerate(self.cluster.pods)}
        self.distributions: list[Choice] = [self.spec.network.local, self.spec.resolver.latency]
        self.services = ServicePorts()
        self.directory = Directory(self.spec, self.cluster, self.services)

    def model(self) -> Model:
        spec, cluster = self.spec, self.cluster
        targets = [self._targets(client) for client in spec.clients]
        behind = [self._service_behind(at) for b in spec.load_balancers for at in b.listeners]
        rules = RuleTable(cluster, self.services.ports)
        listeners = self._listeners(behind, rules.rules)
        pods = self._pods()
        delays = self._delays()
        table, places = table_of(self.distributions)
        delays.placed(places)
        pods["service_time"] = np.array(places)[pods["service_time"]]
        clients, arrival_parameters = self._clients(targets)
        flat = [target for of_client in targets for target in of_client]
        flows = Flows(
            len(cluster.nodes), len(self.services.ports),
            rules.rules, rules.members, rules.endpoints, pods,
        )  # fmt: skip
        target_rows = np.array(flat, TARGET)
        self._offer(flows, clients, target_rows, listeners)
        return Model(
            name=self.scenario.name,
            digest=self.scenario.digest,
            seed=spec.seed,
            end_ns=self._end(),
            requests=spec.requests,
            warmup_ns=spec.warmup,
            sample_interval_ns=spec.record.interval,
            hops_share=spec.record.hops,
            places=self._places(),
            clients=clients,
            targets=target_rows,
            target_addresses=tuple(a for client in spec.clients for a in self._addresses(client)),
            hosts=tuple(urlsplit(client.url).hostname or "" for client in spec.clients),
            listeners=listeners,
            service_names=self.services.names,
            service_addresses=tuple((s.cluster_ip or "", p.port) for s, p in self.services.ports),
            mode=MODES.number(cluster.kube_proxy.mode),
            rules=rules.rules,
            members=rules.members,
            endpoints=rules.endpoints,
            endpoint_addresses=rules.endpoint_addresses,
            pods=pods,
            conntrack_limits=self._conntrack_limits(),
            arrival_parameters=arrival_parameters,
            network=NetworkTable(delays.legs, delays.core, table),
            resolver_latency=places[1],
            resolver_ttl_ns=spec.resolver.ttl,
            expected=self._expected(flows, pods),
        )

    def _end(self) -> int | None:
        if self.spec.requests is not None:
            return None
        return self.spec.duration or 60 * SECOND

    def _viewpoint(self, client: Client) -> Viewpoint:
        if client.pod is not None:
            return Viewpoint(self._node_of(self._pod_named(client.pod)))
        return Viewpoint(self.node_numbers[client.node] if client.node is not None else -1)

    def _pod_named(self, reference: str) -> Pod:
        key = reference if "/" in reference else f"default/{reference}"
        return self.cluster.pods[self.pod_numbers[key]]

    def _node_of(self, pod: Pod) -> int:
        return self.node_numbers[pod.node_name] if pod.node_name else -1

    def _addresses(self, client: Client) -> tuple[str, ...]:
        """The addresses that the host of the client's URL stands for."""
        host = urlsplit(client.url).hostname or ""
        return resolve(host, client, self.spec, self.cluster) or ()

    def _targets(self, client: Client) -> list[Target]:
        """What each of these addresses leads to."""
        port, viewpoint = urlsplit(client.url).port or 80, self._viewpoint(client)
        addresses = self._addresses(client)
        return [self.directory.find(address, port, viewpoint) for address in addresses]

    def _service_behind(self, listener: Listener) -> tuple[int, ServicePort, Service]:
        """The number of the Service port that a listener stands before."""
        key = listener.service if "/" in listener.service else f"default/{listener.service}"
        (service,) = (s for s in self.cluster.services if s.key == key)
        wanted = listener.service_port
        port = next(p for p in service.ports if wanted in (None, p.port, p.name))
        return self.services.number(service, port), port, service

    def _listeners(
        self, behind: list[tuple[int, ServicePort, Service]], rules: NDArray[np.void]
    ) -> tuple[ListenerModel, ...]:
        pairs = [
            (number, balancer, listener)
            for number, balancer in enumerate(self.spec.load_balancers)
            for listener in balancer.listeners
        ]
        return tuple(
            self._listener(number, balancer, listener, service, rules)
            for (number, balancer, listener), service in zip(pairs, behind, strict=True)
        )

    def _listener(
        self,
        number: int,
        balancer: LoadBalancer,
        listener: Listener,
        behind: tuple[int, ServicePort, Service],
        rules: NDArray[np.void],
    ) -> ListenerModel:
        service, port, description = behind
        backends = np.zeros(len(self.cluster.nodes), BACKENDS)
        backends["node"], backends["weight"] = np.arange(len(backends)), 1.0
        for node in range(len(backends)):
            rule = rule_number(
                len(self.services.ports), node, service, Entry.NODE_PORT, Source.OUTSIDE
            )
            # Under the policy Local the health check node port of a node without endpoints fails.
            local = description.external_traffic_policy == "Local"
            backends["available"][node] = not local or rules["verdict"][rule] == Verdict.DNAT
        return ListenerModel(
            load_balancer=number,
            vertex=len(self.cluster.nodes) + number,
            port=listener.port,
            service=service,
            node_port=port.node_port or 0,
            strategy=balancer.strategy,
            backends=backends,
            connect_timeout_ns=balancer.connect_timeout,
        )

    def _behaviour(self, pod: Pod) -> Behaviour:
        for behaviour in self.spec.behaviours:
            labels = behaviour.selector.items()
            if behaviour.namespace in (None, pod.namespace) and labels <= pod.labels.items():
                return behaviour
        return Behaviour()

    def _pods(self) -> NDArray[np.void]:
        """The Pods, idle; ``service_time`` is a position in the list of distributions as yet."""
        pods = np.zeros(len(self.cluster.pods), POD)
        numbers: dict[int, int] = {}
        for row, pod in zip(pods, self.cluster.pods, strict=True):
            behaviour = self._behaviour(pod)
            if id(behaviour) not in numbers:
                numbers[id(behaviour)] = len(self.distributions)
                self.distributions.append(behaviour.service_time)
            declared = [port.container_port for port in pod.container_ports]
            row["node"] = self._node_of(pod)
            row["app_port"] = behaviour.app_port or (declared or [_DEFAULT_APP_PORT])[0]
            row["workers"], row["backlog"] = behaviour.workers, behaviour.backlog
            row["service_time"] = numbers[id(behaviour)]
        return pods

    def _delays(self) -> DelayTable:
        inside = [node.name for node in self.cluster.nodes]
        inside += [balancer.name for balancer in self.spec.load_balancers]
        outside = [c.name for c in self.spec.clients if c.pod is None and c.node is None]
        graph = topology(self.spec.network, inside, outside)
        return DelayTable(graph, inside + outside, self.distributions)

    def _clients(self, targets: list[list[Target]]) -> tuple[NDArray[np.void], NDArray[np.float64]]:
        clients = np.zeros(len(self.spec.clients), CLIENT)
        parameters: list[float] = []
        hosts = len(self.cluster.nodes) + len(self.spec.load_balancers)
        vertices = hosts + sum(c.pod is None and c.node is None for c in self.spec.clients)
        first = 0
        for number, client in enumerate(self.spec.clients):
            row = clients[number]
            process, options = client.arrivals
            row["arrivals"], row["arrival_parameters"] = ARRIVALS.number(process), len(parameters)
            parameters += ARRIVALS[process].parameters(options)
            row["first_target"], row["targets"] = first, len(targets[number])
            first += len(targets[number])
            row["resolves"] = not _is_literal(client.url)
            row["timeout_ns"] = -1 if client.timeout is None else client.timeout
            row["request_bytes"], row["response_bytes"] = client.request_size, client.response_size
            row["pod"] = -1
            if client.pod is not None:
                row["pod"] = self.pod_numbers[self._pod_named(client.pod).key]
                row["vertex"], row["local_hops"] = self._viewpoint(client).node, 1
                row["source"], row["source_number"] = Source.POD, vertices + row["pod"]
            elif client.node is not None:
                row["vertex"] = row["source_number"] = self.node_numbers[client.node]
                row["source"] = Source.NODE
            else:
                row["vertex"] = row["source_number"] = hosts
                row["source"] = Source.OUTSIDE
                hosts += 1
        return clients, np.array(parameters, np.float64)

    def _conntrack_limits(self) -> NDArray[np.int64]:
        """Each node's table size: maxPerCore times its cores, at least ``min``."""
        settings = self.cluster.kube_proxy.conntrack
        return np.array(
            [
                max(int(settings.max_per_core * max(node.cpu, 1)), settings.min)
                for node in self.cluster.nodes
            ],
            np.int64,
        )

    def _places(self) -> Places:
        balancers, cluster = self.spec.load_balancers, self.cluster
        return Places(
            clients=[(client.name, self._address(client)) for client in self.spec.clients],
            load_balancers=[(balancer.name, str(balancer.address)) for balancer in balancers],
            nodes=[(node.name, node.address, node.zone or "") for node in cluster.nodes],
            pods=[(pod.key, pod.ip, self._node_of(pod)) for pod in cluster.pods],
            services=self.services.names,
        )

    def _address(self, client: Client) -> str:
        if client.pod is not None:
            return self._pod_named(client.pod).ip
        if client.node is not None:
            return self.cluster.nodes[self.node_numbers[client.node]].address
        return str(client.address)

    def _offer(
        self,
        flows: Flows,
        clients: NDArray[np.void],
        targets: NDArray[np.void],
        listeners: tuple[ListenerModel, ...],
    ) -> None:
        for client, row in zip(self.spec.clients, clients, strict=True):
            process, options = client.arrivals
            rate = ARRIVALS[process].rate(options) / max(row["targets"], 1)
            for number in range(row["first_target"], row["first_target"] + row["targets"]):
                flows.to_target(targets[number], listeners, row["source"], rate)

    def _expected(self, flows: Flows, pods: NDArray[np.void]) -> dict[str, object]:
        names = [pod.key for pod in self.cluster.pods]
        seconds = [mean_of(self._behaviour(pod).service_time) / SECOND for pod in self.cluster.pods]
        loads = flows.pods * seconds / pods["workers"]
        return {
            "nodes": shares(flows.nodes, [node.name for node in self.cluster.nodes]),
            "pods": shares(flows.pods, names),
            "utilisation": dict(zip(names, loads.tolist(), strict=True)),
            "workers": dict(zip(names, pods["workers"].tolist(), strict=True)),
        }


def _is_literal(url: str) -> bool:
    """Whether the URL's host is an address, so that there is nothing to resolve."""
    return (urlsplit(url).hostname or "").replace(".", "").isdigit()
