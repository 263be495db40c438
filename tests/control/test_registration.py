"""Pods that come and go behind a load balancer that balances Pods."""

import pytest

from emu.control.api_server import PodObject
from emu.errors import RoomError
from emu.hops.balancer.barring import Bar


@pytest.fixture
def its(checked):
    """A story with a load balancer before two Pods."""
    return checked("pod")


def come(its, number, address):
    """Another Pod has an address, listens, and is ready."""
    api, old = its.cluster.api, its.cluster.api.pods["default/web-2"]
    its.state.pods[number] = its.state.pods[0]
    its.cluster.rules.came(number, address, old.node)
    pod = PodObject(
        f"default/web-{number + 1}", old.spec, number=number, node=old.node, address=address,
        ready=True,
    )  # fmt: skip
    api.pods[pod.name] = pod
    api.pod_changed(pod)


def go(its, name):
    """A Pod is deleted, and nobody has its address."""
    pod = its.cluster.api.pods.pop(name)
    its.cluster.rules.went(pod.number, pod.address, pod.node)
    its.cluster.api.pod_changed(pod)


def test_one_that_comes_takes_a_place(its):
    """2 s later it is a backend, and is used once it has passed a check."""
    its.at(100, come, its, 2, "10.244.1.3")
    its.run(102.1)
    backends = its.state.listeners[0].backends
    assert backends["barred"][2] in (0, Bar.UNHEALTHY)
    endpoint = its.state.endpoints[backends["endpoint"][2]]
    assert (endpoint["pod"], endpoint["port"]) == (2, 8080)
    its.run(111)
    assert backends["available"][:3].tolist() == [1, 1, 1]


def test_one_that_goes_is_barred_and_its_place_waits(its):
    """While a request is under way to it nobody gets its place; then it is the last of the free."""
    backends = its.state.listeners[0].backends
    free = len(backends) - 2
    backends["in_flight"][0] = 1
    its.at(100, go, its, "default/web-1")
    its.run(103)
    assert backends["barred"][0] == Bar.NO_ENDPOINT
    its.at(10, come, its, 2, "10.244.1.3")
    its.run(120)
    assert (its.cluster.registration.free(0), backends["in_flight"][0]) == (free - 1, 1)
    backends["in_flight"][0] = 0
    its.at(10, come, its, 3, "10.244.1.4")
    its.run(140)
    assert its.cluster.registration.free(0) == free - 1


def test_more_than_there_are_places_for(its):
    """Three times as many as at first, and eight more: one beyond is said so."""
    for number in range(2, 17):
        its.at(100, come, its, number, f"10.244.1.{number + 1}")
    with pytest.raises(RoomError, match="more than 16 Pods behind a load balancer"):
        its.run(200)
