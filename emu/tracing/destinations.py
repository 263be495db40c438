"""Where the request of a trace goes: from what a user may write to a URL."""

from emu.errors import Mistake, ScenarioError, UnknownNameError
from emu.model.pods import DEFAULT_APP_PORT
from emu.scenario import Client, Scenario
from emu.scenario.names import is_inside, known_names, resolve

_NO_PORT = 80
_SCHEMES = ("http", "https", "udp")


def url_of(scenario: Scenario, client: Client, destination: str) -> str:
    """The URL that this client would write for a destination: ``host``, ``host:port`` or a URL.

    A host is, in this order,

    1. an IPv4 address, whoever has it;
    2. a name that the client's resolver knows: inside the cluster ``web``, ``web.ns`` and so on,
       Services of the client's own namespace first, and everywhere the scenario's domains;
    3. ``namespace/name`` of a Service; outside it is the ClusterIP, which nobody answers at there;
    4. the name of a load balancer;
    5. the name of a node;
    6. ``namespace/name`` of a Pod, or ``name`` in the namespace ``default``.

    The usual port is 80 in a URL, 443 with https, and elsewhere that of what has the address: a
    load balancer's first listener, the first NodePort, a Service's first port, a Pod's first
    container port.
    Raises UnknownNameError, and ScenarioError for a port that is none.
    """
    before, in_url, behind = destination.partition("://")
    scheme, rest = (before, behind.partition("/")[0]) if in_url else ("http", destination)
    if scheme not in _SCHEMES:
        rule = f"must begin with one of {', '.join(f'{known}://' for known in _SCHEMES)}"
        raise ScenarioError([Mistake("", 0, "destination", destination, rule)])
    host, colon, port = rest.partition(":")
    if (colon or scheme == "udp") and not _is_port(port):
        rule = "must have a port between 1 and 65535"
        raise ScenarioError([Mistake("", 0, "destination", destination, rule)])
    name = _name(scenario, client, host)
    addresses = resolve(name, client, scenario.spec, scenario.cluster) or ("",)
    if not port and not in_url:
        port = str(_usual_port(scenario, addresses[0]))
    return f"{scheme}://{name}:{port}/" if port else f"{scheme}://{name}/"


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def _name(scenario: Scenario, client: Client, host: str) -> str:
    """The host as the client can use it: a name that it can resolve, or an address."""
    spec, cluster = scenario.spec, scenario.cluster
    if resolve(host, client, spec, cluster) is not None:
        return host
    found = _service_name(scenario, client, host)
    found = found or next((str(b.address) for b in spec.load_balancers if b.name == host), None)
    found = found or next((node.address for node in cluster.nodes if node.name == host), None)
    pod = None if found else cluster.pod(host)
    found = found or (pod.ip if pod is not None else None)
    if not found:
        known = [*known_names(client, spec, cluster), *(b.name for b in spec.load_balancers)]
        known += [n.name for n in cluster.nodes] + [p.key for p in cluster.pods]
        raise UnknownNameError("destination", host, known)
    return found


def _service_name(scenario: Scenario, client: Client, host: str) -> str | None:
    """A name or address for the Service ``namespace/name``."""
    service = scenario.cluster.service(host) if "/" in host else None
    if service is None:
        return None
    return f"{service.name}.{service.namespace}" if is_inside(client) else service.cluster_ip


def _usual_port(scenario: Scenario, address: str) -> int:
    """The first port of what has this address."""
    spec, cluster = scenario.spec, scenario.cluster
    for balancer in spec.load_balancers:
        if str(balancer.address) == address:
            return balancer.listeners[0].port
    if any(node.address == address for node in cluster.nodes):
        ports = (port.node_port for service in cluster.services for port in service.ports)
        return next((port for port in ports if port), _NO_PORT)
    for service in cluster.services:
        if service.cluster_ip == address and service.ports:
            return service.ports[0].port
    for pod in cluster.pods:
        if pod.ip == address:
            return next((port.container_port for port in pod.container_ports), DEFAULT_APP_PORT)
    return _NO_PORT
