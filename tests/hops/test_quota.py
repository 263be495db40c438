"""CFS quotas, against a walk through the periods one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.quota import FAR, LEAST, PERIOD, end_of, left_of, ran, wait

QUOTAS = st.one_of(st.integers(LEAST, 20 * PERIOD), st.sampled_from([LEAST, PERIOD, 2 * PERIOD]))
THREADS = st.integers(1, 40)
TIMES = st.one_of(st.integers(0, 30 * PERIOD), st.integers(0, 30).map(PERIOD.__mul__))


@st.composite
def states(draw):
    """A quota, what is left of it at a time, when the period ends, and threads."""
    quota, since = draw(QUOTAS), draw(TIMES)
    return quota, draw(st.integers(0, quota)), since, since + draw(st.integers(1, PERIOD)), draw(
        THREADS
    )  # fmt: skip


def walked(quota, left, since, period_end, busy, now):
    """How long threads ran, what is left, and when the period ends, period by period."""
    running = 0
    while True:
        until = min(now, period_end)
        step = min(until - since, left // busy)
        running, left, since = running + step, left - step * busy, until
        if now < period_end:
            return running, left, period_end
        left, period_end = quota, period_end + PERIOD


@settings(deadline=None)
@given(state=states(), passed=TIMES)
def test_threads_run_until_the_quota_is_gone_and_again_in_the_next_period(state, passed):
    """In closed form, as period by period: how long they ran, and what is left of which period."""
    quota, left, since, period_end, busy = state
    now = since + passed
    assert (
        ran(quota, left, since, period_end, busy, now),
        left_of(quota, left, since, period_end, busy, now),
        end_of(period_end, now),
    ) == walked(quota, left, since, period_end, busy, now)


@settings(deadline=None)
@given(state=states(), running=st.integers(1, 20 * PERIOD))
def test_the_wait_ends_when_they_have_run_for_so_long(state, running):
    """Then they have, and a nanosecond before they have not."""
    quota, left, since, period_end, busy = state
    end = since + wait(quota, left, since, period_end, busy, running)
    assert ran(quota, left, since, period_end, busy, end) == running
    assert ran(quota, left, since, period_end, busy, end - 1) == running - 1


@settings(deadline=None)
@given(state=states(), running=st.integers(1, 20 * PERIOD), passed=TIMES, more=st.integers(0, 40))
def test_who_comes_never_brings_an_end_forward(state, running, passed, more):
    """More threads from some moment on use up the quota sooner: they have run for no longer at any
    time, and when some leave again what is left is no more."""
    quota, left, since, period_end, busy = state
    end = since + wait(quota, left, since, period_end, busy, running)
    between = min(end, since + passed)
    before, left, period_end = walked(quota, left, since, period_end, busy, between)
    during = (between + end) // 2
    crowded, left, period_end = walked(quota, left, between, period_end, busy + more, during)
    after, _, _ = walked(quota, left, during, period_end, busy, end)
    assert before + crowded + after <= running


def test_without_a_quota_left_nobody_runs_until_the_next_period():
    """At its very beginning it is there again."""
    state = (20_000_000, 0, 50_000_000, PERIOD, 1)
    assert ran(*state, PERIOD) == 0
    assert left_of(*state, PERIOD - 1) == 0
    assert left_of(*state, PERIOD) == 20_000_000
    assert (end_of(PERIOD, PERIOD - 1), end_of(PERIOD, PERIOD)) == (PERIOD, 2 * PERIOD)


def test_an_idle_pod_uses_nothing():
    """Its quota is whole at the next period, and till then what it was."""
    assert left_of(20_000_000, 7, 0, PERIOD, 0, PERIOD - 1) == 7
    assert left_of(20_000_000, 7, 0, PERIOD, 0, 5 * PERIOD + 3) == 20_000_000


def test_a_year_of_work_on_the_least_quota_does_not_overflow():
    """A hundred years later it is looked at anew."""
    assert wait(LEAST, LEAST, 0, PERIOD, 100_000, 365 * 24 * 3600 * 10**9) == FAR
