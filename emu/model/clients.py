"""The clients of a scenario as rows of `emu.model.CLIENT`, with what their URLs lead to."""

import numpy as np
from numpy.typing import NDArray

from emu.model import CLIENT
from emu.model.numbers import Numbers
from emu.model.targets import Directory, Target, Viewpoint
from emu.scenario import Client, Cluster, ScenarioSpec, resolve
from emu.scenario.fields import is_ipv4
from emu.scenario.names import target
from emu.workload import ARRIVALS


class ClientTable:
    """All clients; ``rows`` is an array of `CLIENT`."""

    def __init__(
        self, spec: ScenarioSpec, cluster: Cluster, numbers: Numbers, directory: Directory
    ) -> None:
        self._numbers = numbers
        self.rows = np.zeros(len(spec.clients), CLIENT)
        self.targets: list[Target] = []
        self.target_addresses: list[str] = []
        self._parameters: list[float] = []
        for row, client in zip(self.rows, spec.clients, strict=True):
            self._lead(row, client, resolve(target(client.url).host, client, spec, cluster) or ())
            self._place(row, client)
            self._behave(row, client)
        self._find(spec, directory)

    @property
    def arrival_parameters(self) -> NDArray[np.float64]:
        """The parameters of all arrival processes."""
        return np.array(self._parameters, np.float64)

    def _lead(self, row: np.void, client: Client, addresses: tuple[str, ...]) -> None:
        row["first_target"], row["targets"] = len(self.target_addresses), len(addresses)
        row["resolves"] = not is_ipv4(target(client.url).host)
        self.target_addresses += addresses

    def _place(self, row: np.void, client: Client) -> None:
        row["vertex"] = row["source_number"] = self._numbers.vertex_of(client)
        row["pod"] = self._numbers.pod(client.pod)
        row["local_hops"] = client.pod is not None
        if client.pod is not None:
            row["source_number"] = len(self._numbers.hosts) + row["pod"]

    def _behave(self, row: np.void, client: Client) -> None:
        process, options = client.arrivals
        row["arrivals"] = ARRIVALS.number(process)
        row["arrival_parameters"] = len(self._parameters)
        self._parameters += ARRIVALS[process].parameters(options)
        row["timeout_ns"] = -1 if client.timeout is None else client.timeout
        row["request_bytes"], row["response_bytes"] = client.request_size, client.response_size

    def _viewpoint(self, client: Client) -> Viewpoint:
        return Viewpoint(self._numbers.address_of(client), self._numbers.node_of(client))

    def _find(self, spec: ScenarioSpec, directory: Directory) -> None:
        for row, client in zip(self.rows, spec.clients, strict=True):
            port, viewpoint = target(client.url).port, self._viewpoint(client)
            first = row["first_target"]
            for address in self.target_addresses[first : first + row["targets"]]:
                self.targets.append(directory.find(address, port, viewpoint))
