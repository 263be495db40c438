"""The rules of all nodes while they change, written to where engines read them."""

from collections.abc import Callable, Mapping

import numpy as np

from emu.control.log import Log
from emu.control.traffic import Traffic
from emu.errors import RoomError
from emu.hops.endpoints import Endpoint, Endpoints
from emu.hops.kubeproxy.services import ServicePort
from emu.hops.kubeproxy.view import NodeView
from emu.model import Model
from emu.model.live import Live
from emu.model.state import State


class Rules:
    """What nodes decide about the packets of a run, as their views of the endpoints change."""

    def __init__(self, model: Model, live: Live, state: State, traffic: Traffic, log: Log) -> None:
        self._table = live.rules.for_a_run()
        self._names = model.places.node_names
        self._state, self._traffic, self._log = state, traffic, log
        self._known = len(model.endpoints)
        self._watchers: list[Callable[[int | None], None]] = []

    def watch(self, tell: Callable[[int | None], None]) -> None:
        """Hear of each node whose rules are others, and (None) of Pods that answer or do not."""
        self._watchers.append(tell)

    def view(self, node: int) -> NodeView:
        """A node as its kube-proxy has it."""
        return self._table.proxies.view(self._names[node])

    def _tell(self, node: int | None) -> None:
        for tell in self._watchers:
            tell(node)

    def sync(self, node: int, endpoints: Mapping[ServicePort, Endpoints]) -> None:
        """Let a node's rules be about these endpoints."""
        others = self._table.resync(self._names[node], endpoints)
        for number in others:
            self._state.rules[number] = self._table.row(number)
        if others:
            self._written()
        self._tell(node)

    def came(self, pod: int, address: str, node: int) -> None:
        """A Pod has an address now."""
        self._table.came(pod, address, self._names[node])
        self._moved(address)

    def went(self, pod: int, address: str, node: int) -> None:
        """It has it no longer: nobody answers there."""
        self._table.went(pod, address, self._names[node])
        self._moved(address)

    def _moved(self, address: str) -> None:
        """Another Pod has an address now, or none."""
        for number, row in self._table.endpoints_at(address, self._state.pods):
            self._state.endpoints[number] = row
        self._traffic.refresh()
        self._tell(None)

    def endpoint(self, endpoint: Endpoint) -> int:
        """The number of an endpoint that somebody goes to straight."""
        number = self._table.endpoint(endpoint)
        self._write_new()
        return number

    def listens(self) -> None:
        """At some Pod another port answers now, or none."""
        self._tell(None)

    def rewritten(self) -> None:
        """Let engines see what leads elsewhere now."""
        self._traffic.refresh()

    def _written(self) -> None:
        """Let engines see members, virtual servers and endpoints as they are now."""
        state = self._state
        if self._table.member_count > len(state.members):
            state.members = self._table.members
        servers = state.conntrack.servers
        if self._table.server_size > len(servers):
            more = self._table.servers[len(servers) :]
            state.conntrack = state.conntrack._replace(servers=np.concatenate([servers, more]))
        self._write_new()
        self._traffic.refresh()

    def _write_new(self) -> None:
        """Write the endpoints that are new."""
        state = self._state
        if self._table.endpoint_count > len(state.endpoints):
            raise RoomError(f"more than {len(state.endpoints):,} endpoints in one run")
        for address, port, row in self._table.endpoints_from(self._known, state.pods):
            state.endpoints[self._known] = row
            self._log.add_endpoint(address, port)
            self._known += 1
