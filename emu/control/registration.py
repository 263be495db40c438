"""Pods that load balancers learn of, and forget, where they balance Pods straight.

The controller of such a load balancer hears of the Service's endpoints after a delay. A Pod that is
ready takes a place among the backends, the one that has been free longest, and has to pass its
health checks; one that is not ready, or terminates, gets nothing new. Its place is free when the
Pod is gone and nothing is under way to it any more.

Source: which Pods are targets: see `emu.model.backends`.
"""

from collections import deque
from collections.abc import Generator
from typing import Any

import simpy
from numpy.typing import NDArray

from emu.control.endpoint_slices import EndpointSlices
from emu.control.health_checks import HealthChecks
from emu.control.run import Run
from emu.errors import RoomError
from emu.hops.balancer.barring import Bar
from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.services import ServicePort

Process = Generator[simpy.Event, None, None]


class Registration:
    """The places of all listeners whose backends are Pods."""

    def __init__(self, run: Run, slices: EndpointSlices, checks: HealthChecks) -> None:
        self._run, self._slices = run, slices
        self._delay = run.live.spec.propagation.registration
        services = run.live.rules.services
        self._listeners: dict[ServicePort, list[_Places]] = {}
        for number, listener in enumerate(run.model.listeners):
            if not listener.node_port:
                port = services[listener.service]
                places = _Places(number, port, run, checks)
                self._listeners.setdefault(port, []).append(places)
        slices.watch(self._changed)

    def free(self, listener: int) -> int:
        """How many places of a listener no Pod has."""
        every = (places for those in self._listeners.values() for places in those)
        return next(len(places.free) for places in every if places.number == listener)

    def _changed(self, port: ServicePort) -> None:
        if port in self._listeners:
            self._run.env.process(self._hear(port))

    def _hear(self, port: ServicePort) -> Process:
        endpoints = self._slices.of(port).everywhere
        yield self._run.env.timeout(self._delay)
        for places in self._listeners[port]:
            self._run.api.write(lambda places=places: places.set(endpoints))  # type: ignore[misc]


class _Places:
    """The backends of one listener, by the endpoints that have them."""

    def __init__(self, number: int, port: ServicePort, run: Run, checks: HealthChecks) -> None:
        self.number, self._run, self._checks = number, run, checks
        known, count = port.endpoints.everywhere, len(run.model.listeners[number].backends)
        self._of = {str(endpoint): place for place, endpoint in enumerate(known)}
        self.free = deque(range(len(known), count))
        self._leaving: list[int] = []

    def set(self, endpoints: tuple[Endpoint, ...]) -> None:
        """The Service has these endpoints now."""
        self._make_free()
        there = {str(endpoint) for endpoint in endpoints}
        for key in [key for key in self._of if key not in there]:
            place = self._of.pop(key)
            self._checks.deregister(self.number, place)
            self._leaving.append(place)
        for endpoint in endpoints:
            place_or_none = self._of.get(str(endpoint))
            if endpoint.ready:
                self._register(endpoint, place_or_none)
            elif place_or_none is not None:
                self._checks.deregister(self.number, place_or_none)

    def _register(self, endpoint: Endpoint, place: int | None) -> None:
        if place is None:
            place = self._of[str(endpoint)] = self._take(endpoint)
        elif not self._backends["barred"][place] & Bar.NO_ENDPOINT:
            return
        self._checks.register(self.number, place, self._name(endpoint))

    def _take(self, endpoint: Endpoint) -> int:
        """A free place for an endpoint."""
        if not self.free:
            raise RoomError(f"more than {len(self._backends)} Pods behind a load balancer at once")
        place = self.free.popleft()
        self._backends["endpoint"][place] = self._run.rules.endpoint(endpoint)
        self._run.rules.rewritten()
        return place

    @property
    def _backends(self) -> NDArray[Any]:
        return self._run.state.listeners[self.number].backends

    def _make_free(self) -> None:
        """Let the places of Pods that are gone be free once nothing is under way to them."""
        in_flight = self._backends["in_flight"]
        free = [place for place in self._leaving if in_flight[place] == 0]
        self._leaving = [place for place in self._leaving if place not in free]
        self.free.extend(free)

    def _name(self, endpoint: Endpoint) -> str:
        """The Pod that an endpoint is."""
        for pod in self._run.api.pods.values():
            if pod.address == endpoint.address:
                return pod.name
        return str(endpoint)
