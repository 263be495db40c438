"""KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1)."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.scheduling import SCHEDULERS
from emu.quantities import Duration
from emu.scenario.fields import NetworkText, Whole, is_network
from emu.scenario.kubernetes.objects import Block
from emu.units import SECOND

FULL_SYNC_PERIOD: Final = 3600 * SECOND
"""From one sync of all rules to the next, where nothing asks for one."""

_Count = Annotated[Whole, Field(ge=0)]


def _known_mode(mode: str) -> str:
    if mode and mode not in MODES:
        raise ValueError(f"unknown proxy mode; known: {', '.join(MODES)}")
    return mode


def _known_scheduler(scheduler: str) -> str:
    if scheduler and scheduler not in SCHEDULERS:
        raise ValueError(f"unknown ipvs scheduler; known: {', '.join(SCHEDULERS)}")
    return scheduler


def _networks(text: str) -> str:
    """One network, or one of each family with a comma between them."""
    if text and (len(text.split(",")) > 2 or not all(map(is_network, text.split(",")))):
        raise ValueError("must be a network such as 10.244.0.0/16, or two with a comma between")
    return text


def _or(default: int) -> BeforeValidator:
    """0 stands for the default, as in kube-proxy (pkg/proxy/apis/config/v1alpha1/defaults.go)."""
    return BeforeValidator(lambda said: f"{default}ns" if said in (0, "0", "0s") else said)


_SyncPeriod = Annotated[Duration, _or(30 * SECOND)]
_MinSyncPeriod = Annotated[Duration, _or(SECOND)]


class IptablesConfiguration(Block):
    """What holds for the mode iptables, and in part for ipvs."""

    sync_period: _SyncPeriod = 30 * SECOND
    """How often the rules are looked at; by itself, all are written anew but once an hour."""
    min_sync_period: _MinSyncPeriod = SECOND
    """Nanoseconds between two syncs, at least; two may follow each other after a quiet time."""
    masquerade_all: bool = False
    localhost_node_ports: bool = True


class NftablesConfiguration(Block):
    """What holds for the mode nftables."""

    sync_period: _SyncPeriod = 30 * SECOND
    """How often the rules are looked at; by itself, all are written anew but once an hour."""
    min_sync_period: _MinSyncPeriod = SECOND
    """Nanoseconds between two syncs, at least; two may follow each other after a quiet time."""
    masquerade_all: bool = False


class IpvsConfiguration(Block):
    """What holds for the mode ipvs."""

    sync_period: _SyncPeriod = 30 * SECOND
    """How often the virtual servers are synced where nothing changes."""
    min_sync_period: Annotated[Duration, Field(ge=0)] = 0
    """Nanoseconds between two syncs, at least; 0 for no bound."""
    scheduler: Annotated[str, AfterValidator(_known_scheduler)] = ""
    """How an endpoint is chosen; rr where nothing is said."""


class EbpfConfiguration(Block):
    """What holds for the mode ebpf: a block of ours, as kube-proxy has no such mode."""

    algorithm: Literal["random", "maglev"] = "random"
    """How an endpoint is chosen for traffic from outside: Cilium's ``loadBalancer.algorithm``."""


class ConntrackConfiguration(Block):
    """The connection table of each node."""

    max_per_core: _Count = 32_768
    """Entries for each core; 0 leaves the kernel's own number, whatever ``min`` says."""
    min: _Count = 131_072
    """Entries at least, however few cores."""
    tcp_established_timeout: Annotated[Duration, Field(ge=0)] = 24 * 3600 * SECOND
    """Nanoseconds that an idle connection is kept."""
    tcp_close_wait_timeout: Annotated[Duration, Field(ge=0)] = 3600 * SECOND
    """Nanoseconds that a half-closed connection is kept."""


class KubeProxyConfiguration(Block):
    """How kube-proxy runs on every node."""

    api_version: Literal["kubeproxy.config.k8s.io/v1alpha1"] = "kubeproxy.config.k8s.io/v1alpha1"
    kind: Literal["KubeProxyConfiguration"] = "KubeProxyConfiguration"
    configured_mode: Annotated[str, AfterValidator(_known_mode), Field(alias="mode")] = ""
    cluster_cidr: Annotated[str, AfterValidator(_networks)] = ""
    configured_detect_local_mode: Annotated[
        Literal["", "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"],
        Field(alias="detectLocalMode"),
    ] = ""
    node_port_addresses: tuple[NetworkText | Literal["primary"], ...] = ()
    iptables: IptablesConfiguration = IptablesConfiguration()
    nftables: NftablesConfiguration = NftablesConfiguration()
    ipvs: IpvsConfiguration = IpvsConfiguration()
    ebpf: EbpfConfiguration = EbpfConfiguration()
    conntrack: ConntrackConfiguration = ConntrackConfiguration()

    @property
    def mode(self) -> str:
        """The proxy mode; iptables where nothing is said, as on Linux."""
        return self.configured_mode or "iptables"

    @property
    def detect_local_mode(self) -> str:
        """How the traffic of Pods is told from other traffic; ClusterCIDR where nothing is said."""
        return self.configured_detect_local_mode or "ClusterCIDR"

    @property
    def cluster_networks(self) -> tuple[str, ...]:
        """The networks of ``clusterCIDR``."""
        return tuple(filter(None, self.cluster_cidr.split(",")))

    @property
    def sync_periods(self) -> tuple[int, int]:
        """Of the mode: the least time between two syncs, and the time until one by itself.

        Nobody bounds the mode ebpf, which has no kube-proxy. Source: Kubernetes,
        pkg/proxy/iptables, ipvs and nftables (``NewBoundedFrequencyRunner``).
        """
        if self.mode == "ipvs":
            return self.ipvs.min_sync_period, self.ipvs.sync_period
        if self.mode == "ebpf":
            return 0, FULL_SYNC_PERIOD
        its = self.nftables if self.mode == "nftables" else self.iptables
        return its.min_sync_period, FULL_SYNC_PERIOD

    def masquerades_all(self, mode: str) -> bool:
        """Whether traffic to ClusterIPs from inside is masqueraded as well in this mode.

        ipvs goes by the setting of iptables, as in kube-proxy (cmd/kube-proxy/app/server_linux.go).
        """
        return (self.nftables if mode == "nftables" else self.iptables).masquerade_all
