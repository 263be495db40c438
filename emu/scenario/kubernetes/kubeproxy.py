"""KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from emu.hops.kubeproxy import MODES
from emu.quantities import Duration
from emu.scenario.fields import NetworkText, Whole
from emu.scenario.kubernetes.objects import Block
from emu.units import SECOND

_Count = Annotated[Whole, Field(ge=0)]


def _known_mode(mode: str) -> str:
    if mode and mode not in MODES:
        raise ValueError(f"unknown proxy mode; known: {', '.join(MODES)}")
    return mode


class IptablesConfiguration(Block):
    """What holds for the mode iptables."""

    masquerade_all: bool = False


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
    cluster_cidr: NetworkText | Literal[""] = ""
    iptables: IptablesConfiguration = IptablesConfiguration()
    conntrack: ConntrackConfiguration = ConntrackConfiguration()

    @property
    def mode(self) -> str:
        """The proxy mode; iptables where nothing is said, as on Linux."""
        return self.configured_mode or "iptables"

    @property
    def masquerade_all(self) -> bool:
        """Whether traffic to ClusterIPs from inside is masqueraded as well."""
        return self.iptables.masquerade_all
