"""Pods that come and go behind a load balancer that balances Pods."""

import pytest

from emu.errors import RoomError
from emu.hops.balancer.barring import Bar


@pytest.fixture
def its(checked):
    """A story with a load balancer before the two Pods of a Deployment."""
    return checked("pod", deployed=True)


def scale(its, seconds, replicas):
    """The Deployment is to have so many Pods from then on."""
    its.at(seconds, its.cluster.scale, "web", replicas)


def test_one_that_comes_takes_a_place(its):
    """It is ready a second later, a backend 2 s after that, and is used once it has passed a
    check."""
    scale(its, 100, 3)
    its.run(103.1)
    backends = its.state.listeners[0].backends
    assert backends["barred"][2] in (0, Bar.UNHEALTHY)
    endpoint = its.state.endpoints[backends["endpoint"][2]]
    assert (endpoint["pod"], endpoint["port"]) == (2, 8080)
    its.run(115)
    assert backends["available"][:3].tolist() == [1, 1, 1]


def test_one_that_goes_is_barred_and_its_place_waits(its):
    """While a request is under way to it nobody gets its place; then it is the last of the free."""
    backends = its.state.listeners[0].backends
    free = len(backends) - 2
    backends["in_flight"][:2] = 1
    scale(its, 100, 1)
    its.run(140)
    assert sorted((backends["barred"][:2] & Bar.NO_ENDPOINT).tolist()) == [0, Bar.NO_ENDPOINT]
    scale(its, 10, 2)
    its.run(160)
    assert (its.cluster.registration.free(0), backends["in_flight"].sum()) == (free - 1, 2)
    backends["in_flight"][:2] = 0
    scale(its, 10, 3)
    its.run(180)
    assert its.cluster.registration.free(0) == free - 1


def test_one_that_is_gone_is_checked_no_more(its):
    """Checks that found it silent before the load balancer heard that it goes come to nothing."""
    scale(its, 100, 1)
    events = its.run(200)
    assert "target_unhealthy" not in [kind for _, kind, *_ in events]


def test_more_than_there_are_places_for(its):
    """Four for each that the scenario may ask for, and eight more: one beyond is said so."""
    scale(its, 100, 17)
    with pytest.raises(RoomError, match="more than 16 Pods behind a load balancer"):
        its.run(200)
