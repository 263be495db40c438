"""What names and URLs stand for: pure functions over a completed scenario."""

from typing import NamedTuple
from urllib.parse import urlsplit

from emu.scenario.cluster import Cluster
from emu.scenario.description import Client, ScenarioSpec
from emu.scenario.fields import is_ipv4
from emu.scenario.kubernetes import Service, ServicePort

CLUSTER_DOMAIN = "svc.cluster.local"


class Target(NamedTuple):
    """Where a URL leads."""

    host: str
    port: int
    protocol: str


def target(url: str) -> Target:
    """Host, port (80 by default, 443 with TLS) and protocol of a URL that was accepted."""
    parts = urlsplit(url)
    protocol = "UDP" if parts.scheme == "udp" else "TCP"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Target((parts.hostname or "").removesuffix("."), port, protocol)


def is_encrypted(url: str) -> bool:
    """Whether the URL asks for TLS."""
    return urlsplit(url).scheme == "https"


def is_inside(client: Client) -> bool:
    """Whether the client is in a Pod or on a node."""
    return client.pod is not None or client.node is not None


def resolve(
    host: str, client: Client, spec: ScenarioSpec, cluster: Cluster
) -> tuple[str, ...] | None:
    """The addresses that a host name stands for, where this client asks; None when unknown.

    An address stands for itself. Inside the cluster ``web``, ``web.ns``, ``web.ns.svc`` and
    ``web.ns.svc.cluster.local`` are Services: the name stands for the ClusterIP, or for the ready
    endpoints of a headless Service (maybe none). A bare name means the client's own namespace
    (``default`` on a node). Every other name is one of the scenario's ``dns``.
    """
    name = host.lower().removesuffix(".")
    if is_ipv4(name):
        return (name,)
    if is_inside(client):
        service = _service(name, client, cluster)
        if service is not None:
            return _service_addresses(service, cluster)
    addresses = spec.dns.get(name)
    return None if addresses is None else tuple(map(str, addresses))


def known_names(client: Client, spec: ScenarioSpec, cluster: Cluster) -> tuple[str, ...]:
    """The names that a client may use, in the shortest form."""
    if not is_inside(client):
        return tuple(spec.dns)
    own = _namespace(client)
    services = (s.name if s.namespace == own else f"{s.name}.{s.namespace}"
                for s in cluster.services)  # fmt: skip
    return (*services, *spec.dns)


def service_port(service: Service, wanted: int | str | None) -> ServicePort | None:
    """The Service's port of this number or name; its first one for None."""
    ports = (port for port in service.ports if wanted in (None, port.port, port.name))
    return next(ports, None)


def _namespace(client: Client) -> str:
    if client.pod is not None and "/" in client.pod:
        return client.pod.partition("/")[0]
    return "default"


def _service(name: str, client: Client, cluster: Cluster) -> Service | None:
    """The Service that a name means: the search list of a Pod's resolv.conf."""
    short = name.removesuffix("." + CLUSTER_DOMAIN).removesuffix(".svc")
    qualified = short != name
    service, dot, namespace = short.partition(".")
    if (qualified and not dot) or "." in namespace:
        return None
    return cluster.service(f"{namespace or _namespace(client)}/{service}")


def _service_addresses(service: Service, cluster: Cluster) -> tuple[str, ...]:
    if service.cluster_ip is not None:
        return (service.cluster_ip,)
    ready = (
        endpoint.addresses[0]
        for found in cluster.slices_of(service)
        for endpoint in found.endpoints
        if endpoint.ready and is_ipv4(endpoint.addresses[0])
    )
    return tuple(dict.fromkeys(ready))
