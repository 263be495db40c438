"""Kept connections against a plain list of which are there and what is on them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops import pool
from emu.hops.pool import NEVER, OPEN, POOL, SETTINGS, WAIT

SEED = 7


class Pools:
    """So many pools of one kind, and the time."""

    def __init__(
        self, limit=NEVER, streams=1, requests=NEVER, idle=NEVER, age=NEVER, jitter=0.0, count=1
    ):
        its = np.array([(limit, streams, requests, idle, age, jitter)], SETTINGS)
        self.state = pool.empty(its, np.zeros(count, POOL))
        self.now = 0

    def call(self, kernel, *arguments):
        """What a kernel gives."""
        return int(kernel(*self.state, *arguments) or 0)

    def open(self, number=0, request=0):
        """A connection that is opened for a request."""
        if pool.crowded(self.state.connections, self.state.room, 1):
            self.state = pool.enlarged(self.state)
        return self.call(pool.opened, number, self.now, SEED, request, 0)

    def take(self, number=0, request=0):
        """The connection of a request, if need be a new one; or `WAIT`."""
        found = self.call(pool.check_out, number)
        return self.open(number, request) if found == OPEN else found

    def give_back(self, connection):
        """End a request; whether the connection was closed with it."""
        over = bool(self.call(pool.give_back, connection, self.now))
        if over:
            self.close(connection)
        return over

    def close(self, connection):
        """Close a connection, whatever is on it."""
        pool.closed(*self.state, connection)

    def first_look(self, connection):
        """When to look at it first."""
        return self.call(pool.first_look, connection)

    def look(self, connection):
        """Whether it is closed now, or when to look again."""
        return self.call(pool.look, connection, self.now)

    def its(self, connection):
        """The record of a connection."""
        return self.state.connections[connection]


def test_the_connection_that_became_free_last_is_taken():
    """Three are opened; they come back in the order 2, 1, 3, and go again as 3, 1, 2."""
    pools = Pools()
    one, two, three = (pools.take() for _ in range(3))
    for connection in (two, one, three):
        pools.give_back(connection)
    assert [pools.take() for _ in range(3)] == [three, one, two]
    assert [int(pools.its(connection)["number"]) for connection in (one, two, three)] == [0, 1, 2]


def test_a_multiplexed_connection_takes_requests_up_to_its_streams():
    """With three streams the fourth request has another opened; the stream left is taken again."""
    pools = Pools(streams=3)
    taken = [pools.take() for _ in range(4)]
    assert taken[0] == taken[1] == taken[2] != taken[3]
    pools.give_back(taken[0])
    assert pools.take() == taken[0]


def test_requests_wait_where_there_are_as_many_as_there_may_be():
    """With two connections of two streams the fifth request waits, until one of four is over."""
    pools = Pools(limit=2, streams=2)
    taken = [pools.take() for _ in range(4)]
    assert len(set(taken)) == 2
    assert pools.take() == WAIT
    pools.give_back(taken[3])
    assert pools.take() == taken[3]


def test_a_closed_connection_makes_room_for_another():
    """Broken under its request: it counts no more, though its place is left with the request."""
    pools = Pools(limit=1)
    broken = pools.take()
    pools.close(broken)
    other = pools.take()
    assert other not in (broken, WAIT)
    assert not pools.give_back(broken)
    assert pools.state.pools["open"].tolist() == [1]
    pools.close(other)
    pools.give_back(other)
    assert pools.take() in (broken, other)  # a place of those is taken again


def test_the_last_of_its_requests_closes_a_connection():
    """With three requests a life, the third is its last, and nothing joins it meanwhile."""
    pools = Pools(requests=3, streams=2)
    first, second = pools.take(), pools.take()
    assert first == second
    assert not pools.give_back(first)
    assert pools.take() == first  # the third
    other = pools.take()
    assert other != first
    assert not pools.give_back(first)
    assert pools.give_back(first)


@pytest.mark.parametrize("streams", [1, 10])
def test_one_request_a_connection_is_no_keeping(streams):
    """With one request a life, each has its own, closed behind it."""
    pools = Pools(requests=1, streams=streams)
    one, other = pools.take(), pools.take()
    assert one != other
    assert pools.give_back(one) and pools.give_back(other)


def test_an_idle_connection_is_closed_when_its_time_is_over():
    """Idle from 30 on, for 100: looked at at 100 it is not, at 130 it is."""
    pools = Pools(idle=100)
    connection = pools.take()
    assert pools.first_look(connection) == 100
    pools.now = 30
    pools.give_back(connection)
    pools.now = 100
    assert pools.look(connection) == 130
    pools.now = 130
    assert pools.look(connection) == 130


def test_a_connection_in_use_is_not_idle():
    """Looked at in the midst of a request, it is looked at again a whole idle time later."""
    pools = Pools(idle=100)
    connection = pools.take()
    pools.now = 100
    assert pools.look(connection) == 200


def test_an_aged_connection_takes_no_more_requests_and_ends_with_its_last():
    """Of age at 50 with a request on it: the next has another opened, and it ends with its own."""
    pools = Pools(age=50, streams=2)
    old = pools.take()
    assert pools.first_look(old) == 50
    pools.now = 50
    assert pools.look(old) == NEVER
    assert pools.take() != old
    assert pools.give_back(old)


def test_an_aged_connection_without_a_request_is_closed_at_once():
    """Of age at 50 and idle: closed then."""
    pools = Pools(age=50)
    connection = pools.take()
    pools.give_back(connection)
    pools.now = 50
    assert pools.look(connection) == 50


def test_what_is_kept_for_ever_is_never_looked_at():
    """Without idle time and age there is nothing to look for."""
    pools = Pools()
    assert pools.first_look(pools.take()) == NEVER


def test_ages_are_spread_by_the_jitter():
    """Evenly from 90 % to 110 % of the age, by the request that it was opened for; 0 is exact."""
    pools = Pools(age=1_000_000, jitter=0.1)
    ages = np.array([int(pools.its(pools.open(request=n))["ends_ns"]) for n in range(2000)])
    assert 900_000 <= ages.min() < 901_000
    assert 1_099_000 < ages.max() <= 1_100_000
    assert abs(ages.mean() - 1_000_000) < 5 * 57_735 / 2000**0.5
    again = Pools(age=1_000_000, jitter=0.1)
    assert int(again.its(again.open(request=1999))["ends_ns"]) == ages[-1]
    exact = Pools(age=10)
    assert int(exact.its(exact.open(request=3))["ends_ns"]) == 10


def test_numbers_go_on_over_all_pools():
    """A connection's number is its place in the order of opening, whoever opens it."""
    pools = Pools(count=3)
    opened = [pools.open(number) for number in (2, 0, 1, 2)]
    assert [int(pools.its(connection)["number"]) for connection in opened] == [0, 1, 2, 3]
    assert pool.next_number(pools.state.room) == 4


