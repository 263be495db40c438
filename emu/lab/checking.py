"""Real connections along the rows of `emu probe`, compared with what it says of them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, NamedTuple, TypeVar

from emu.hops.kubeproxy.view import Packet
from emu.lab.cluster import Progress, build
from emu.lab.connecting import Attempt, connect, count
from emu.lab.entries import Entries, Flow
from emu.lab.expecting import Expected, expected
from emu.lab.namespaces import Namespaces
from emu.lab.needs import LabError, missing, unseen
from emu.model.proxies import Proxies
from emu.probing.places import Destination, Source, destinations, sources
from emu.scenario import Scenario

_MOST_CONNECTIONS: Final = 2000
_MOST_AT_ONCE: Final = 16
_KINDS: Final = ("Service", "externalIP", "balancer's IP", "node")
"""Destinations that kube-proxy has rules about; a Service's name stands for its ClusterIP."""
_T = TypeVar("_T")


class Verdict(NamedTuple):
    """What a connection should have met, and what the kernel made of it.

    ``entry`` is the reply that conntrack waits for at the node that decides, or ``none``; empty
    where it was not looked at.
    """

    source: str
    destination: str
    expected: str
    seen: str
    agrees: bool
    expected_entry: str = ""
    entry: str = ""


def _silent(what: str, done: int, of: int) -> None:
    """Say nothing of the progress."""


def check(
    scenario: Scenario, mode: str = "", connections: int = 0, progress: Progress = _silent
) -> list[Verdict]:
    """Build the cluster, open one connection a row, and ``connections`` more to each Service.

    ``mode`` is a proxy mode other than the configured one. Raises LabError where it cannot be built
    here. Nothing is left behind, whatever ends it.
    """
    proxies = Proxies(scenario.cluster, mode)
    lacking = missing(proxies.mode)
    if lacking:
        raise LabError("the lab cannot run here: " + "; ".join(lacking))
    if connections > _MOST_CONNECTIONS:
        raise LabError(f"{connections} connections are more than {_MOST_CONNECTIONS}")
    with Namespaces() as spaces:
        build(spaces, scenario, proxies, next(sources(scenario)).address, progress)
        return _Lab(scenario, proxies, spaces, progress).verdicts(connections)


class _Lab:
    """A cluster that stands, and the rows that are about kube-proxy's rules, over IPv4."""

    def __init__(
        self, scenario: Scenario, proxies: Proxies, spaces: Namespaces, progress: Progress
    ) -> None:
        self._proxies, self._spaces, self._progress = proxies, spaces, progress
        self._sources = tuple(sources(scenario))
        self._destinations = tuple(
            to
            for to in destinations(scenario, proxies)
            if to.kind in _KINDS and ":" not in to.address and to.protocol in ("TCP", "UDP")
        )
        self._done, self._all, self._counting = 0, 0, Lock()

    def verdicts(self, connections: int) -> list[Verdict]:
        """Of one connection a row, and of where many land."""
        nodes = [source for source in self._sources if source.kind == "node"]
        services = [to for to in self._destinations if to.kind == "Service"]
        self._all = len(self._sources) * len(self._destinations)
        self._all += len(nodes) * len(services) * connections
        attempts = self._each(self._sources, self._attempts)
        tables = {}
        if not unseen():
            names = {node.name for node in self._proxies.cluster.nodes}
            tables = {name: Entries(self._spaces[name]) for name in names}
        found = [_verdict(attempt, its, tables.get(its.node)) for attempt, its in attempts]
        if connections:
            found += self._each(nodes, lambda its: self._spread(its, services, connections))
        return found

    def _each(self, items: Sequence[Source], act: Callable[[Source], list[_T]]) -> list[_T]:
        """What all of them give; each has an agent of its own, so many work at a time."""
        with ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
            try:
                return [one for found in pool.map(act, items) for one in found]
            except BaseException:
                self._spaces.end()  # or the others would go on to the end
                raise

    def _made(self, connections: int) -> None:
        with self._counting:
            self._done += connections
            self._progress("connections", self._done, self._all)

    def _attempts(self, source: Source) -> list[tuple[Attempt, Expected]]:
        found = []
        for to in self._destinations:
            attempt = connect(self._spaces, source, to)
            wanted = expected(self._proxies, attempt)
            if _clashed(attempt, wanted):
                attempt = connect(self._spaces, source, to)
                wanted = expected(self._proxies, attempt)
            found.append((attempt, wanted))
            self._made(1)
        return found

    def _spread(self, source: Source, services: list[Destination], times: int) -> list[Verdict]:
        """Where many connections land: at each endpoint within four deviations of 1/n."""
        found = []
        for to in services:
            packet = Packet(to.protocol, source.address, to.address, to.port)
            ruled = self._proxies.translating(source.node, packet)
            front = ruled[1].front if ruled else None
            endpoints = ruled[1].endpoints if ruled else ()
            if front is not None and not front.service.affinity_s and len(endpoints) > 1:
                landed = count(self._spaces, source, to, times)
                numbers = {str(e): landed.get(str(e), 0) for e in endpoints}
                found.append(_evenly(f"{times} to {to.name}", source, numbers, times))
            self._made(times)
        return found


def _clashed(attempt: Attempt, wanted: Expected) -> bool:
    """Whether a node's own connection seems to be masqueraded, by its port alone, and is not to be.

    That is so as well where its port had been drawn for another connection to the endpoint.
    """
    plain = attempt.seen.removesuffix(" masqueraded")
    return attempt.source.kind == "node" and plain != attempt.seen and wanted.allows(plain)


def _verdict(attempt: Attempt, wanted: Expected, table: Entries | None) -> Verdict:
    to, seen = attempt.to, attempt.seen
    place = f"{to.address}:{to.port}"
    found = Verdict(
        attempt.source.name, f"{to.kind} {to.name} {place}/{to.protocol}",
        " or ".join(sorted(wanted.replies)), seen, wanted.allows(seen),
    )  # fmt: skip
    if table is None:
        return found
    entry = table.reply(to.protocol, Flow(attempt.own, place))
    return found._replace(
        agrees=found.agrees and wanted.allows_entry(seen, entry),
        expected_entry=" or ".join(sorted(wanted.replies.get(seen, ()))),
        entry=entry,
    )


def _evenly(what: str, source: Source, landed: dict[str, int], times: int) -> Verdict:
    mean = times / len(landed)
    slack = 4 * (mean * (1 - 1 / len(landed))) ** 0.5
    counts = ", ".join(f"{endpoint} {number}" for endpoint, number in landed.items())
    agrees = all(abs(number - mean) <= slack for number in landed.values())
    return Verdict(source.name, what, f"{mean:.0f} +- {slack:.0f} each", counts, agrees)
