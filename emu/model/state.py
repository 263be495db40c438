"""What changes while a run goes on: made fresh from a model, the same for both engines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.errors import StrategyError
from emu.hops import affinity, conntrack, dns, pool, ports, reports, retries, sharing
from emu.hops.balancer import BACKENDS, PROBING, STRATEGIES, changed
from emu.hops.balancer.barring import Bar, bar_from_start
from emu.hops.balancer.outliers import MONITOR, no_ejections
from emu.model import ListenerModel, Model
from emu.registry import Choice


class ListenerState:
    """A listener's strategy by its number and whether it probes, its backends and the monitors of
    these, and the strategy's memory."""

    monitors: NDArray[Any]

    def __init__(self, listener: ListenerModel) -> None:
        self.backends: NDArray[Any] = listener.backends.copy()
        bar_from_start(self.backends, listener.since > 0, Bar.NOT_JOINED)
        self.choose(listener.strategy)

    def choose(self, choice: Choice) -> None:
        """Let this strategy pick; it remembers nothing but how the backends are."""
        strategy = STRATEGIES[choice.name]
        self.strategy = STRATEGIES.number(choice.name)
        self.probes = choice.name in PROBING
        self.memory: NDArray[np.int64] = strategy.prepare(choice.options, self.backends)
        self._pick = strategy.pick
        self._failure = getattr(strategy, "failure", None)

    def try_out(self) -> None:
        """Ask a strategy that may fail once. Raises StrategyError where it does."""
        if self._failure is not None:
            self._pick(self.backends, self.memory, 0, 0, 0, 0, 0)
            self.check()

    def check(self) -> None:
        """Raise StrategyError where the strategy has failed."""
        if self._failure is not None and (text := self._failure(self.memory)):
            raise StrategyError(text)


class State:
    """All that is mutable in a run.

    ``pods``, ``shedding`` and ``endpoints`` have room for those to come; ``rules``, ``members`` and
    ``network`` are the model's own where nothing changes them.
    ``backends`` and ``memory`` hold those of all listeners, one behind the other; Pods keep
    ``reports`` where they are ``probed``. ``sending`` is
    how many clients may still send; ``wanted`` how many requests are over when the run is: fewer
    than were asked for where no client has more; None where the run ends at a time.
    """

    def __init__(self, model: Model) -> None:
        self.pods = _with_room(model.pods, model.room.pods)
        self.endpoints = _with_room(model.endpoints, model.room.endpoints)
        self.rules, self.members = model.rules, model.members
        self.network = model.network
        if model.live is not None:
            self.rules, self.members = model.rules.copy(), model.members.copy()
            network = model.network
            self.network = network._replace(legs=network.legs.copy(), core=network.core.copy())
        self.sharing = sharing.idle(len(self.pods), model.expected.warmup_ns)
        sharing.limit(self.sharing[: len(model.pods)], model.quotas, model.period_ends)
        self.shedding = _with_room(model.shedding[: len(model.pods)], model.room.pods)
        self.cpu = _with_room(model.cpu, model.room.pods)
        self.listeners = tuple(ListenerState(listener) for listener in model.listeners)
        self.backends = _joined([its.backends for its in self.listeners], BACKENDS)
        self._join_memory()
        self.limits: NDArray[Any] = model.limits.copy()
        self.detectors: NDArray[Any] = model.detectors.copy()
        self.monitors = np.zeros(len(self.backends), MONITOR)
        _share_monitors(self.listeners, self.monitors)
        self.ejections = no_ejections(len(self.backends))
        self.probed = any(its.probes for its in self.listeners) or _will_probe(model)
        self.reports = reports.empty(len(self.pods) if self.probed else 0)
        self.conntrack = conntrack.empty(
            len(model.places.nodes), model.servers.copy(), model.loads >= 0, model.tracked
        )
        self.affinity = affinity.empty()
        self.arrivals: NDArray[np.float64] = model.arrival_parameters.copy()
        self.ports = ports.empty(model.routes, model.kernel.ports)
        self.pools = pool.empty(model.pool_settings, model.pools)
        self.dns: NDArray[Any] = np.array([dns.EMPTY] * len(model.clients), dns.CACHE)
        self.resolver: NDArray[Any] = model.resolver.copy()
        self.budgets = retries.empty(len(model.clients))
        self.begun = 0
        self.pending = 0
        self.sent = 0
        self.finished = 0
        self.sending = len(model.clients)
        self.wanted = model.requests

    def take_ejections(self) -> list[list[int]]:
        """The ejections that nobody has heard of: when, at which listener, of which backend, and
        for how long."""
        count = int(self.ejections[0, 0])
        self.ejections[0, 0] = 0
        rows: list[list[int]] = self.ejections[1 : 1 + count].tolist()
        return rows

    def change_strategy(self, listener: int, choice: Choice) -> None:
        """Let another strategy pick a listener's backends; all memories are laid out anew."""
        its = self.listeners[listener]
        its.choose(choice)
        self._join_memory()
        for backend in range(len(its.backends)):
            changed(its.strategy, its.backends, its.memory, backend)

    def _join_memory(self) -> None:
        self.memory = _joined([its.memory for its in self.listeners], np.dtype(np.int64))
        _share(self.listeners, self.backends, self.memory)

    def check_strategies(self) -> None:
        """Raise StrategyError where a strategy has failed: then it picks nothing more."""
        for listener in self.listeners:
            listener.check()

    def make_room(self) -> None:
        """Make room for what nodes keep of connections."""
        self.conntrack = conntrack.enlarged(self.conntrack)
        self.affinity = affinity.enlarged(self.affinity)

    def make_room_for_ports(self) -> None:
        """Make room for the ports of routes."""
        self.ports = ports.enlarged(self.ports)

    def make_room_for_connections(self) -> None:
        """Make room for kept connections."""
        self.pools = pool.enlarged(self.pools)


def _will_probe(model: Model) -> bool:
    """Whether a strategy that probes is to come."""
    timeline = () if model.live is None else model.live.spec.timeline
    return any(name == "change_strategy" and its.strategy.name in PROBING for name, its in timeline)


def _with_room(rows: NDArray[Any], room: int) -> NDArray[Any]:
    """A copy with so many rows, the further ones blank."""
    made = np.zeros(room, rows.dtype)
    made[: len(rows)] = rows
    return made


def _joined(parts: list[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *parts])


def _share(
    listeners: tuple[ListenerState, ...], backends: NDArray[Any], memory: NDArray[np.int64]
) -> None:
    """Let each listener's arrays be its part of the whole."""
    backend = cell = 0
    for its in listeners:
        its.backends = backends[backend : backend + len(its.backends)]
        its.memory = memory[cell : cell + len(its.memory)]
        backend, cell = backend + len(its.backends), cell + len(its.memory)


def _share_monitors(listeners: tuple[ListenerState, ...], monitors: NDArray[Any]) -> None:
    """Let each listener's monitors be its part of the whole."""
    backend = 0
    for its in listeners:
        its.monitors = monitors[backend : backend + len(its.backends)]
        backend += len(its.backends)
