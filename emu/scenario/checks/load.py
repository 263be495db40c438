"""How much is asked of the run, and of the Pods."""

import math
from collections.abc import Iterator
from typing import Final

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.description import ScenarioSpec
from emu.scenario.kubernetes import selects
from emu.scenario.names import is_inside, target
from emu.scenario.surges import elapsed
from emu.units import SECOND, format_duration
from emu.workload import ARRIVALS, lasts_of, most_of

MOST_REQUESTS: Final = 2**40
"""What the numbering of requests has room for."""


_MOST_OF_THE_RUN: Final = 0.95
"""A trace that takes such a share of the run is as good as one that takes it all."""


def offered(spec: ScenarioSpec) -> float:
    """The mean number of requests that all clients send in a second."""
    rates: Iterator[float] = (
        ARRIVALS[client.arrivals.name].rate(client.arrivals.options) for client in spec.clients
    )
    return sum(rates)


def implied(spec: ScenarioSpec) -> float:
    """The mean number of requests that all clients send until they or the run come to an end."""
    if spec.duration is None:
        return float(spec.requests or 0)
    requests: Iterator[float] = (
        ARRIVALS[client.arrivals.name].rate(client.arrivals.options)
        * (min(elapsed(client, spec, spec.duration), lasts_of(client.arrivals)) / SECOND)
        for client in spec.clients
    )
    return sum(requests)


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """More requests than there are, or than can be numbered."""
    spec = subject.spec
    if spec.duration is None:
        most = sum(most_of(client.arrivals) for client in spec.clients)
        if spec.requests is not None and spec.requests > most:
            rule = f"must be at most {most:,}, for the traces have no more"
            yield subject.place.mistake(("spec", "requests"), rule)
        return
    requests = implied(spec)
    if requests > MOST_REQUESTS / 2:
        rule = f"must not mean about {requests:.2g} requests; {MOST_REQUESTS / 2:.2g} are the most"
        yield subject.place.mistake(("spec", "duration"), rule)


def warnings(subject: Subject) -> Iterator[str]:
    """Clients that run out of ports, or of requests; and behaviours that hold for no Pod."""
    yield from _busy_addresses(subject.spec)
    yield from _other_lengths(subject.spec)
    for number, behaviour in enumerate(subject.spec.behaviours):
        if not any(
            selects(behaviour.selector, pod.labels) and behaviour.namespace in (None, pod.namespace)
            for pod in subject.cluster.pods
        ):
            yield f"spec.behaviours[{number}] selects no Pod"


def _other_lengths(spec: ScenarioSpec) -> Iterator[str]:
    """Traces that are over long before the run, or go on after it."""
    if spec.duration is None:
        return
    run = format_duration(spec.duration)
    for client in spec.clients:
        lasts = lasts_of(client.arrivals)
        if math.isinf(lasts):
            continue
        length = format_duration(lasts)
        if lasts >= spec.duration:
            yield f"client {client.name}: its trace takes {length}, and is cut off after {run}"
        elif lasts < _MOST_OF_THE_RUN * spec.duration:
            yield (
                f"client {client.name}: its trace takes {length} of the run's {run}; what the load"
                " implies is that of the time until then"
            )


def _busy_addresses(spec: ScenarioSpec) -> Iterator[str]:
    """Clients outside that open more connections than an address has ports for, in the long run."""
    sysctls = spec.kernel.sysctls
    most = sysctls.port_count / (1 if sysctls.tw_reuse == 1 else 60)
    for client in spec.clients:
        if is_inside(client) or target(client.url).protocol == "UDP":
            continue
        senders = 1 if client.addresses is None else len(list(client.addresses.hosts()))
        places = len(spec.dns.get(target(client.url).host, ())) or 1
        rate = ARRIVALS[client.arrivals.name].rate(client.arrivals.options) / senders / places
        if rate > most:
            yield (
                f"client {client.name}: opens {rate:.0f} connections/s from one address to one"
                f" place, and has ports for {most:.0f}/s; addresses: 198.51.100.0/24 would stand"
                " for more clients"
            )
