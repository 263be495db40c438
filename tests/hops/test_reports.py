"""What a Pod reports: the requests at it, and how long another would stay."""

import numpy as np
import pytest

from emu.hops import reports
from emu.hops.pod import POD
from emu.hops.reports import ENOUGH, MEMORY_NS, NEAREST, RECENT, expected, note, present

MS = 1_000_000
POD_ASKED = 1


@pytest.fixture
def answered():
    """Reports of three Pods, one of which has answered (when, met, stayed), each in turn."""

    def made(*answers):
        its = reports.empty(3)
        for at, met, stayed in answers:
            note(its, POD_ASKED, at, met, stayed)
        return its

    return made


def test_present_are_those_in_service_and_those_that_wait():
    """Busy workers and the backlog, whoever sent the requests."""
    pods = np.zeros(3, POD)
    pods["busy"], pods["queued"] = (0, 4, 1), (0, 7, 0)
    assert [present(pods, pod) for pod in range(3)] == [0, 11, 1]


def test_nothing_answered_is_nothing_expected(answered):
    """A Pod that has answered nothing, or nothing lately, is worth a try: 0."""
    assert expected(answered(), POD_ASKED, 0, 0) == 0
    its = answered((0, 0, 5 * MS))
    assert expected(its, POD_ASKED, MEMORY_NS, 0) == 5 * MS
    assert expected(its, POD_ASKED, MEMORY_NS + 1, 0) == 0
    assert expected(its, 0, 0, 0) == 0


@pytest.mark.parametrize(("times", "median"), [([7], 7), ([9, 2], 2), ([5, 1, 9], 5)])
def test_the_median_of_those_that_met_as_many(answered, times, median):
    """Whatever order they came in; the lower one of an even number."""
    its = answered(*((0, 3, time) for time in times))
    assert expected(its, POD_ASKED, 0, 3) == median


def test_others_count_only_where_too_few_met_as_many(answered):
    """With enough of the same load, those that met others say nothing; else the nearest do."""
    same, others = [(0, 2, 10)] * ENOUGH, [(0, 9, 90)] * RECENT
    assert expected(answered(*others[:20], *same), POD_ASKED, 0, 2) == 10
    assert expected(answered(*same[:2], *others[:20]), POD_ASKED, 0, 2) == 90
    near = [(0, load, 10 * load) for load in range(20)]
    assert expected(answered(*near), POD_ASKED, 0, 10) == 100


def test_it_is_the_median_of_the_nearest_for_any_answers(answered):
    """As sorting says: by distance, of equals the latest, cut where enough are as near; by time."""
    random = np.random.default_rng(3)
    for _ in range(200):
        count, load = int(random.integers(1, 2 * RECENT)), int(random.integers(0, 6))
        answers = [(i, int(random.integers(0, 6)), int(random.integers(1, 99)))
                   for i in range(count)]  # fmt: skip
        ranked = sorted(answers[-RECENT:], key=lambda it: (abs(it[1] - load), -it[0]))
        nearest = ranked[:NEAREST]
        farthest = abs(nearest[min(ENOUGH, len(nearest)) - 1][1] - load)
        times = sorted(stayed for _, met, stayed in nearest if abs(met - load) <= farthest)
        median = times[(len(times) - 1) // 2]
        assert expected(answered(*answers), POD_ASKED, count, load) == median


def test_only_so_many_are_remembered(answered):
    """The latest replace the first."""
    its = answered(*[(0, 0, 1)] * RECENT, *[(0, 0, 8)] * RECENT)
    assert expected(its, POD_ASKED, 0, 0) == 8
