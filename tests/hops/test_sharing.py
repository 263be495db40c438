"""Virtual time of a Pod whose workers are shared."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emu.hops.pod import POD, arrive, leave
from emu.hops.quota import FAR
from emu.hops.sharing import CORES, FRACTION, completion, finish_of, idle, pass_time
from emu.units import YEAR

WHOLE = 1 << FRACTION
COUNTS = st.integers(1, 5000)


def shared(workers, present=0, counted_from=0):
    """A Pod and its state, so many requests there since time 0."""
    pods = np.zeros(1, POD)
    pods["workers"], pods["backlog"], pods["shared"] = workers, 2**31, CORES
    for _ in range(present):
        arrive(pods, 0)
    return pods, idle(1, counted_from)


def test_virtual_time_passes_by_the_share_of_each():
    """As time does while each has a core; by c / n of it while n share c of them."""
    pods, state = shared(workers=2)
    for now, virtual in [(0, 0), (10, 10), (20, 20), (50, 40), (90, 60)]:
        pass_time(pods, state, 0, now)
        assert state["virtual"][0] == virtual * WHOLE
        arrive(pods, 0)


def test_it_begins_anew_when_nobody_is_there():
    """What passed for those who have left is no matter to who comes to an idle Pod."""
    pods, state = shared(workers=1, present=1)
    pass_time(pods, state, 0, 30)
    assert finish_of(state, 0, 5) == 35 * WHOLE
    leave(pods, 0)
    pass_time(pods, state, 0, 70)
    assert finish_of(state, 0, 5) == 5 * WHOLE
    assert state["busy_ns"][0] == 30


def test_what_is_rounded_is_less_than_a_unit():
    """Ten nanoseconds for seven on three cores are 30 / 7, rounded down to 1/128."""
    pods, state = shared(workers=3, present=7)
    pass_time(pods, state, 0, 10)
    assert state["virtual"][0] == 30 * WHOLE // 7


def test_busy_time_counts_from_the_end_of_the_warm_up():
    """Of each core that somebody has, from that time on, whichever events lie around it."""
    pods, state = shared(workers=2, present=1, counted_from=25)
    for now, busy in [(10, 0), (40, 30), (50, 50), (60, 70)]:
        pass_time(pods, state, 0, now)
        assert state["busy_ns"][0] == busy
        arrive(pods, 0)


@given(workers=COUNTS, present=COUNTS, passed=st.integers(0, 10**9), service=st.integers(0, 10**9))
def test_a_request_is_done_in_the_first_nanosecond_that_reaches_its_finish(
    workers, present, passed, service
):
    """Then virtual time is there, and a nanosecond before it is not."""
    pods, state = shared(workers, present)
    pass_time(pods, state, 0, passed)
    finish = finish_of(state, 0, service)
    done = completion(pods, state, 0, finish)
    for now, reached in [(done, True), (done - 1, False)]:
        later = state.copy()
        pass_time(pods, later, 0, now)
        if now >= passed:
            assert (later["virtual"][0] >= finish) == reached


def test_a_year_for_a_year_does_not_overflow():
    """The longest service, begun when the Pod has been busy for a year, alone and among many."""
    for present in (1, 2**22):
        pods, state = shared(workers=1)
        pods["busy"], pods["queued"] = 1, present - 1
        pass_time(pods, state, 0, YEAR)
        assert state["virtual"][0] == YEAR * WHOLE // present
        finish = finish_of(state, 0, YEAR)
        assert completion(pods, state, 0, finish) == YEAR + (YEAR if present == 1 else FAR)
