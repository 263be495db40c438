"""The source ports of a route against a plain list of when each is free."""

from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops import ports
from emu.hops.ports import EXHAUSTED, crowded, release, take


class Host:
    """A host with so many ports on each of its routes."""

    def __init__(self, count, rest=0, routes=1):
        self.count, self.rest = count, rest
        self.ports = ports.empty(routes, count)
        self.enlarged = 0

    def take(self, now=0, route=0):
        """A port, or EXHAUSTED."""
        if crowded(self.ports.resting, self.ports.room, 1):
            self.ports = ports.enlarged(self.ports)
            self.enlarged += 1
        place, self.before = take(*self.ports, route, self.count, self.rest, now)
        return place

    def release(self, place, free, entry=0, route=0):
        """Give a port back."""
        release(*self.ports, route, place, free, entry)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "release", "pass"]),
        st.integers(0, 1),  # the route
        st.integers(0, 30),  # how long a port is kept, or how much time passes
        st.booleans(),  # whether a node knows the connection
    ),
    max_size=150,
)


@settings(deadline=None)
@given(steps=STEPS, count=st.integers(1, 40), rest=st.integers(0, 20))
def test_a_port_is_taken_exactly_where_one_is_free(steps, count, rest):
    """No port serves two connections of a route, and none is refused while one is free."""
    host, now = Host(count, rest, routes=2), 0
    free = [[0] * count for _ in range(2)]
    taken = [[], []]
    for step, route, time, known in steps:
        if step == "pass":
            now += time
        elif step == "release" and taken[route]:
            place = taken[route].pop(time % len(taken[route]))
            host.release(place, now + time, int(known), route)
            free[route][place] = now + time
        elif step == "take":
            place = host.take(now, route)
            if place == EXHAUSTED:
                assert min(free[route]) > now
                continue
            assert free[route][place] <= now
            free[route][place] = 2**62
            taken[route].append(place)


def test_ports_come_in_turn():
    """A route that never needs a port twice uses one after the other, from the first on."""
    host = Host(28232)
    assert [host.take() for _ in range(28232)] == list(range(28232))
    assert host.take() == EXHAUSTED


def test_a_route_has_as_many_ports_as_it_needs():
    """At 100 connections a second, each kept for 60 s, 6,000 of the 28,232 ports are enough."""
    host, second = Host(28232), 10**9
    for number in range(40_000):
        now = number * second // 100
        host.release(host.take(now), now + 60 * second)
    assert host.ports.routes[0]["had"] == 6000
    assert host.ports.room[1] == 6001
    assert host.enlarged == 0


def test_a_route_has_some_ports_at_least():
    """Where one port would do, 16 take turns."""
    host = Host(28232)
    places = []
    for now in range(40):
        places.append(host.take(now))
        host.release(places[-1], free=now)
    assert places == [number % 16 for number in range(40)]


def test_room_is_made_while_ports_are_taken(monkeypatch):
    """Routes that take more ports than there is room for lose none."""
    monkeypatch.setattr(ports, "_FIRST_ROOM", 8)
    host = Host(1000, routes=2)
    for now in range(3):
        taken = [(host.take(now, route), route) for _ in range(50) for route in range(2)]
        for place, route in taken:
            host.release(place, now + 1, route=route)
    assert host.enlarged == 4
    assert sorted(taken) == [(place, route) for place in range(50) for route in range(2)]


def test_a_port_rests_while_a_node_may_know_its_last_connection():
    """Ports whose connection a node may know are left alone as long as there are others."""
    host = Host(64, rest=100)
    for place in range(16):
        assert host.take() == place
        host.release(place, free=0, entry=7)
    assert host.take(now=99) == 16
    assert host.take(now=99) == 17


def test_what_a_node_knows_of_a_port_goes_with_it():
    """A port used again too soon tells which entry its last connection left; later, none."""
    host = Host(1, rest=100)
    host.release(host.take(), free=0, entry=7)
    assert host.take(now=50) == 0
    assert host.before == 7
    host.release(0, free=50, entry=8)
    assert host.take(now=150) == 0
    assert host.before == 0


def test_routes_do_not_take_ports_from_one_another():
    """The same port serves a connection on each route at once."""
    host = Host(2, routes=2)
    assert [host.take(route=0), host.take(route=1), host.take(route=0)] == [0, 0, 1]
    assert host.take(route=0) == EXHAUSTED
    assert host.take(route=1) == 1


def test_exhaustion_ends_when_a_port_is_given_back_early():
    """A refused connection frees its port at once, also where nothing was to be free for long."""
    host = Host(2)
    host.take()
    host.take()
    host.release(0, free=1000)
    assert host.take(now=10) == EXHAUSTED
    host.release(1, free=10)
    assert host.take(now=10) == 1
