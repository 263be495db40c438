"""Who sends the request of a trace."""

from itertools import chain, count

from emu.errors import UnknownNameError
from emu.scenario import Client, Scenario
from emu.scenario.allocation import CLIENTS, MORE_CLIENTS, free_addresses
from emu.scenario.names import is_inside
from emu.workload import ARRIVALS

OUTSIDE = "outside"
"""A source: the first client outside the cluster, or a new one."""

_NOW = ARRIVALS.chosen("constant", rate="1/s")
"""The first request at time 0."""


def sender(scenario: Scenario, source: str | None) -> Client:
    """The client that sends from there, its first request at time 0; by default the first client.

    A source is, in this order, the name of a client, `OUTSIDE`, a node's name, or a Pod's
    ``namespace/name`` (``name`` in the namespace ``default``). A client keeps its own sizes and
    its timeout; on a node and in a Pod a new one sends, for as long as TCP tries, to where the
    first client does. Raises UnknownNameError.
    """
    clients, cluster = scenario.spec.clients, scenario.cluster
    by_name = {client.name: client for client in clients}
    if source is None:
        return _sending(clients[0])
    if source in by_name:
        return _sending(by_name[source])
    if source == OUTSIDE:
        outside = next((client for client in clients if not is_inside(client)), None)
        return _outside(scenario) if outside is None else _sending(outside)
    if cluster.node(source) is not None:
        return _called(source, _new(scenario, node=source))
    pod = cluster.pod(source)
    if pod is not None:
        return _called(pod.key, _new(scenario, pod=pod.key))
    known = [OUTSIDE, *by_name, *(n.name for n in cluster.nodes), *(p.key for p in cluster.pods)]
    raise UnknownNameError("source", source, known)


def _sending(client: Client) -> Client:
    return client.model_copy(update={"arrivals": _NOW})


def _called(name: str, client: Client) -> Client:
    """The client by the name of the place it is in, as no client may be called itself."""
    return client.model_copy(update={"name": name})


def _new(scenario: Scenario, name: str = "source", **place: str) -> Client:
    """A client of default sizes."""
    url = scenario.spec.clients[0].url
    fields = {"name": name, "arrivals": {"constant": {"rate": "1/s"}}, "url": url, **place}
    return Client.model_validate(fields)


def _outside(scenario: Scenario) -> Client:
    """A client outside whose name and address nothing else has."""
    spec, cluster = scenario.spec, scenario.cluster
    names = {name for link in spec.network.links for name in link.between}
    names |= {node.name for node in cluster.nodes} | {b.name for b in spec.load_balancers}
    free_names = chain([OUTSIDE], (f"{OUTSIDE}-{number}" for number in count(2)))
    taken = {node.address for node in cluster.nodes} | {str(b.address) for b in spec.load_balancers}
    return _new(
        scenario,
        next(name for name in free_names if name not in names),
        address=next(free_addresses([CLIENTS, MORE_CLIENTS], taken)),
    )
