"""When kept connections are closed, and when their ports and conntrack entries are free again."""

import pytest

from emu.hops import conntrack
from emu.recorder.rows import ABSENT
from tests.engines.keeping import (
    HTTP2,
    MS,
    ONE_WAY,
    OPEN_TO_ANSWER,
    ROUND_TRIP,
    SPEC,
    TWO_PORTS,
    S,
    at,
    column,
    sending,
)

IDLE = {"idleTimeout": "5s"}


def entries(run, moment):
    """How many conntrack entries the nodes have then."""
    conntrack.count(*run.state.conntrack, moment)
    return run.state.conntrack.live.tolist()


def test_an_idle_connection_is_reused_until_its_time_is_over(described, play):
    """Idle from its answer on: a nanosecond before five seconds it serves, after them no more."""
    before = OPEN_TO_ANSWER + 5 * S - 1
    again = before + OPEN_TO_ANSWER - ROUND_TRIP + 5 * S
    run = play(described(SPEC, **sending(at(0, before, again), IDLE)))
    assert column(run, "connection") == [0, 0, 1]


def test_an_idle_connection_gives_its_port_back_a_minute_after_its_end(described, play):
    """Two of them are closed at their idle time; their ports are in TIME_WAIT for 60 s from then,
    to the nanosecond."""
    closed = OPEN_TO_ANSWER + 5 * S
    times = at(0, 0, closed, closed + 60 * S - 1, closed + 60 * S)
    made = sending(times, IDLE) | {"duration": "100s"}
    run = play(described(SPEC, kernel=TWO_PORTS, **made))
    assert column(run, "client_port") == [40000, 40001, ABSENT, ABSENT, 40000]
    assert run.outcomes == {"ok": 3, "ports_exhausted": 2}


def test_a_kept_connection_has_its_conntrack_entry_until_two_minutes_after_it(described, play):
    """One entry while it is idle, however long, and for 120 s after it is closed."""
    closed = S + OPEN_TO_ANSWER - ROUND_TRIP + 5 * S
    run = play(described(SPEC, **sending(at(0, S), IDLE)))
    assert [entries(run, moment) for moment in (closed + 120 * S - 1, closed + 120 * S)] == [
        [1, 0], [0, 0],
    ]  # fmt: skip
    kept = play(described(SPEC, **sending(at(0, S), {"idleTimeout": None})))
    assert entries(kept, 365 * 86_400 * S) == [1, 0]


@pytest.mark.parametrize("connections", [{}, HTTP2])
def test_the_last_of_its_requests_ends_a_connection(described, play, connections):
    """Two requests a connection: five, one after the other, take three."""
    times = at(*(S * turn for turn in range(5)))
    run = play(described(SPEC, **sending(times, connections | {"maxRequests": 2})))
    assert column(run, "connection") == [0, 0, 1, 1, 2]
    assert len(set(column(run, "client_port"))) == 3


def test_an_aged_connection_takes_no_more_requests(described, play):
    """Of age at 1 s without jitter: the one at 0.5 s goes over it, that at 1.5 s does not."""
    aged = {"maxAge": "1s", "maxAgeJitter": 0}
    run = play(described(SPEC, **sending(["0s", "500ms", "1500ms"], aged)))
    assert column(run, "connection") == [0, 0, 1]


def test_an_aged_connection_ends_with_its_last_request(described, play):
    """Two come of age under requests: these have their answers, the next finds no connection, and
    the ports are free a minute after those answers."""
    aged = {"maxAge": "1s", "maxAgeJitter": 0}
    begun = 900 * MS
    over = begun + 2 * ONE_WAY + 500 * MS
    times = at(0, 0, begun, begun, over - 1, over + 60 * S - 1, over + 60 * S)
    served = [{"workers": 100, "serviceTime": "500ms"}]
    made = sending(times, aged) | {"duration": "100s", "behaviours": served}
    run = play(described(SPEC, kernel=TWO_PORTS, **made))
    assert column(run, "done_ns")[2:4] == [over, over]
    assert column(run, "connection")[2:] == [1, 0, ABSENT, ABSENT, 2]
    assert run.outcomes == {"ok": 5, "ports_exhausted": 2}


def test_ages_differ_by_their_jitter(described, play):
    """With 50 % of 10 s, connections opened at once come of age between 5 s and 15 s, each for
    itself; the same under the same seed."""
    aged = {"maxAge": "10s", "maxAgeJitter": "50%", "idleTimeout": None}
    made = sending(["0s"] * 50 + ["5s"] * 50 + ["10s"] * 50 + ["15s"] * 50, aged)
    one, other = (play(described(SPEC, **made)) for _ in range(2))
    opened = one.rows["new_connection"].reshape(4, 50).sum(axis=1).tolist()
    assert opened[:2] == [50, 0]
    assert 10 < opened[2] < 40
    assert column(one, "connection") == column(other, "connection")


def test_a_client_that_gives_up_closes_in_order(described, play):
    """Connections end as it gives up: their ports are free 60 s later, their entries after 120."""
    times = at(0, 0, 50 * MS + 60 * S - 1, 50 * MS + 60 * S)
    made = sending(times, {}, timeout="50ms") | {"duration": "61s"}
    run = play(described(SPEC, kernel=TWO_PORTS, **made, behaviours=[{"serviceTime": "10s"}]))
    assert column(run, "client_port") == [40000, 40001, ABSENT, 40000]
    gone = 50 * MS + 120 * S
    assert [entries(run, moment) for moment in (gone - 1, gone)] == [[2, 0], [1, 0]]


def test_a_refused_connection_gives_its_port_back_at_once(described, play):
    """An RST leaves nothing in TIME_WAIT: two ports are enough for one request a second."""
    made = sending([f"{turn}s" for turn in range(9)], {}) | {"behaviours": [{"appPort": 9}]}
    run = play(described(SPEC, kernel=TWO_PORTS, **made))
    assert run.outcomes == {"refused": 9}
    assert sorted(set(column(run, "connection"))) == list(range(9))
