"""Parts of the compiled loop: telling the processor which state will be wanted soon."""

from emu.engines.compiled.connection import route_of_balancer
from emu.engines.compiled.event_list import HEAP, later
from emu.engines.compiled.layout import NONE, Fixed, Moving
from emu.hops import ports as hosts
from emu.hops.conntrack import fetch as fetch_entry
from emu.kernel import part, prefetch


@part
def look_ahead(f: Fixed, m: Moving, place: int) -> None:
    """Let the state of requests whose turn comes soon be at hand then.

    The heap is that of services mostly: first a request's own state is fetched, and when that has
    come, the Pod, the conntrack entry and the source port that its end is about.
    """
    if place == HEAP:
        for step in range(3, 7):
            fetch(m, later(m.events, place, step))
        _fetch_around(f, m, later(m.events, place, 1))
        _fetch_around(f, m, later(m.events, place, 2))
    else:
        fetch(m, later(m.events, place, 2))


@part
def fetch(m: Moving, slot: int) -> None:
    """Fetch what is known of a request."""
    prefetch(m.rows, slot)
    prefetch(m.journeys, slot)


@part
def _fetch_around(f: Fixed, m: Moving, slot: int) -> None:
    if slot >= len(m.rows):  # a client, whose number is that of no slot
        return
    pod, journey = m.rows[slot]["pod"], m.journeys[slot]
    prefetch(m.pods, pod)
    prefetch(m.backlogs, 2 * pod)
    fetch_entry(m.conntrack.keys, journey["entry"])
    if journey["listener"] != NONE:
        hosts.fetch_last(
            m.ports.routes,
            m.ports.resting,
            route_of_balancer(f.net.listeners, m.backends, m.journeys, slot),
        )
