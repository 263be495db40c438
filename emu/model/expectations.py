"""What the load implies: the share of each node and Pod, and each Pod's utilisation.

By symmetry every strategy that treats its backends alike gives each the same share in the long
run, one that goes by weights a share in proportion, and kube-proxy each endpoint of a set the same.
Utilisation is offered load over capacity, so it exceeds 1 where a Pod cannot keep up.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.distributions import mean_of
from emu.hops.balancer import BY_WEIGHT
from emu.hops.node import Verdict
from emu.model.classes import Demand
from emu.model.resources import limit_of
from emu.model.services import RuleTable
from emu.model.targets import TargetKind
from emu.quantities import AUTO
from emu.recorder.expected import Expected
from emu.scenario import Behaviour, Cluster, ScenarioSpec
from emu.units import SECOND


class Flows:
    """Mean rates, per second, as they follow from the clients' rates.

    ``nodes`` and ``pods`` are those of the connections that each is given, ``served`` those that
    each Pod does not refuse for their port and that take its own service time; ``work`` is what the
    others ask of it, in seconds a second. ``demand`` is that of the client whose requests are next.
    """

    demand = Demand(1.0, 0.0)

    def __init__(self, nodes: int, rules: RuleTable, pods: NDArray[np.void]) -> None:
        self.nodes = np.zeros(nodes)
        self.pods = np.zeros(len(pods))
        self.served = np.zeros(len(pods))
        self.work = np.zeros(len(pods))
        self._rules = rules.rules
        self._ports = pods["app_port"]
        self._members, self._endpoints = rules.members, rules.endpoints(pods)

    def to_pods(self, pods: NDArray[np.int64], ports: NDArray[np.int64], rate: float) -> None:
        """Connections at this rate to each Pod, which serves those to the port it listens at."""
        there = pods >= 0
        pods, ports = pods[there], ports[there]
        np.add.at(self.pods, pods, rate)
        listening = pods[self._ports[pods] == ports]
        np.add.at(self.served, listening, rate * self.demand.own)
        np.add.at(self.work, listening, rate * self.demand.seconds)

    def to_service(self, node: int, number: int, rate: float) -> None:
        """Requests that a node has this rule about."""
        self.nodes[node] += rate
        rule = self._rules[number]
        if rule["verdict"] == Verdict.DNAT:
            first, count = rule["first"], rule["count"]
            chosen = self._endpoints[self._members[first : first + count]]
            self.to_pods(chosen["pod"], chosen["port"], rate / count)

    def to_listener(self, listener: Any, rate: float) -> None:
        """Requests that a load balancer spreads over its available backends."""
        backends = listener.backends
        available = backends[(backends["available"] != 0) & (backends["weight"] > 0)]
        weights = available["weight"] if listener.strategy.name in BY_WEIGHT else None
        for backend, its in zip(available, _shares(len(available), weights) * rate, strict=True):
            if backend["node"] >= 0:
                self.to_service(backend["node"], backend["rule"], its)
            else:
                chosen = self._endpoints[backend["endpoint"]]
                self.to_pods(chosen["pod"].reshape(1), chosen["port"].reshape(1), its)

    def to_target(self, target: Any, listeners: Any, rate: float) -> None:
        """Requests of a client to one address."""
        if target["kind"] == TargetKind.LISTENER:
            self.to_listener(listeners[target["listener"]], rate)
        elif target["kind"] == TargetKind.SERVICE:
            self.to_service(target["node"], target["rule"], rate)
        elif target["kind"] == TargetKind.POD:
            self.to_pods(np.array([target["pod"]]), np.array([target["port"]]), rate)


def _shares(count: int, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """What each of so many gets of the whole: the same, or by weight."""
    if weights is None:
        return np.full(count, 1 / max(count, 1))
    share: NDArray[np.float64] = weights / weights.sum()
    return share


def shares(rates: NDArray[np.float64], names: list[str]) -> dict[str, float]:
    """Each one's share of the whole; of nothing, nothing."""
    total, pairs = rates.sum(), zip(names, rates, strict=True)
    return {name: float(rate / total) if total else 0.0 for name, rate in pairs}


def expected(
    cluster: Cluster,
    flows: Flows,
    pods: NDArray[np.void],
    behaviours: list[Behaviour],
    spec: ScenarioSpec,
) -> Expected:
    """What the scenario implies for a run, to hold it against."""
    names = [pod.key for pod in cluster.pods]
    seconds = [mean_of(behaviour.service_time) / SECOND for behaviour in behaviours]
    cores = np.array([limit_of(pod) for pod in cluster.pods])
    loads = (
        (flows.served * seconds + flows.work) / pods["speed"] / np.minimum(pods["workers"], cores)
    )
    return Expected(
        nodes=shares(flows.nodes, [node.name for node in cluster.nodes]),
        pods=shares(flows.pods, names),
        utilisation=dict(zip(names, loads.tolist(), strict=True)),
        workers=dict(zip(names, pods["workers"].tolist(), strict=True)),
        limits={
            name: float(limit)
            for name, limit, workers in zip(names, cores, pods["workers"], strict=True)
            if limit < workers
        },
        warmup_ns=0 if spec.warmup == AUTO else spec.warmup,
        warmup_found=spec.warmup == AUTO,
        duration_ns=spec.duration or 0,
        requests=spec.requests or 0,
    )
