"""What the compiled loop works on: the model as it stays, and the state as it moves."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.engines.compiled import event_list
from emu.engines.compiled.event_list import EventList
from emu.engines.ending import NEVER
from emu.events import MOST_ATTEMPTS, Kind
from emu.hops.affinity import Affinity
from emu.hops.balancer.limiting import any_limit
from emu.hops.conntrack import Conntrack
from emu.hops.pool import Pools
from emu.hops.ports import Ports
from emu.hops.shedding import any_shed
from emu.hops.working_set import any_mortal
from emu.kernel import by_reference
from emu.model import Model
from emu.model.state import State
from emu.recorder.rows import ABSENT, ROW, Outcome

LISTENER = np.dtype(
    [
        ("load_balancer", "i8"),
        ("vertex", "i8"),
        ("service", "i8"),
        ("strategy", "i8"),
        ("first_backend", "i8"),
        ("end_backend", "i8"),
        ("first_memory", "i8"),
        ("end_memory", "i8"),
        ("first_pool", "i8"),
        ("joins", "i8"),
        ("tls", "i8"),
        ("probes", "i8"),
        ("response_ns", "i8"),
    ]
)
"""One listener: its backends are ``backends[first_backend : end_backend]``, and so on; the pool of
its connections to the first of them (0: it keeps none), whether it joins connections, how many
round trips TLS takes behind it, whether its strategy probes Pods, and how long it waits for an
answer that does not come."""

SENDER = np.dtype(
    [
        ("vertex", "i8"),
        ("local_hops", "i8"),
        ("number", "i8"),
        ("address", "i8"),
        ("pod", "i8"),
        ("patience_ns", "i8"),
    ]
)
"""Who opens connections that end at Pods: where it is, who conntrack takes it for (the first of its
numbers and addresses), for how long it tries. The clients come first, then the listeners."""

JOURNEY = np.dtype(
    [
        ("entry", "i8"),
        ("before", "i8"),
        ("next", "i4"),
        ("route", "i4"),
        ("target", "i4"),
        ("turn", "i4"),
        ("listener", "i4"),
        ("backend", "i4"),
        ("rule", "i4"),
        ("retry", "i4"),
        ("via", "i4"),
        ("sender", "i4"),
        ("connection", "i4"),
        ("upstream", "i4"),
    ]
)
"""What a request under way needs beside its row, a cache line: its conntrack entry (0: none), and
that of the connection before from the same port; the next in its queue or among the free slots; the
client's route and the target there, and from which of its addresses it comes; its listener and
backend (-1 without a load balancer); by which rule its connection to the Pod is translated, how
often the SYN was sent again, where it is translated, and who opens that connection: of `SENDER`;
the client's connection and that of its load balancer, where they are kept (0: not)."""

LINK = np.dtype(
    [
        ("start_ns", "i8"),
        ("ready_ns", "i8"),
        ("fails_ns", "i8"),
        ("entry", "i8"),
        ("route", "i4"),
        ("port", "i4"),
        ("first", "i4"),
        ("last", "i4"),
        ("via", "i4"),
        ("node", "i4"),
        ("service", "i4"),
        ("pod", "i4"),
        ("endpoint", "i4"),
        ("masquerade_port", "i4"),
        ("outcome", "i4"),
        ("upstream", "i4"),
        ("listener", "i4"),
        ("backend", "i4"),
        ("epoch", "i4"),
    ]
)
"""What the loop knows of a connection that is kept, beside `emu.hops.pool.CONNECTION`: when its SYN
left, from when on it is open, or has failed and with which outcome (`NEVER`: not known yet); its
conntrack entry, route and port; the first and last slot of those that wait until it is open; where
it is translated, and what the rows of its requests have in common; the connection of a load
balancer that is joined to it (0: none), and where that leads to; which of the Pod's processes it
leads to."""

JOB = np.dtype(
    [
        ("finish", "i8"),
        ("ticket", "i8"),
        ("left", "i4"),
        ("right", "i4"),
        ("awaited", "i4"),
        ("met", "i4"),
    ]
)
"""A request in service at a Pod whose workers share: the virtual time at which it is done, its
ticket, the two jobs below it, and whether its end is awaited. At any Pod that is probed: how many
others it met there."""

FATE = np.dtype([("epoch", "i4"), ("copies", "i4"), ("cut", "i4")])
"""A request under way where Pods and ways may fail: which of the Pod's processes its connection
leads to, how often its last packet was lost, and whether its service was cut short, so that the end
of that is void."""

