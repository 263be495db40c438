"""The path of one request: sent alone through the emulator, and told from its row."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from emu.engines import process
from emu.errors import Mistake, ScenarioError, UnknownNameError
from emu.model.build import build
from emu.path import LogicalStep, WireStep, logical, wire
from emu.recorder.rows import ABSENT, Outcome
from emu.scenario import Client, Scenario
from emu.scenario.names import is_inside, known_names, resolve, target
from emu.units import SECOND
from emu.workload import ARRIVALS

OUTSIDE = "outside"
"""A source: the first client outside the cluster."""


@dataclass(frozen=True)
class Trace:
    """The steps of one request, as people draw them and as the wires carry them.

    ``outcome`` is one of the names of the ``outcome`` column; ``latency_seconds`` is None where
    nothing came back.
    """

    source: str
    destination: str
    outcome: str
    latency_seconds: float | None
    logical: tuple[LogicalStep, ...]
    wire: tuple[WireStep, ...]

    def document(self) -> dict[str, Any]:
        """What ``emu trace --json`` prints."""
        return {
            "source": self.source,
            "destination": self.destination,
            "outcome": self.outcome,
            "latency_seconds": self.latency_seconds,
            "logical": [step._asdict() for step in self.logical],
            "wire": [step._asdict() for step in self.wire],
        }


def follow(scenario: Scenario, source: str | None, destination: str | None) -> Trace:
    """Send one request from ``source`` to ``destination`` and say which way it went.

    A source is ``outside``, or the name of a client, node or Pod; a destination is a domain, a
    Service name, or the name or address of a load balancer, node, Service or Pod, with ``:port``
    where it is not the usual one. Without them the scenario's first client says both. Raises
    UnknownNameError, listing the known names.
    """
    client = _client(scenario, source)
    if destination is not None:
        client = client.model_copy(update={"url": _url(scenario, client, destination)})
    changes = {"clients": (client,), "requests": 1, "duration": None, "warmup": 0}
    alone = Scenario(scenario.name, scenario.spec.model_copy(update=changes), scenario.cluster)
    model = build(alone)
    sink = _OneRow()
    process.run(model, sink)
    row = sink.row
    done = int(row["done_ns"])
    return Trace(
        source=source or client.name,
        destination=destination or client.url,
        outcome=Outcome(int(row["outcome"])).name.lower(),
        latency_seconds=None if done == ABSENT else (done - int(row["intended_ns"])) / SECOND,
        logical=tuple(logical(model, row)),
        wire=tuple(wire(model, row)),
    )


class _OneRow:
    """Keeps the one row of a run, and forgets the rest."""

    row: NDArray[Any]

    def write_requests(self, rows: NDArray[Any]) -> None:
        self.row = rows[0].copy()

    def write_metric(self, at_ns: int, metric: str, object_: str, value: float) -> None:
        pass

    def progress(self, now_ns: int, sent: int) -> None:
        pass


_NOW = ARRIVALS.chosen("constant", rate="1/s")


def _client(scenario: Scenario, source: str | None) -> Client:
    """The client that sends from there, its one request at time 0."""
    clients, cluster = scenario.spec.clients, scenario.cluster
    by_name = {client.name: client for client in clients}
    if source is None:
        return clients[0].model_copy(update={"arrivals": _NOW})
    if source in by_name:
        return by_name[source].model_copy(update={"arrivals": _NOW})
    if source == OUTSIDE:
        outside = next((client for client in clients if not is_inside(client)), None)
        return _new("outside", address="203.0.113.10") if outside is None else _sending(outside)
    if cluster.node(source) is not None:
        return _new("source", node=source)
    pod = cluster.pod(source)
    if pod is not None:
        return _new("source", pod=pod.key)
    known = [OUTSIDE, *by_name, *(n.name for n in cluster.nodes), *(p.key for p in cluster.pods)]
    raise UnknownNameError("source", source, known)


def _sending(client: Client) -> Client:
    return client.model_copy(update={"arrivals": _NOW})


def _new(name: str, **place: str) -> Client:
    fields = {"name": name, "arrivals": {"constant": {"rate": "1/s"}}, **place}
    return Client.model_validate(fields)


def _url(scenario: Scenario, client: Client, destination: str) -> str:
    """The URL of a destination as the command line names it."""
    host, _, port = destination.partition(":")
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        rule = "must have a port between 1 and 65535"
        raise ScenarioError([Mistake("", 0, "--to", destination, rule)])
    address, usual = _named(scenario, client, host)
    return f"http://{address}:{port or usual}/"


def _named(scenario: Scenario, client: Client, host: str) -> tuple[str, int]:
    """The host to connect to, and the port where none is given."""
    spec, cluster = scenario.spec, scenario.cluster
    for balancer in spec.load_balancers:
        if host in (balancer.name, str(balancer.address)):
            return str(balancer.address), balancer.listeners[0].port
    for node in cluster.nodes:
        if host in (node.name, node.address):
            return node.address, _first_node_port(scenario)
    for service in cluster.services:
        if host in (service.name, service.key, service.cluster_ip) and is_inside(client):
            return service.cluster_ip or service.name, service.ports[0].port
    for pod in cluster.pods:
        if host in (pod.name, pod.key, pod.ip):
            declared = [port.container_port for port in pod.container_ports]
            return pod.ip, (declared or [8080])[0]
    if resolve(host, client, spec, cluster) is None:
        known = [*known_names(client, spec, cluster), *(b.name for b in spec.load_balancers)]
        known += [n.name for n in cluster.nodes] + [p.key for p in cluster.pods]
        raise UnknownNameError("destination", host, known)
    return host, target(spec.clients[0].url).port


def _first_node_port(scenario: Scenario) -> int:
    ports = (port.node_port for s in scenario.cluster.services for port in s.ports)
    return next((port for port in ports if port), 80)
