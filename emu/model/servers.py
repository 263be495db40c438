"""The virtual servers of a run's nodes: what the proxy mode keeps for each, as kernels read it."""

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import MODES, first_state, shared_table
from emu.hops.kubeproxy.traffic import Decision
from emu.hops.kubeproxy.view import Packet
from emu.model.proxies import Proxies

_NONE = -1
_LONGEST = 2**31 - 1
"""What a rule has room for: 2 s."""


class VirtualServers:
    """``memory`` is their state and tables; ``loads`` where connections are counted in a state, or
    -1.

    A virtual server is a destination address, port and protocol at one node. Tables of equal
    content are laid out once.
    """

    def __init__(self, proxies: Proxies, rule_cost_ns: int) -> None:
        self._proxies, self._rule_cost = proxies, rule_cost_ns
        self._mode: Any = MODES[proxies.mode]
        self.loads: int = getattr(self._mode, "LOADS", _NONE)
        self._parts: list[NDArray[np.int64]] = []
        self._size = 0
        self._first: dict[tuple[str, str, int, str], int] = {}
        self._tables: dict[bytes, int] = {}
        self._known: dict[tuple[int, str], tuple[tuple[Endpoint, ...], int]] = {}

    def for_a_run(self, proxies: Proxies) -> "VirtualServers":
        """The same, to be changed while one run goes on."""
        made = copy(self)
        made._proxies = proxies
        made._parts = list(self._parts)
        made._first, made._tables = dict(self._first), dict(self._tables)
        made._known = dict(self._known)
        return made

    @property
    def size(self) -> int:
        """The length of their memory."""
        return self._size

    @property
    def memory(self) -> NDArray[np.int64]:
        """All of them, one behind the other."""
        return np.concatenate([np.zeros(0, np.int64), *self._parts])

    def of(self, node: str, packet: Packet, decision: Decision) -> tuple[int, int]:
        """Where state and table for such packets are."""
        if not decision.endpoints:
            return _NONE, _NONE
        return self._state(node, packet, decision), self._table(node, packet, decision)

    def forget(self, node: str, packet: Packet) -> None:
        """The endpoints of the virtual server are others now: it begins anew."""
        self._first.pop((node, packet.destination, packet.port, packet.protocol), None)

    def cost(self, node: str, packet: Packet) -> int:
        """How long a first packet is held up by rules about other Services, in nanoseconds."""
        passed = getattr(self._mode, "passed", None)
        if passed is None:
            return 0
        cost: int = passed(self._proxies.view(node), packet) * self._rule_cost
        return min(cost, _LONGEST)

    def _state(self, node: str, packet: Packet, decision: Decision) -> int:
        key = (node, packet.destination, packet.port, packet.protocol)
        if key not in self._first:
            settings = self._proxies.view(node).settings
            state = first_state(self._proxies.mode, settings, len(decision.endpoints))
            self._first[key] = self._add(state) if len(state) else _NONE
        return self._first[key]

    def _table(self, node: str, packet: Packet, decision: Decision) -> int:
        """Sets of endpoints are known by identity, and kept alive."""
        looks_up = getattr(self._mode, "looks_up", None)
        if looks_up is not None and not looks_up(self._proxies.view(node), packet):
            return _NONE
        key = id(decision.endpoints), packet.destination
        if key not in self._known:
            settings, mode = self._proxies.view(node).settings, self._proxies.mode
            table = shared_table(mode, settings, decision.endpoints, packet.destination)
            content = table.tobytes()
            if content not in self._tables:
                self._tables[content] = self._add(table) if content else _NONE
            self._known[key] = decision.endpoints, self._tables[content]
        return self._known[key][1]

    def _add(self, part: NDArray[np.int64]) -> int:
        first = self._size
        self._parts.append(part)
        self._size += len(part)
        return first
