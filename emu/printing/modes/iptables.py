"""What ``iptables-save`` shows of kube-proxy's chains, loadable by ``iptables-restore``.

Source: Kubernetes, pkg/proxy/iptables (``syncProxyRules``, ``writeServiceToEndpointRules``). A
bridge or an interface that tells Pods' traffic is written as the network of the Pods behind it.
Left out: the canary chains, which have no rules.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv6Network, ip_network
from typing import Final

from emu.hops.endpoints import Endpoint, Usable
from emu.hops.kubeproxy import chains
from emu.hops.kubeproxy.services import Network, ServicePort
from emu.hops.kubeproxy.view import NodeView, within
from emu.printing.tables import Table, comment, host, probability, source, source_outside

MARK: Final = "0x4000/0x4000"
_NEW: Final = "-m conntrack --ctstate NEW"
_LOCAL_SOURCE: Final = "-m addrtype --src-type LOCAL"
_LOCAL: Final = "-m addrtype --dst-type LOCAL"


def text(view: NodeView) -> str:
    """The tables nat and filter."""
    nat, filtering = Table("nat"), Table("filter")
    _base(view, nat, filtering)
    for service in view.services.ports:
        _Service(view, service, nat, filtering).write()
    _node_ports(view, nat)
    return "\n".join((*nat.lines(), *filtering.lines(), ""))


def _base(view: NodeView, nat: Table, filtering: Table) -> None:
    """What is there without any Service."""
    for chain in ("PREROUTING", "OUTPUT"):
        nat.add(chain, comment("kubernetes service portals"), "-j KUBE-SERVICES")
    nat.add("POSTROUTING", comment("kubernetes postrouting rules"), "-j KUBE-POSTROUTING")
    nat.add("KUBE-MARK-MASQ", f"-j MARK --set-xmark {MARK}")
    nat.add("KUBE-POSTROUTING", f"-m mark ! --mark {MARK} -j RETURN")
    nat.add("KUBE-POSTROUTING", "-j MARK --set-xmark 0x4000/0x0")
    what = comment("kubernetes service traffic requiring SNAT")
    nat.add("KUBE-POSTROUTING", what, "-j MASQUERADE --random-fully")
    nat.chain("KUBE-SERVICES")
    nat.chain("KUBE-NODEPORTS")
    for chain, jumps in _FILTERS.items():
        for state, what, target in jumps:
            filtering.add(chain, state, comment(what), f"-j {target}")
    for chain in ("KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL"):
        filtering.chain(chain)
    filtering.chain("KUBE-SERVICES")
    filtering.add("KUBE-FORWARD", "-m conntrack --ctstate INVALID -j DROP")
    forwarding = comment("kubernetes forwarding rules")
    filtering.add("KUBE-FORWARD", forwarding, f"-m mark --mark {MARK} -j ACCEPT")
    known = comment("kubernetes forwarding conntrack rule")
    filtering.add(
        "KUBE-FORWARD", known, "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    )  # fmt: skip
    if view.settings.localhost_node_ports and not _is_ipv6(view):
        for chain in ("INPUT", "OUTPUT"):
            filtering.add(chain, "-j KUBE-FIREWALL")
        filtering.add(
            "KUBE-FIREWALL", "! -s 127.0.0.0/8 -d 127.0.0.0/8",
            comment("block incoming localnet connections"),
            "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
        )  # fmt: skip


_FIREWALL = (_NEW, "kubernetes load balancer firewall", "KUBE-PROXY-FIREWALL")
_PORTALS = (_NEW, "kubernetes service portals", "KUBE-SERVICES")
_EXTERNAL = (_NEW, "kubernetes externally-visible service portals", "KUBE-EXTERNAL-SERVICES")
_HEALTH = ("", "kubernetes health check service ports", "KUBE-NODEPORTS")
_FORWARDING = ("", "kubernetes forwarding rules", "KUBE-FORWARD")
_FILTERS = {
    "INPUT": (_FIREWALL, _HEALTH, _EXTERNAL),
    "FORWARD": (_FIREWALL, _FORWARDING, _PORTALS, _EXTERNAL),
    "OUTPUT": (_FIREWALL, _PORTALS),
}


def _is_ipv6(view: NodeView) -> bool:
    return any(":" in address for address in view.addresses)


def _node_ports(view: NodeView, nat: Table) -> None:
    """The last rules of KUBE-SERVICES: to which addresses NodePorts are."""
    what = comment(
        "kubernetes service nodeports; NOTE: this must be the last rule in this chain"
    )  # fmt: skip
    if view.node_port_addresses is None:
        but = ""
        if _is_ipv6(view):
            but = "! -d ::1/128"
        elif not view.settings.localhost_node_ports:
            but = "! -d 127.0.0.0/8"
        nat.add("KUBE-SERVICES", but, what, _LOCAL, "-j KUBE-NODEPORTS")
        return
    for address in view.node_port_addresses:
        if address != "127.0.0.1" or view.settings.localhost_node_ports:
            nat.add("KUBE-SERVICES", host("-d", address), what, "-j KUBE-NODEPORTS")


class _Service:
    """The rules of one Service port."""

    def __init__(
        self, view: NodeView, service: ServicePort, nat: Table, filtering: Table
    ) -> None:  # fmt: skip
        self._view, self._service, self._nat, self._filter = view, service, nat, filtering
        self._usable: Usable = view.usable(service)
        self._protocol = service.protocol.lower()
        named = (service.name, self._protocol)
        self._cluster, self._local = chains.service_chain(*named), chains.local_chain(*named)
        self._external, self._firewall = (
            chains.external_chain(*named),
            chains.firewall_chain(*named),
        )

    def write(self) -> None:
        """Ways in, then the chains that they lead to."""
        anywhere = self._usable.anywhere
        self._cluster_ip()
        self._external_addresses()
        self._health_check()
        if anywhere and self._service.external:
            self._external_chain()
        if anywhere and self._limited:
            self._firewall_chain()
        written: dict[str, Endpoint] = {}
        for chain, wanted, endpoints in (
            (self._cluster, self._service.uses_cluster, self._usable.cluster),
            (self._local, self._service.uses_local, self._usable.local),
        ):
            if wanted and endpoints:
                self._balance(chain, endpoints)
                written |= {str(endpoint): endpoint for endpoint in endpoints}
        for _, endpoint in sorted(written.items()):
            self._endpoint(endpoint)

    @property
    def _limited(self) -> bool:
        return bool(self._service.load_balancer_ips and self._service.source_ranges)

    def _to(self, address: str, port: int, what: str) -> tuple[str, str, str]:
        """Destination, protocol with the comment, and port, in the order of iptables-save."""
        where = host("-d", address) if address else ""
        proto = f"-p {self._protocol}"
        return where, f"{proto} {comment(what)}", f"-m {self._protocol} --dport {port}"

    def _cluster_ip(self) -> None:
        service, usable = self._service, self._usable
        chain = self._local if service.internal_local else self._cluster
        endpoints = usable.local if service.internal_local else usable.cluster
        name = f"{service.name} cluster IP"
        if not endpoints:
            lack, target = self._lack(usable.anywhere)
            to = self._to(service.cluster_ip, service.port, lack)
            self._filter.add("KUBE-SERVICES", *to, f"-j {target}")
            return
        to = self._to(service.cluster_ip, service.port, name)
        self._nat.add("KUBE-SERVICES", *to, f"-j {chain}")
        if self._view.settings.masquerade_all:
            self._nat.add(chain, *to, "-j KUBE-MARK-MASQ")
        elif self._view.local_networks:
            others = source_outside(self._view.local_networks[0])
            if others is not None:
                self._nat.add(chain, others, *to, "-j KUBE-MARK-MASQ")

    def _lack(self, elsewhere: bool) -> tuple[str, str]:
        if elsewhere:
            return f"{self._service.name} has no local endpoints", "DROP"
        return f"{self._service.name} has no endpoints", "REJECT" + self._reject_with

    @property
    def _reject_with(self) -> str:
        kind = "icmp6" if self._service.family == 6 else "icmp"
        return f" --reject-with {kind}-port-unreachable"

    def _external_addresses(self) -> None:
        service, usable = self._service, self._usable
        there = usable.local if service.external_local else usable.cluster
        lack, target = self._lack(usable.anywhere)
        for addresses, what in (
            (service.external_ips, "external IP"),
            (service.load_balancer_ips, "loadbalancer IP"),
        ):
            limited = self._limited and addresses is service.load_balancer_ips
            for address in addresses:
                if usable.anywhere:
                    to = self._to(address, service.port, f"{service.name} {what}")
                    chain = self._firewall if limited else self._external
                    self._nat.add("KUBE-SERVICES", *to, f"-j {chain}")
                    if limited:
                        to = self._to(
                            address, service.port,
                            f"{service.name} traffic not accepted by {self._firewall}",
                        )  # fmt: skip
                        self._filter.add("KUBE-PROXY-FIREWALL", *to, "-j DROP")
                if not there:
                    to = self._to(address, service.port, lack)
                    self._filter.add("KUBE-EXTERNAL-SERVICES", *to, f"-j {target}")
        if service.node_port:
            if usable.anywhere:
                to = self._to("", service.node_port, service.name)
                self._nat.add("KUBE-NODEPORTS", *to, f"-j {self._external}")
            if not there:
                _, what, port = self._to("", service.node_port, lack)
                self._filter.add("KUBE-EXTERNAL-SERVICES", what, _LOCAL, port, f"-j {target}")

    def _health_check(self) -> None:
        if self._service.health_check_node_port:
            what = comment(f"{self._service.name} health check node port")
            port = f"-m tcp --dport {self._service.health_check_node_port}"
            self._filter.add("KUBE-NODEPORTS", "-p tcp", what, port, "-j ACCEPT")

    def _external_chain(self) -> None:
        service, chain = self._service, self._external
        where = f"{service.name} external destinations"
        if not service.external_local:
            what = comment(f"masquerade traffic for {where}")
            self._nat.add(chain, what, "-j KUBE-MARK-MASQ")
            self._nat.add(chain, f"-j {self._cluster}")
            return
        if self._view.local_networks:
            pods = source(self._view.local_networks[0])
            self._nat.add(chain, pods, comment(f"pod traffic for {where}"), f"-j {self._cluster}")
        what = comment(f"masquerade LOCAL traffic for {where}")
        self._nat.add(chain, what, _LOCAL_SOURCE, "-j KUBE-MARK-MASQ")
        what = comment(f"route LOCAL traffic for {where}")
        self._nat.add(chain, what, _LOCAL_SOURCE, f"-j {self._cluster}")
        if self._usable.local:
            self._nat.add(chain, f"-j {self._local}")

    def _firewall_chain(self) -> None:
        service, chain = self._service, self._firewall
        what = comment(f"{service.name} loadbalancer IP")
        for network in self._accepted():
            self._nat.add(chain, source(network), what, f"-j {self._external}")
        rest = f"other traffic to {service.name} will be dropped by KUBE-PROXY-FIREWALL"
        self._nat.add(chain, comment(rest))

    def _accepted(self) -> Iterator[Network]:
        yield from self._service.source_ranges
        if within(self._view.addresses[0], self._service.source_ranges):
            yield from map(ip_network, self._service.load_balancer_ips)

    def _balance(self, chain: str, endpoints: Sequence[Endpoint]) -> None:
        for endpoint in endpoints if self._service.affinity_s else ():
            known = f"--rcheck --seconds {self._service.affinity_s} --reap"
            self._nat.add(
                chain, comment(self._arrow(endpoint)), self._recent(endpoint, known),
                f"-j {self._sep(endpoint)}",
            )  # fmt: skip
        for place, endpoint in enumerate(endpoints):
            left = len(endpoints) - place
            chance = probability(1 / left) if left > 1 else ""
            self._nat.add(
                chain, comment(self._arrow(endpoint)), chance, f"-j {self._sep(endpoint)}"
            )  # fmt: skip

    def _arrow(self, endpoint: Endpoint) -> str:
        return f"{self._service.name} -> {endpoint}"

    def _sep(self, endpoint: Endpoint) -> str:
        return chains.endpoint_chain(self._service.name, str(endpoint), self._protocol)

    def _recent(self, endpoint: Endpoint, what: str) -> str:
        mask = IPv6Network("::/128") if self._service.family == 6 else None
        text = str(mask.netmask) if mask else "255.255.255.255"
        return f"-m recent {what} --name {self._sep(endpoint)} --mask {text} --rsource"

    def _endpoint(self, endpoint: Endpoint) -> None:
        chain, what = self._sep(endpoint), comment(self._service.name)
        self._nat.add(chain, host("-s", endpoint.address), what, "-j KUBE-MARK-MASQ")
        seen = self._recent(endpoint, "--set") if self._service.affinity_s else ""
        self._nat.add(
            chain, f"-p {self._protocol}", what, seen, f"-m {self._protocol}",
            f"-j DNAT --to-destination {endpoint}",
        )  # fmt: skip
