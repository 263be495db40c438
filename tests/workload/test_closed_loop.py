"""The closed loop: what it says of itself. That users wait is for the engines' tests."""

import numpy as np
import pytest

from emu.workload import ARRIVALS, NO_MORE, following, users_of


def loop(**options):
    """A closed loop with these options."""
    return ARRIVALS.chosen("closed_loop", **options)


def test_nothing_follows_by_itself():
    """Requests come from the engine, when users have thought."""
    kind = ARRIVALS.number("closed_loop")
    assert following(kind, np.zeros(1), 0, 1, 0, 0, 0) == NO_MORE


@pytest.mark.parametrize(
    ("think", "rate"), [("2s", 5), ({"exponential": {"mean": "100ms"}}, 100), ("0s", 10_000)]
)
def test_its_rate_is_that_of_answers_at_once(think, rate):
    """Ten users over the mean thought, which counts as 1 ms at least."""
    chosen = loop(users=10, thinkTime=think)
    assert ARRIVALS["closed_loop"].rate(chosen.options) == pytest.approx(rate)


def test_only_a_closed_loop_has_users():
    """Others have none."""
    assert users_of(loop(users=10)) == 10
    assert users_of(ARRIVALS.chosen("poisson", rate="5/s")) == 0
