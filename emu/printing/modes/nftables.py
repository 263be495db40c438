"""What ``nft list ruleset`` shows of kube-proxy's table, loadable by ``nft -f``.

Source: Kubernetes, pkg/proxy/nftables (``setupNFTables``, ``syncProxyRules``). kube-proxy adds
elements one by one and writes every set in a rule with braces; the kernel keeps neither, and the
text is as it is listed once it was loaded (`emu.printing.elements`).
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Final

from emu.hops.endpoints import Endpoint, Usable
from emu.hops.kubeproxy.services import ServicePort
from emu.hops.kubeproxy.view import NodeView, is_loopback, within
from emu.printing.elements import AddressSet, Key, Map, duration, ranges

MARK: Final = "0x00004000"
_LONGEST_NAME: Final = 240
_BASE: Final = (
    ("filter-prerouting", "filter", "prerouting", "dstnat - 10", ("firewall-check",)),
    ("filter-input", "filter", "input", "-110",
     ("nodeport-endpoints-check", "service-endpoints-check")),
    ("filter-forward", "filter", "forward", "-110",
     ("service-endpoints-check", "cluster-ips-check")),
    ("filter-output", "filter", "output", "-110", ("service-endpoints-check", "firewall-check")),
    ("filter-output-post-dnat", "filter", "output", "-90", ("cluster-ips-check",)),
    ("nat-prerouting", "nat", "prerouting", "dstnat", ("services",)),
    ("nat-output", "nat", "output", "-100", ("services",)),
    ("nat-postrouting", "nat", "postrouting", "srcnat", ("masquerading",)),
)  # fmt: skip
"""Base chains: name, type, hook, priority, and the chains that they jump to."""


def text(view: NodeView) -> str:
    """The table ``kube-proxy``."""
    return "\n".join((*_Ruleset(view).lines(), ""))


def _hashed(name: str) -> str:
    """A name with a hash of itself in front, as chains have it; truncated where it is too long."""
    digest = base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()[:8]
    full = f"{digest}-{name}"
    return full if len(full) <= _LONGEST_NAME else full[: _LONGEST_NAME - 3] + "..."


def chain_names(service: ServicePort) -> tuple[str, str, str, str]:
    """The chains of a Service port: policy Cluster, policy Local, external, firewall."""
    place, _, port = service.name.partition(":")
    base = _hashed(f"{place}/{service.protocol.lower()}/{port}")
    return f"service-{base}", f"local-{base}", f"external-{base}", f"firewall-{base}"


def endpoint_name(service: ServicePort, endpoint: Endpoint) -> str:
    """What the chain and the affinity set of an endpoint have in common in their names."""
    place, _, port = service.name.partition(":")
    address = endpoint.address.replace(":", ".")
    return _hashed(
        f"{place}/{service.protocol.lower()}/{port}__{address}/{endpoint.port}"
    )  # fmt: skip


class _Ruleset:
    """The parts of the table as they are collected: maps, sets, and chains with their rules."""

    def __init__(self, view: NodeView) -> None:
        self._view = view
        self._ip = "ip6" if any(":" in address for address in view.addresses) else "ip"
        self._type = "ipv6_addr" if self._ip == "ip6" else "ipv4_addr"
        addressed, at_port = (
            f"{self._type} . inet_proto . inet_service",
            "inet_proto . inet_service",
        )
        self._maps = {
            "firewall-ips": Map(
                addressed, "destinations that are subject to LoadBalancerSourceRanges"
            ),
            "no-endpoint-nodeports": Map(
                at_port, "vmap to drop or reject packets to service nodeports with no endpoints"
            ),
            "no-endpoint-services": Map(
                addressed, "vmap to drop or reject packets to services with no endpoints"
            ),
            "service-ips": Map(addressed, "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
            "service-nodeports": Map(at_port, "NodePort traffic"),
        }
        self._sets = {"cluster-ips": AddressSet(self._type, "Active ClusterIPs")}
        self._affinity: list[tuple[str, int]] = []
        self._chains: dict[str, list[str]] = {}
        self._owners: dict[Key, ServicePort] = {}
        self._base()
        for service in view.services.ports:
            self._service(service)

    def _add(self, chain: str, *rules: str) -> None:
        self._chains.setdefault(chain, []).extend(rules)

    def _base(self) -> None:
        ip, settings = self._ip, self._view.settings
        self._add("firewall-check", f"{self._key} vmap @firewall-ips")
        self._add("nodeport-endpoints-check", self._at_node_ports("no-endpoint-nodeports", ""))
        self._add("service-endpoints-check", f"{self._key} vmap @no-endpoint-services")
        self._add(
            "cluster-ips-check",
            f"{ip} daddr @cluster-ips reject "
            'comment "Reject traffic to invalid ports of ClusterIPs"',
        )
        if settings.service_networks:
            drop = 'drop comment "Drop traffic to unallocated ClusterIPs"'
            self._add("cluster-ips-check", f"{ip} daddr {ranges(settings.service_networks)} {drop}")
        self._add(
            "services",
            f"{self._key} vmap @service-ips",
            self._at_node_ports("service-nodeports", "fib daddr type local "),
        )
        self._add("mark-for-masquerade", f"meta mark set meta mark | {MARK}")
        self._add(
            "masquerading", f"meta mark & {MARK} == 0x00000000 return",
            f"meta mark set meta mark ^ {MARK}",
            "masquerade fully-random",
        )  # fmt: skip
        self._add("reject-chain", "reject")
        addresses = self._view.node_port_addresses
        if addresses is not None:
            what = "IPs that accept NodePort traffic"
            kept = [address for address in addresses if not is_loopback(address)]
            self._sets["nodeport-ips"] = AddressSet(self._type, what, kept)

    @property
    def _key(self) -> str:
        return f"{self._ip} daddr . meta l4proto . th dport"

    @property
    def _pods(self) -> str:
        """Where Pods' addresses are; empty where nobody knows."""
        networks = self._view.local_networks
        return ranges(networks[:1]) if networks else ""

    def _at_node_ports(self, name: str, local: str) -> str:
        """The look-up of a NodePort, at the addresses that answer on them."""
        if self._view.node_port_addresses is not None:
            return f"{self._ip} daddr @nodeport-ips meta l4proto . th dport vmap @{name}"
        loopback = "::1" if self._ip == "ip6" else "127.0.0.0/8"
        return f"{local}{self._ip} daddr != {loopback} meta l4proto . th dport vmap @{name}"

    def _service(self, service: ServicePort) -> None:
        usable = self._view.usable(service)
        cluster, local, external, firewall = chain_names(service)
        inside = usable.local if service.internal_local else usable.cluster
        outside = usable.local if service.external_local else usable.cluster
        inner = local if service.internal_local else cluster
        self._sets["cluster-ips"].add(service.cluster_ip)
        self._reach(service, service.cluster_ip, inner if inside else "", bool(inside))
        if inside:
            self._mark_internal(service, inner)
        way_in = external if usable.anywhere else ""
        for address in (*service.external_ips, *service.load_balancer_ips):
            self._reach(service, address, way_in, bool(outside))
        if service.node_port:
            self._reach(service, "", way_in, bool(outside))
        if usable.anywhere and service.external:
            self._add(external, *self._external(service, cluster, local, bool(usable.local)))
        if service.load_balancer_ips and service.source_ranges:
            self._limit(service, firewall)
        self._balance(service, usable, cluster, local)

    def _reach(self, service: ServicePort, address: str, chain: str, served: bool) -> None:
        """The elements for an address of a Service port, or for its NodePort where it is empty.

        Of several Service ports at one place the first has it.
        """
        key = Key(address, service.protocol.lower(), service.port if address else service.node_port)
        if self._owners.setdefault(key, service) is not service:
            return
        if chain:
            self._maps["service-ips" if address else "service-nodeports"].add(key, f"goto {chain}")
        if not served:
            lack = "drop" if self._view.usable(service).anywhere else "goto reject-chain"
            missing = "no-endpoint-services" if address else "no-endpoint-nodeports"
            self._maps[missing].add(key, lack, service.name)

    def _mark_internal(self, service: ServicePort, chain: str) -> None:
        to = (
            f"{self._ip} daddr {service.cluster_ip} {service.protocol.lower()} dport {service.port}"
        )
        if self._view.settings.masquerade_all:
            self._add(chain, f"{to} jump mark-for-masquerade")
        elif self._pods:
            self._add(chain, f"{to} {self._ip} saddr != {self._pods} jump mark-for-masquerade")

    def _external(
        self, service: ServicePort, cluster: str, local: str, here: bool
    ) -> Iterator[str]:  # fmt: skip
        if not service.external_local:
            yield "jump mark-for-masquerade"
            yield f"goto {cluster}"
            return
        if self._pods:
            pods = f"{self._ip} saddr {self._pods}"
            yield f'{pods} goto {cluster} comment "short-circuit pod traffic"'
        own = "fib saddr type local"
        yield f'{own} jump mark-for-masquerade comment "masquerade local traffic"'
        yield f'{own} goto {cluster} comment "short-circuit local traffic"'
        if here:
            yield f"goto {local}"

    def _limit(self, service: ServicePort, firewall: str) -> None:
        accepted = list(service.source_ranges)
        if within(self._view.addresses[0], service.source_ranges):
            accepted += map(ip_network, service.load_balancer_ips)
        self._add(firewall, f"{self._ip} saddr != {ranges(accepted)} drop")
        for address in service.load_balancer_ips:
            key = Key(address, service.protocol.lower(), service.port)
            if self._owners[key] is service:
                self._maps["firewall-ips"].add(key, f"goto {firewall}", service.name)

    def _balance(self, service: ServicePort, usable: Usable, cluster: str, local: str) -> None:
        written: dict[str, Endpoint] = {}
        for chain, wanted, endpoints in (
            (cluster, service.uses_cluster, usable.cluster),
            (local, service.uses_local, usable.local),
        ):
            if wanted and endpoints:
                self._add(chain, *self._choice(service, endpoints))
                written |= {str(endpoint): endpoint for endpoint in endpoints}
        for _, endpoint in sorted(written.items()):
            self._endpoint(service, endpoint)

    def _choice(self, service: ServicePort, endpoints: Sequence[Endpoint]) -> Iterator[str]:
        names = [endpoint_name(service, endpoint) for endpoint in endpoints]
        if service.affinity_s:
            for name in names:
                yield f"{self._ip} saddr @affinity-{name} goto endpoint-{name}"
        chances = ", ".join(f"{i} : goto endpoint-{name}" for i, name in enumerate(names))
        yield f"numgen random mod {len(names)} vmap {{ {chances} }}"

    def _endpoint(self, service: ServicePort, endpoint: Endpoint) -> None:
        name, ip = endpoint_name(service, endpoint), self._ip
        rules = [f"{ip} saddr {endpoint.address} jump mark-for-masquerade"]
        if service.affinity_s:
            self._affinity.append((f"affinity-{name}", service.affinity_s))
            rules.append(f"update @affinity-{name} {{ {ip} saddr }}")
        rules.append(f"meta l4proto {service.protocol.lower()} dnat to {endpoint}")
        self._add(f"endpoint-{name}", *rules)

    def lines(self) -> Iterator[str]:
        """The table as text."""
        yield f"table {self._ip} kube-proxy {{"
        yield '\tcomment "rules for kube-proxy"'
        for number, block in enumerate(self._blocks()):
            if number:
                yield ""
            yield f"\t{block[0]} {{"
            yield from (f"\t\t{line}" for line in block[1:])
            yield "\t}"
        yield "}"

    def _blocks(self) -> Iterator[list[str]]:
        """Sets, maps and chains: the head of each, and its lines."""
        for name, addresses in self._sets.items():
            yield [f"set {name}", *addresses.lines()]
        for name, verdicts in self._maps.items():
            yield [f"map {name}", *verdicts.lines()]
        for name, seconds in self._affinity:
            timeout = f"timeout {duration(seconds)}"
            yield [
                f"set {name}",
                f"type {self._type}",
                "size 65535",
                "flags dynamic,timeout",
                timeout,
            ]
        for name, rules in self._chains.items():
            yield [f"chain {name}", *rules]
        for name, kind, hook, priority, jumps in _BASE:
            state = "ct state new " if kind == "filter" else ""
            head = f"type {kind} hook {hook} priority {priority}; policy accept;"
            yield [f"chain {name}", head, *(f"{state}jump {jump}" for jump in jumps)]
