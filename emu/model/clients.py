"""The clients of a scenario as rows of `emu.model.CLIENT`, with what their URLs lead to."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.hops.retries import ONCE, POLICY
from emu.hops.tcp import patience
from emu.model import CLIENT
from emu.model.attempts import policy_of
from emu.model.classes import ClassTable
from emu.model.numbers import Numbers
from emu.model.pools import PoolTable
from emu.model.routes import Route, Routes
from emu.model.targets import Directory, Target, Viewpoint
from emu.registry import Choice
from emu.scenario import Client, Cluster, Kernel, ScenarioSpec, resolve
from emu.scenario.connections import TLS_ROUND_TRIPS
from emu.scenario.fields import is_ipv4
from emu.scenario.names import is_encrypted, target
from emu.units import SECOND
from emu.workload import ARRIVALS, users_of

RESOLVER_TIMEOUT_NS: Final = 5 * SECOND
"""For how long a client waits for a datagram where nothing is said: resolv.conf, ``timeout``."""


def patience_of(kernel: Kernel) -> int:
    """For how long a host tries to open a connection, in nanoseconds."""
    return patience(kernel.sysctls.syn_retries, kernel.sysctls.syn_linear_timeouts)


class ClientTable:
    """All clients; ``rows`` is an array of `CLIENT`, ``senders`` how many conntrack can tell apart:
    the hosts, the Pods, and each address more that a client has."""

    def __init__(
        self,
        spec: ScenarioSpec,
        cluster: Cluster,
        numbers: Numbers,
        directory: Directory,
        routes: Routes,
        pools: PoolTable,
        choices: list[Choice],
    ) -> None:
        self._numbers, self._routes, self._pools = numbers, routes, pools
        self.senders = len(numbers.hosts) + len(cluster.pods)
        self._patience = patience_of(spec.kernel)
        self.rows = np.zeros(len(spec.clients), CLIENT)
        self.targets: list[Target] = []
        self.target_addresses: list[str] = []
        self._policies = {ONCE: 0}
        self._choices, self.classes = choices, ClassTable(choices)
        self._parameters: list[NDArray[np.float64]] = []
        self._parameter_count = 0
        for row, client in zip(self.rows, spec.clients, strict=True):
            self._lead(row, client, resolve(target(client.url).host, client, spec, cluster) or ())
            self._place(row, client)
            self._behave(row, client)
        self._find(spec, directory)

    @property
    def arrival_parameters(self) -> NDArray[np.float64]:
        """The parameters of all arrival processes."""
        return np.concatenate([np.zeros(0), *self._parameters])

    def _lead(self, row: np.void, client: Client, addresses: tuple[str, ...]) -> None:
        row["first_target"], row["targets"] = len(self.target_addresses), len(addresses)
        row["resolves"] = not is_ipv4(target(client.url).host)
        self.target_addresses += addresses

    def _place(self, row: np.void, client: Client) -> None:
        row["vertex"] = row["source_number"] = self._numbers.vertex_of(client)
        row["pod"] = self._numbers.pod(client.pod)
        row["local_hops"] = client.pod is not None
        addresses = self._numbers.addresses_of(client)
        row["sources"], row["address"] = len(addresses), int(ip_address(addresses[0]))
        if client.pod is not None:
            row["source_number"] = len(self._numbers.hosts) + row["pod"]
        elif len(addresses) > 1:
            row["source_number"] = self.senders
            self.senders += len(addresses)

    def _behave(self, row: np.void, client: Client) -> None:
        process, options = client.arrivals
        row["arrivals"] = ARRIVALS.number(process)
        row["arrival_parameters"] = self._parameter_count
        parameters = np.array(ARRIVALS[process].parameters(options), np.float64)
        self._parameters.append(parameters)
        self._parameter_count += len(parameters)
        self._close_loop(row, client)
        policy = policy_of(client)
        row["policy"] = self._policies.setdefault(policy, len(self._policies))
        kept = client.connections is not None
        row["watched"] = kept or policy != ONCE or row["users"] > 0
        row["timeout_ns"] = -1 if client.timeout is None else client.timeout
        row["patience_ns"] = self._patience
        if target(client.url).protocol == "UDP":
            row["timeout_ns"] = row["patience_ns"] = client.timeout or RESOLVER_TIMEOUT_NS
        row["first_class"], row["classes"] = self.classes.add(client)
        row["tls"] = TLS_ROUND_TRIPS[client.tls] if is_encrypted(client.url) else 0

    def _close_loop(self, row: np.void, client: Client) -> None:
        """Users take the client's addresses in turn; each user's requests come from one address."""
        users, sources = users_of(client.arrivals), int(row["sources"])
        if users:
            row["users"], row["stride"] = users, -(-users // sources) * sources
            row["think"] = len(self._choices)
            process, options = client.arrivals
            self._choices.append(ARRIVALS[process].think_time(options))

    def placed(self, places: Sequence[int]) -> None:
        """Hear where the distributions that were chosen stand in their table."""
        for row in self.rows:
            if row["users"]:
                row["think"] = places[row["think"]]

    @property
    def policies(self) -> NDArray[Any]:
        """The policies of all clients, an array of `POLICY`."""
        return np.array(list(self._policies), POLICY)

    def _viewpoint(self, client: Client) -> Viewpoint:
        return Viewpoint(self._numbers.addresses_of(client)[0], self._numbers.node_of(client))

    def _find(self, spec: ScenarioSpec, directory: Directory) -> None:
        for row, client in zip(self.rows, spec.clients, strict=True):
            _, port, protocol = target(client.url)
            viewpoint = self._viewpoint(client)
            first = row["first_target"]
            for address in self.target_addresses[first : first + row["targets"]]:
                found = directory.find(address, port, viewpoint, protocol)
                route = Route(int(row["source_number"]), address, port, protocol)
                number = self._routes.number(route, int(row["sources"]))
                pool = self._pools.first_of(client.connections, int(row["sources"]))
                datagram = protocol == "UDP"
                self.targets.append(found._replace(route=number, datagram=datagram, pool=pool))