CALLED = np.dtype(
    [
        ("number", "i8"),
        ("intended_ns", "i8"),
        ("client", "i4"),
        ("sent", "i4"),
        ("pending", "i4"),
        ("first", "i4"),
        ("last", "i4"),
        ("next", "i4"),
    ]
)
"""A request of a watched client until it is over: how many attempts were sent, and how many are to
be sent again later; the first and last of the slots whose answers it waits for. ``number`` is -1,
and ``next`` the next one, where there is no request."""

ATTEMPT = np.dtype(
    [
        ("given_up_ns", "i8"),
        ("until_ns", "i8"),
        ("given_up", "i4"),
        ("call", "i4"),
        ("next", "i4"),
        ("retried", "i4"),
    ]
)
"""What is known of an attempt of a watched client, beside its row: when it was given up and with
which outcome (-1: it is waited for); until when it is waited for at most; its call, the next
attempt of that, and whether it is one that was tried again."""

MOST_TIMERS: Final = MOST_ATTEMPTS + 4
"""So many timers one event may add at most, and so many connections it may open: where a client
gives up on all attempts of a request, the connection of each may make room for another."""

# Places in `Moving.counters`.
NOW: Final = 0
SENT: Final = 1
FINISHED: Final = 2
ROWS: Final = 3
FREE: Final = 4
PUSH_TIME: Final = 5
PUSH_KIND: Final = 6
PUSH_TICKET: Final = 7
PUSH_SLOT: Final = 8
HAPPENED: Final = 9
TIMERS: Final = 10
LATER: Final = 11
LATER_PLACE: Final = 12
LATER_NUMBER: Final = 13
SENDING: Final = 14
WANTED: Final = 15
BEGUN: Final = 16
PENDING: Final = 17
CALL: Final = 18
KILLED: Final = 19
_COUNTERS: Final = 20

# What is asked for behind an event, in `counters[LATER]`; nothing: 0.
CONNECT: Final = 1
"""A client's request, of that slot, wants a connection."""
FORWARD: Final = 2
"""A load balancer's does."""
SETTLE: Final = 3
"""The connection of that place is known to be open, or to have failed."""
DONE: Final = 4
"""A request on it has ended, with the outcome of that number."""
BEGIN: Final = 5
"""The watched client of that place has a new request, of that number."""
CONCLUDE: Final = 6
"""The answer to the attempt in that slot is at its watched client."""

NONE: Final = -1
"""No slot, no listener, no event."""

WAIT_AGAIN: Final = -2
"""The event is to happen once more, when what is wanted for it is done: a `Pause`."""

MANY: Final = 2048
"""Requests under way whose state no longer fits into a processor's second-level cache."""

CHUNK: Final = 4096
"""Rows that are handed on at once."""
_FIRST_SLOTS: Final = 1024
_FIRST_CALLS: Final = 64


@by_reference
class Net(NamedTuple):
    """What of the model says how long journeys take."""

    seed: int
    clients: NDArray[Any]
    senders: NDArray[Any]
    listeners: NDArray[Any]
    legs: NDArray[Any]
    core: NDArray[np.int64]
    table: NDArray[np.float64]


@by_reference
class Fixed(NamedTuple):
    """The model as the loop reads it; see `emu.model.Model` for the arrays."""

    timed: bool
    live: bool
    datagrams: bool
    aside: bool
    kept: bool
    encrypted: bool
    probed: bool
    limited: bool
    ejecting: bool
    shedding: bool
    mortal: bool
    surging: bool
    contended: bool
    end: int
    requests: int
    sources: int
    mode: int
    loads: int
    evicts: bool
    first_port: int
    ports: int
    time_wait: int
    port_rest: int
    linear: int
    timeouts: NDArray[np.int64]
    resolver: NDArray[Any]
    targets: NDArray[Any]
    rules: NDArray[Any]
    members: NDArray[np.int64]
    endpoints: NDArray[Any]
    limits: NDArray[np.int64]
    policies: NDArray[Any]
    classes: NDArray[Any]
    sheds: NDArray[Any]
    working_sets: NDArray[Any]
    surges: NDArray[Any]
    cpu: NDArray[Any]
    competitors: NDArray[np.int64]
    net: Net