class Plain:
    """One connection as the oracle has it: the requests on it and behind it, and its end."""

    def __init__(self, place, ends):
        self.place, self.ends, self.on, self.had = place, ends, 1, 1
        self.over = self.retired = False
        self.since = 0


class Oracle:
    """What each call must give, from a plain list of connections for each pool, the one that
    became free last at its end."""

    def __init__(self, limit, streams, requests, idle, age):
        self.limit, self.streams, self.requests = limit, streams, requests
        self.idle, self.age = idle, age
        self.open, self.free = [[], []], [[], []]

    def expected(self, number):
        """What a request must be given."""
        if self.free[number]:
            return self.free[number][-1].place
        return OPEN if len(self.open[number]) < self.limit else WAIT

    def taken(self, number):
        """A request took the last of those that are free."""
        it = self.free[number][-1]
        it.on, it.had = it.on + 1, it.had + 1
        if self.full(it):
            self.free[number].remove(it)
        return it

    def full(self, it):
        """Whether it takes no other request now."""
        return it.on == self.streams or it.had >= self.requests

    def opened(self, number, place, now):
        """A connection was opened."""
        it = Plain(place, now + self.age)
        it.since = now
        self.open[number].append(it)
        if not self.full(it):
            self.free[number].append(it)
        return it

    def given_back(self, number, it, now):
        """A request is over; whether its connection ends with it."""
        it.on -= 1
        if it.over:
            return False
        ends = it.had >= self.requests or now >= it.ends
        if it.on == 0:
            it.since = now
        if not ends and it not in self.free[number]:
            self.free[number].append(it)
        return ends and it.on == 0

    def closed(self, number, it):
        """It is over."""
        it.over = True
        self.open[number].remove(it)
        if it in self.free[number]:
            self.free[number].remove(it)

    def looked(self, number, it, now):
        """What looking at it must give."""
        if now >= it.ends:
            if it in self.free[number]:
                self.free[number].remove(it)
            return now if it.on == 0 else NEVER
        idle = (now if it.on else it.since) + self.idle
        return now if idle <= now else min(idle, it.ends, NEVER)


