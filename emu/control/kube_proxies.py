"""The kube-proxy of each node: it hears late of endpoints that change, and its rules take time.

From a change at the API server on it takes the watch's delay until a kube-proxy hears of it, then
the wait until it may sync (`emu.control.sync_runner`), then the sync; the node's rules change at
its end. What is heard during a sync is synced afterwards. Until then the node believes what it
believed before: it sends connections to Pods that are gone, and none to those that have come.

While the API server is down nobody hears of anything. A node that is cut off hears of nothing and
syncs nothing; when it is back it hears of all at once.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from emu.control.endpoint_slices import EndpointSlices
from emu.control.links import Links
from emu.control.log import spoken
from emu.control.run import Run
from emu.control.sync_runner import SyncRunner
from emu.hops.endpoints import Endpoints
from emu.hops.kubeproxy import rules_written
from emu.hops.kubeproxy.services import ServicePort, Size
from emu.random_streams import RESYNC_PHASE, uniform

Process = Generator[simpy.Event, None, None]

_NONE: Final = Endpoints(())
_FORGET_EVERY: Final = 256
"""So many changes make it worth while to look which of them all nodes have applied."""


class _Change(NamedTuple):
    """From ``at_ns`` on a Service port has these endpoints."""

    at_ns: int
    port: ServicePort
    endpoints: Endpoints


@dataclass(eq=False)
class _KubeProxy:
    """One node's: how many changes it has heard of, and how many its rules are about."""

    number: int
    name: str
    watch_ns: int
    runner: SyncRunner
    heard: int = 0
    applied: int = 0
    view: dict[ServicePort, Endpoints] = field(default_factory=dict)
    busy: bool = False
    missed: bool = False


class KubeProxies:
    """All of them, in the order of the nodes."""

    def __init__(self, run: Run, slices: EndpointSlices, links: Links) -> None:
        self._run, self._env, self._links, self._slices = run, run.env, links, slices
        live = run.live
        self._settings = live.spec.propagation
        proxies = live.rules.proxies
        self._mode, table = proxies.mode, proxies.table(4)
        self._counts = {port: len(port.endpoints.everywhere) for port in table.ports}
        self._changes: list[_Change] = []
        self._forgotten = 0
        least, period = live.cluster.kube_proxy.sync_periods
        resync = rules_written(self._mode, self._everything, self._everything)
        self._all = [
            _KubeProxy(
                number, node.name, self._settings.watch_of(node.name),
                SyncRunner(
                    least, period, self._settings.sync_of(node.name, resync),
                    -int(uniform(live.spec.seed, RESYNC_PHASE, number, 0) * period),
                ),
            )
            for number, node in enumerate(live.cluster.nodes)
        ]  # fmt: skip
        self._by_watch: dict[int, list[_KubeProxy]] = {}
        for its in self._all:
            self._by_watch.setdefault(its.watch_ns, []).append(its)
        slices.watch(self._changed)
        links.watch(self._look)

    def lag_ns(self) -> NDArray[np.float64]:
        """How old the oldest change is that a node's rules are not about, of each node."""
        now, changes = self._run.now, self._changes
        ages = [
            now - changes[its.applied].at_ns if joined and its.applied < len(changes) else 0
            for its, joined in zip(self._all, self._joined(), strict=True)
        ]
        return np.array(ages, np.float64)

    def _joined(self) -> list[bool]:
        """Whether each node is there."""
        return [node.joined for node in self._run.api.nodes.values()]

    @property
    def _everything(self) -> Size:
        return Size(len(self._counts), sum(self._counts.values()))

    def _changed(self, port: ServicePort) -> None:
        """The endpoints of a Service port are others now."""
        if port not in self._counts:  # a Service that is none of kube-proxy's business
            return
        endpoints = self._slices.of(port)
        self._counts[port] = len(endpoints.everywhere)
        self._changes.append(_Change(self._run.now, port, endpoints))
        if len(self._changes) % _FORGET_EVERY == 0:
            self._forget()
        for delay, group in self._by_watch.items():
            self._env.process(self._deliver(delay, group))

    def _forget(self) -> None:
        """Keep no endpoints of changes that all nodes have applied: memory stays as it is."""
        applied = min(its.applied for its in self._all)
        for place in range(self._forgotten, applied):
            self._changes[place] = self._changes[place]._replace(endpoints=_NONE)
        self._forgotten = applied

    def _deliver(self, delay: int, group: Sequence[_KubeProxy]) -> Process:
        """Let these hear, after the watch's delay, of all changes up to now."""
        known = len(self._changes)
        yield self._env.timeout(delay)
        self._run.api.write(lambda: self._hear(group, known))

    def _hear(self, group: Sequence[_KubeProxy], known: int) -> None:
        for its in group:
            if self._links.connected(its.number):
                its.heard = max(its.heard, known)
                self._wake(its)
            else:
                its.missed = True

    def _look(self) -> None:
        """Links are others now: who is back hears of what it missed, and goes on."""
        for its in self._all:
            if self._links.connected(its.number):
                if its.missed:
                    its.missed = False
                    self._env.process(self._deliver(its.watch_ns, [its]))
                self._wake(its)

    def _wake(self, its: _KubeProxy) -> None:
        if not its.busy and its.applied < its.heard:
            its.busy = True
            self._env.process(self._sync(its))

    def _sync(self, its: _KubeProxy) -> Process:
        """Sync until the rules are about all that was heard, or the node is cut off."""
        while its.applied < its.heard:
            began = its.runner.next(self._run.now)
            yield self._env.timeout(began - self._run.now)
            if not self._links.connected(its.number):
                break
            until = its.heard
            yield self._env.timeout(self._settings.sync_of(its.name, self._written(its, until)))
            its.runner.ran(began, self._run.now)
            if not self._links.connected(its.number):
                break
            self._apply(its, until)
        its.busy = False

    def _written(self, its: _KubeProxy, until: int) -> int:
        """How many rules a sync of the changes up to this one writes."""
        changed = dict.fromkeys(change.port for change in self._changes[its.applied : until])
        endpoints = sum(self._counts[port] for port in changed)
        return rules_written(self._mode, self._everything, Size(len(changed), endpoints))

    def _apply(self, its: _KubeProxy, until: int) -> None:
        """The rules are about the changes up to this one now."""
        changes = self._changes[its.applied : until]
        its.view.update((change.port, change.endpoints) for change in changes)
        its.applied = until
        self._run.rules.sync(its.number, dict(its.view))
        first, *others = dict.fromkeys(change.port.name for change in changes)
        cause = f"{first} and {len(others)} more" if others else first
        age = spoken(self._run.now - changes[0].at_ns)
        self._run.tell("rules_synced", its.name, cause, f"{age} after the change")