@by_reference
class Moving(NamedTuple):
    """The state as the loop changes it.

    ``rows`` (`ROW`) and ``journeys`` (`JOURNEY`) have a slot for each request under way; ``out``
    the rows of those that are over, ``blank`` that of one that begins; ``backlogs`` of shape
    (pods, 2) the first and last slot of each backlog; ``jobs`` (`JOB`) has a slot for each request
    too, for Pods whose workers share (``firsts`` has the first to be done) or that are probed;
    ``numbers`` how many requests each client has sent, ``turns`` from which of its addresses the
    next comes;
    ``times`` of shape (kinds, 2) how many events there were and how many ticks they took, of a run
    that is timed; ``links`` (`LINK`) has a place for each connection that is kept; ``waiting`` of
    shape (pools, 2) the first and last slot of those that wait for a connection; ``calls``
    (`CALLED`) the requests of watched clients, ``attempts`` (`ATTEMPT`) and ``fates`` (`FATE`) have
    a slot for each request too; ``own_times`` is the last intended time of each client in its own
    time, where there are surges. The rest is the `State` of any engine.
    """

    counters: NDArray[np.int64]
    times: NDArray[np.int64]
    events: EventList
    rows: NDArray[Any]
    journeys: NDArray[Any]
    out: NDArray[Any]
    blank: NDArray[Any]
    jobs: NDArray[Any]
    numbers: NDArray[np.int64]
    turns: NDArray[np.int64]
    backlogs: NDArray[np.int64]
    firsts: NDArray[np.int64]
    pods: NDArray[Any]
    sharing: NDArray[Any]
    reports: NDArray[np.int64]
    backends: NDArray[Any]
    memory: NDArray[np.int64]
    arrivals: NDArray[np.float64]
    dns: NDArray[Any]
    conntrack: Conntrack
    affinity: Affinity
    ports: Ports
    pools: Pools
    links: NDArray[Any]
    waiting: NDArray[np.int64]
    calls: NDArray[Any]
    attempts: NDArray[Any]
    fates: NDArray[Any]
    budgets: NDArray[np.int64]
    limits: NDArray[Any]
    monitors: NDArray[Any]
    detectors: NDArray[Any]
    ejections: NDArray[np.int64]
    own_times: NDArray[np.int64]


def fixed(model: Model, state: State, timed: bool = False) -> Fixed:
    """The model laid out for the loop; ``timed`` asks for the time of the events by kind."""
    net = Net(
        seed=model.seed,
        clients=model.clients,
        senders=_senders(model),
        listeners=_listeners(model, state),
        legs=state.network.legs,
        core=state.network.core,
        table=model.network.table,
    )
    return Fixed(
        timed=timed,
        live=model.live is not None,
        datagrams=bool(model.targets["datagram"].any()),
        aside=len(model.pools) > 1 or bool(model.clients["watched"].any()),
        kept=len(model.pools) > 1,
        encrypted=any_tls(model),
        probed=state.probed,
        limited=any_limit(model.limits),
        ejecting=bool(model.detectors["errors"].any()),
        shedding=any_shed(model.shedding),
        mortal=any_mortal(model.working_sets),
        surging=len(model.surges) > 0,
        contended=len(model.competitors) > 0,
        end=NEVER if model.end_ns is None else model.end_ns,
        requests=NEVER if model.requests is None else model.requests,
        sources=model.sources,
        mode=model.mode,
        loads=model.loads,
        evicts=model.kernel.evicts,
        first_port=model.kernel.first_port,
        ports=model.kernel.ports,
        time_wait=model.kernel.time_wait,
        port_rest=model.kernel.port_rest,
        linear=model.kernel.linear,
        timeouts=np.array(model.kernel.timeouts, np.int64),
        resolver=state.resolver,
        targets=model.targets,
        rules=state.rules,
        members=state.members,
        endpoints=state.endpoints,
        limits=model.conntrack_limits,
        policies=model.policies,
        classes=model.classes,
        sheds=state.shedding,
        working_sets=state.working_sets,
        surges=model.surges,
        cpu=state.cpu,
        competitors=model.competitors,
        net=net,
    )


def _listeners(model: Model, state: State) -> NDArray[Any]:
    rows = np.zeros(len(model.listeners), LISTENER)
    backend = memory = 0
    for row, listener, its in zip(rows, model.listeners, state.listeners, strict=True):
        row["load_balancer"], row["vertex"] = listener.load_balancer, listener.vertex
        row["service"] = listener.service
        row["strategy"] = its.strategy
        row["first_pool"], row["joins"] = listener.first_pool, listener.tcp
        row["tls"], row["probes"] = listener.tls, its.probes
        row["response_ns"] = listener.response_timeout_ns
        row["first_backend"], row["first_memory"] = backend, memory
        backend, memory = backend + len(its.backends), memory + len(its.memory)
        row["end_backend"], row["end_memory"] = backend, memory
    return rows