class Both:
    """The pools and the oracle, taken through the same steps; ``carried`` are the connections of
    the requests under way, ``most`` how many there ever were at once."""

    def __init__(self, pools, oracle):
        self.pools, self.oracle = pools, oracle
        self.carried, self.most = ([], []), 0
        self.steps = {
            "request": self.request, "end": self.end, "break": self.break_, "look": self.look,
            "pass": self.pass_,
        }  # fmt: skip

    def request(self, number, _):
        """A request wants a connection."""
        expected = self.oracle.expected(number)
        found = self.pools.take(number)
        if expected == OPEN:
            self.carried[number].append(self.oracle.opened(number, found, self.pools.now))
            return
        assert found == expected
        if found != WAIT:
            self.carried[number].append(self.oracle.taken(number))

    def end(self, number, which):
        """A request is over, if there is one."""
        if self.carried[number]:
            it = self.carried[number].pop(which % len(self.carried[number]))
            over = self.oracle.given_back(number, it, self.pools.now)
            assert self.pools.give_back(it.place) == over
            if over:
                self.oracle.closed(number, it)

    def break_(self, number, which):
        """A connection breaks under its requests, if there is one."""
        if self.oracle.open[number]:
            it = self.oracle.open[number][which % len(self.oracle.open[number])]
            self.pools.close(it.place)
            self.oracle.closed(number, it)

    def look(self, number, which):
        """Somebody looks whether a connection's time is over."""
        if self.oracle.open[number]:
            it = self.oracle.open[number][which % len(self.oracle.open[number])]
            at = self.oracle.looked(number, it, self.pools.now)
            assert self.pools.look(it.place) == at
            if at == self.pools.now:
                self.break_(number, which)

    def pass_(self, _, time):
        """Time passes."""
        self.pools.now += time

    def agree(self, streams):
        """No place has two connections, and what is counted is what is there."""
        there = {id(it): it for side in (*self.oracle.open, *self.carried) for it in side}
        assert len({it.place for it in there.values()}) == len(there)
        self.most = max(self.most, len(there))
        assert self.pools.state.pools["open"].tolist() == [len(s) for s in self.oracle.open]
        for it in there.values():
            assert self.pools.its(it.place)["streams"] == it.on <= streams


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["request", "request", "request", "end", "end", "break", "look", "pass"]),
        st.integers(0, 1),  # the pool
        st.integers(0, 40),  # which request or connection, or how much time passes
    ),
    max_size=200,
)


@settings(deadline=None)
@given(
    steps=STEPS,
    limit=st.sampled_from([1, 2, 5, NEVER]),
    streams=st.sampled_from([1, 2, 100]),
    requests=st.sampled_from([1, 2, 3, NEVER]),
    idle=st.sampled_from([1, 10, NEVER]),
    age=st.sampled_from([1, 30, NEVER]),
)
def test_pools_do_as_the_plain_list_does(steps, limit, streams, requests, idle, age):
    """Whatever happens in whichever order, each call gives what the list implies; counts agree,
    streams and connections stay within their limits, and places are taken again."""
    its = (limit, streams, requests, idle, age)
    both = Both(Pools(*its, count=2), Oracle(*its))
    for step, number, which in steps:
        both.steps[step](number, which)
        both.agree(streams)
    assert both.pools.state.room[0] == 1 + both.most


def test_room_grows_with_the_connections():
    """Beyond the first 64 places the arrays grow, and all that was known stays."""
    pools = Pools()
    taken = [pools.take() for _ in range(300)]
    assert len(set(taken)) == 300
    assert len(pools.state.connections) >= 301
    assert [int(pools.its(connection)["number"]) for connection in taken] == list(range(300))
