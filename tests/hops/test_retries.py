"""Whether a client tries again: budgets against plain Python, back-offs against their bounds."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops import retries
from emu.hops.retries import NEVER, NO_BUDGET, ONCE, POLICY, UNDER_WAY, WINDOW
from emu.recorder.rows import Outcome
from emu.units import SECOND

REFUSED, RESET = int(Outcome.REFUSED), int(Outcome.RESET)
MS = 1_000_000


def policies_of(budget=NO_BUDGET, share=0.2, least=0.0, attempts=9, base=25 * MS, most=250 * MS):
    """Two policies: once, and this one, of a client that tries again after a refusal."""
    its = (attempts, NEVER, 1 << REFUSED, base, most, 1, NEVER, budget, share, least)
    return np.array([ONCE, its], POLICY)


def test_a_client_without_a_policy_never_tries_again():
    """Whatever the outcome."""
    budgets = retries.empty(1)
    for outcome in Outcome:
        assert not retries.retries(policies_of(), budgets, 0, 0, 1, int(outcome), 0)


def test_attempts_and_outcomes_decide():
    """While attempts are left, after the outcomes that are named."""
    policies, budgets = policies_of(attempts=3), retries.empty(1)
    assert [retries.retries(policies, budgets, 1, 0, had, REFUSED, 0) for had in (1, 2, 3, 4)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert not retries.retries(policies, budgets, 1, 0, 1, RESET, 0)


class Window:
    """Deposits and withdrawals of the last ten whole seconds, kept one by one."""

    def __init__(self, share, least):
        self._share, self._least, self._moves = share, least, []

    def requested(self, now):
        if self._share:
            self._moves.append((now // SECOND, 1000))

    def retries(self, now):
        price = int(1000 / self._share) if self._share else 1000
        first = now // SECOND - 9
        balance = sum(move for second, move in self._moves if second >= first)
        if balance + int(self._least * 10 * price) < price:
            return False
        self._moves.append((now // SECOND, -price))
        return True


MOVES = st.lists(st.tuples(st.booleans(), st.integers(0, 4 * SECOND)), max_size=80)


@settings(deadline=None)
@given(
    moves=MOVES,
    share=st.sampled_from([0, 0.1, 0.2, 0.3, 0.5, 1]),
    least=st.sampled_from([0, 0.1, 0.15, 1]),
)
def test_a_window_counts_the_last_ten_seconds(moves, share, least):
    """Requests and failures in any order, seconds apart or none: as counted one by one."""
    policies, budgets = policies_of(WINDOW, share, least), retries.empty(2)
    plain, now = Window(share, least), 0
    for fails, later in moves:
        now += later
        if fails:
            found = retries.retries(policies, budgets, 1, 1, 1, REFUSED, now)
            assert found == plain.retries(now)
        else:
            retries.requested(policies, budgets, 1, 1, now)
            plain.requested(now)
    assert not budgets[0].any(), "another client's"


@settings(deadline=None)
@given(
    moves=st.lists(st.sampled_from(["send", "answer", "fail"]), max_size=80),
    share=st.sampled_from([0, 0.2, 0.5, 1]),
    least=st.sampled_from([0, 1, 3]),
)
def test_of_what_is_under_way_a_share_may_be_retries(moves, share, least):
    """A retry counts from when it is decided on until it is over."""
    policies, budgets = policies_of(UNDER_WAY, share, least), retries.empty(1)
    under_way = []  # whether each attempt is a retry, which is sent as soon as it is decided on
    for move in moves:
        if move == "send":
            under_way.append(False)
            retries.began(budgets, 0)
        elif under_way:
            retried = under_way.pop(0)
            retries.ended(budgets, 0, retried)
            if move == "fail":
                allowed = sum(under_way) < max(least, share * len(under_way))
                assert retries.retries(policies, budgets, 1, 0, 1, REFUSED, 0) == allowed
                if allowed:
                    under_way.append(True)
                    retries.began(budgets, 0)


def test_a_retry_that_is_not_sent_leaves_room_for_another():
    """Decided on, it takes the one place that there is; dropped, it leaves it."""
    policies, budgets = policies_of(UNDER_WAY, share=0, least=1), retries.empty(1)
    assert retries.retries(policies, budgets, 1, 0, 1, REFUSED, 0)
    assert not retries.retries(policies, budgets, 1, 0, 1, REFUSED, 0)
    retries.dropped(budgets, 0)
    assert retries.retries(policies, budgets, 1, 0, 1, REFUSED, 0)


@pytest.mark.parametrize(("attempt", "most"), [(0, 25), (1, 75), (2, 175), (3, 250), (60, 250)])
def test_back_offs_are_evenly_between_nothing_and_a_growing_most(attempt, most):
    """(2^n - 1) times the base before attempt n + 1, never more than the most: half of it in the
    mean, within 4.5 standard errors."""
    policies, drawn = policies_of(), 4000
    waits = [retries.backoff(policies, 1, 3, request, attempt) / MS for request in range(drawn)]
    assert 0 <= min(waits) < 0.01 * most
    assert 0.99 * most < max(waits) < most
    assert abs(np.mean(waits) - most / 2) < 4.5 * most / (12 * drawn) ** 0.5


def test_back_offs_are_keyed_by_request_and_attempt():
    """The same ones in every run, others for other requests, attempts and seeds."""
    policies = policies_of(base=250 * MS)  # so that the most is the same for all
    keys = [(seed, request, attempt) for seed in (1, 2) for request in (0, 1) for attempt in (0, 1)]
    waits = sorted(retries.backoff(policies, 1, *key) for key in keys)
    assert waits == sorted(retries.backoff(policies, 1, *key) for key in keys)
    assert all(one < other for one, other in pairwise(waits))
