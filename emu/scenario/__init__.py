"""The description of a run: reading, validating and completing scenario files."""

from emu.scenario.cluster import Cluster
from emu.scenario.connections import Connections
from emu.scenario.description import (
    Behaviour,
    Client,
    Kernel,
    Link,
    Listener,
    LoadBalancer,
    Log,
    LogSample,
    Network,
    NodePool,
    Resolver,
    ScenarioSpec,
    Slowdown,
    Speeds,
)
from emu.scenario.kubernetes import (
    Deployment,
    EndpointSlice,
    KubeProxyConfiguration,
    Node,
    Pod,
    Service,
)
from emu.scenario.loading import Scenario, load, load_any
from emu.scenario.names import resolve
from emu.scenario.overrides import parse_overrides

__all__ = [
    "Behaviour",
    "Client",
    "Cluster",
    "Connections",
    "Deployment",
    "EndpointSlice",
    "Kernel",
    "KubeProxyConfiguration",
    "Link",
    "Listener",
    "LoadBalancer",
    "Log",
    "LogSample",
    "Network",
    "Node",
    "NodePool",
    "Pod",
    "Resolver",
    "Scenario",
    "ScenarioSpec",
    "Service",
    "Slowdown",
    "Speeds",
    "load",
    "load_any",
    "parse_overrides",
    "resolve",
]
