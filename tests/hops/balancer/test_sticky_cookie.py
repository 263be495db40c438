"""Clients with cookies keep to their backends."""

from collections import Counter

import pytest

from emu.hops.balancer import STRATEGIES, changed, pick

SECOND = 10**9
ADDRESS = 198 << 24 | 51 << 16


class Cookies:
    """A listener with cookies; clients are known by small numbers."""

    def __init__(self, listener):
        self.its = listener
        self.requests = 0

    def pick(self, client, now=0):
        """The backend of the client's next request."""
        self.requests += 1
        its, key = self.its, ADDRESS + client
        return pick(its.kind, its.backends, its.memory, now, key, 5, self.requests, 0)

    def turn(self, backend, available):
        """Let a backend come or go."""
        its = self.its
        its.backends["available"][backend] = available
        changed(its.kind, its.backends, its.memory, backend)


@pytest.fixture
def cookies(balanced):
    """Makes a listener with cookies: ``cookies(4, fallback="random")`` has four backends."""

    def made(backends, **options):
        return Cookies(balanced("sticky_cookie", [1] * backends, **options))

    return made


@pytest.mark.parametrize("fallback", ["round_robin", "random"])
def test_a_client_keeps_its_backend(cookies, fallback):
    """Whatever comes between, each of many clients gets the backend of its first request."""
    listener = cookies(5, fallback=fallback)
    first = [listener.pick(client) for client in range(1000)]
    for _ in range(3):
        assert [listener.pick(client) for client in reversed(range(1000))] == first[::-1]


def test_the_fallback_spreads_clients(cookies):
    """In turn, clients are spread evenly; at random, nearly so; requests do not count."""
    assert [cookies(3).pick(client) for client in range(1)] == [0]
    in_turn = cookies(4)
    assert [in_turn.pick(client) for client in (1, 1, 2, 2, 3, 1, 4, 5)] == [0, 0, 1, 1, 2, 0, 3, 0]
    at_random = cookies(4, fallback="random")
    counts = Counter(at_random.pick(client) for client in range(4000))
    assert sorted(counts) == [0, 1, 2, 3]
    assert all(900 < count < 1100 for count in counts.values())


@pytest.mark.parametrize("fallback", ["round_robin", "random"])
def test_a_cookie_of_a_backend_that_is_away_is_replaced(cookies, fallback):
    """Its client moves, and stays where it is when the backend is back; others never move."""
    listener = cookies(4, fallback=fallback)
    before = [listener.pick(client) for client in range(200)]
    listener.turn(2, available=0)
    moved = [listener.pick(client) for client in range(200)]
    assert 2 in before
    assert 2 not in moved
    assert all(after == at for at, after in zip(before, moved, strict=True) if at != 2)
    listener.turn(2, available=1)
    assert [listener.pick(client) for client in range(200)] == moved
    assert 2 in [listener.pick(client) for client in range(200, 240)]


def test_no_backend_leaves_cookies_alone(cookies):
    """Where none is available nobody is served, and each client's cookie holds afterwards."""
    listener = cookies(2)
    before = [listener.pick(client) for client in range(10)]
    for available, expected in ((0, [-1] * 10), (1, before)):
        for backend in range(2):
            listener.turn(backend, available)
        assert [listener.pick(client) for client in range(10)] == expected


def test_a_cookie_holds_for_its_age(cookies):
    """It is replaced when it is as old as that, counted from when it was given."""
    listener = cookies(3, max_age="10s")
    assert [listener.pick(7, at * SECOND) for at in (0, 9)] == [0, 0]
    assert [listener.pick(7, at * SECOND) for at in (10, 19)] == [1, 1]
    assert listener.pick(7, 20 * SECOND) == 2


@pytest.mark.parametrize("clients", [1, 2, 3, 8, 1000])
def test_there_is_room_for_as_many_cookies_as_asked_for(cookies, clients):
    """So many clients keep their backends; one more is balanced anew each time or kept, too."""
    listener = cookies(7, clients=clients)
    first = [listener.pick(client * 2**16) for client in range(clients)]
    assert [listener.pick(client * 2**16) for client in range(clients)] == first
    for client in range(5 * clients):
        assert 0 <= listener.pick(1 + client) < 7
    assert [listener.pick(client * 2**16) for client in range(clients)] == first


def test_it_says_how_many_clients_it_can_tell_apart():
    """By its option."""
    strategy = STRATEGIES["sticky_cookie"]
    assert strategy.most_keys(strategy.Options(clients=12)) == 12