def _senders(model: Model) -> NDArray[Any]:
    rows = np.zeros(len(model.clients) + len(model.listeners), SENDER)
    for row, client in zip(rows, model.clients, strict=False):
        row["vertex"], row["local_hops"] = client["vertex"], client["local_hops"]
        row["number"], row["pod"] = client["source_number"], client["pod"]
        row["address"], row["patience_ns"] = client["address"], client["patience_ns"]
    for row, listener in zip(rows[len(model.clients) :], model.listeners, strict=True):
        row["vertex"] = row["number"] = listener.vertex
        row["pod"], row["address"] = NONE, listener.address
        row["patience_ns"] = listener.connect_timeout_ns
    return rows


def moving(model: Model, state: State) -> Moving:
    """The state before the first event."""
    empty = np.zeros(0, ROW)
    counters = np.zeros(_COUNTERS, np.int64)
    counters[TIMERS] = model.clients["users"].sum()
    counters[SENDING] = state.sending
    counters[WANTED] = NEVER if state.wanted is None else state.wanted
    start = Moving(
        counters=counters,
        times=np.zeros((len(Kind), 2), np.int64),
        events=event_list.empty(len(model.clients)),
        rows=empty,
        journeys=np.zeros(0, JOURNEY),
        out=np.zeros(CHUNK, ROW),
        blank=_blank(),
        jobs=np.zeros(0, JOB),
        numbers=np.zeros(len(model.clients), np.int64),
        turns=np.zeros(len(model.clients), np.int64),
        backlogs=np.full((len(state.pods), 2), NONE, np.int64),
        firsts=np.full(len(state.pods), NONE, np.int64),
        pods=state.pods,
        sharing=state.sharing,
        reports=state.reports,
        backends=state.backends,
        memory=state.memory,
        arrivals=state.arrivals,
        dns=state.dns,
        conntrack=state.conntrack,
        affinity=state.affinity,
        ports=state.ports,
        pools=state.pools,
        links=np.zeros(len(state.pools.connections), LINK),
        waiting=np.full((len(model.pools), 2), NONE, np.int64),
        calls=_no_calls(_FIRST_CALLS),
        attempts=np.zeros(0, ATTEMPT),
        fates=np.zeros(0, FATE),
        budgets=state.budgets,
        limits=state.limits,
        monitors=state.monitors,
        detectors=state.detectors,
        ejections=state.ejections,
        own_times=np.zeros(len(model.clients), np.int64),
    )
    return with_more_slots(start)


def any_tls(model: Model) -> bool:
    """Whether anybody encrypts."""
    return bool(model.clients["tls"].any()) or any(its.tls for its in model.listeners)


def _blank() -> NDArray[Any]:
    row = np.full(1, ABSENT, ROW)
    row["outcome"], row["attempt"], row["new_connection"] = Outcome.IN_FLIGHT, 0, 0
    return row


def with_more_slots(state: Moving) -> Moving:
    """The same state with room for twice as many requests under way."""
    before = len(state.rows)
    after = max(_FIRST_SLOTS, 2 * before)
    rows, journeys, jobs = np.zeros(after, ROW), np.zeros(after, JOURNEY), np.zeros(after, JOB)
    rows[:before], journeys[:before], jobs[:before] = state.rows, state.journeys, state.jobs
    journeys["next"][before:] = np.arange(before + 1, after + 1)
    journeys["listener"][before:] = NONE
    state.counters[FREE] = before
    attempts = np.zeros(after, ATTEMPT)
    attempts[:before] = state.attempts
    attempts["given_up"][before:] = NONE
    fates = np.zeros(after, FATE)
    fates[:before] = state.fates
    state = state._replace(attempts=attempts, fates=fates)
    return with_more_events(state._replace(rows=rows, journeys=journeys, jobs=jobs))


def _no_calls(count: int) -> NDArray[Any]:
    """So many places for calls, each followed by the next."""
    calls = np.zeros(count, CALLED)
    calls["number"], calls["next"] = NONE, np.arange(1, count + 1)
    return calls


def with_more_calls(state: Moving) -> Moving:
    """The same state with room for twice as many requests of watched clients."""
    before = len(state.calls)
    calls = _no_calls(2 * before)
    calls[:before] = state.calls
    return state._replace(calls=calls)


def with_more_connections(state: Moving, pools: Pools) -> Moving:
    """The same state with room for the connections of these pools."""
    links = np.zeros(len(pools.connections), LINK)
    links[: len(state.links)] = state.links
    return state._replace(pools=pools, links=links)


def with_more_events(state: Moving) -> Moving:
    """The same state with room for an event of each slot and client, and for twice the timers."""
    timers = 2 * int(state.counters[TIMERS]) + MOST_TIMERS
    events = len(state.rows) + len(state.numbers) + timers
    return state._replace(events=event_list.enlarged(state.events, events))
