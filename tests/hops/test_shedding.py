"""Which requests a Pod sheds when their turn comes."""

import numpy as np
import pytest

from emu.hops.shedding import SHEDDING, any_shed, is_stale

PODS = np.array([(-1, 0), (100, 0), (-1, 1)], SHEDDING)


@pytest.mark.parametrize(
    ("pod", "now", "stale"),
    [(0, 10**9, False), (1, 105, False), (1, 106, True), (2, 199, False), (2, 200, True)],
)
def test_by_age_or_by_deadline(pod, now, stale):
    """One that came at 5 is too old after 105, and of no use from its deadline 200 on."""
    assert is_stale(PODS, pod, 5, 200, now) == stale


def test_whether_any_does():
    """Only Pods with a queue timeout, or that heed deadlines, shed."""
    assert [any_shed(PODS[pod : pod + 1]) for pod in range(3)] == [False, True, True]
