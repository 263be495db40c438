"""Cores of a node that its Pods compete for."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.contention import CPU, slowed
from emu.hops.pod import POD


def node(cores, *pods):
    """The Pods of a node, each as (busy threads, weight) or with its limit behind."""
    rows, cpu = np.zeros(len(pods), POD), np.zeros(len(pods), CPU)
    for row, its, (busy, weight, *limit) in zip(rows, cpu, pods, strict=True):
        row["busy"] = busy
        its["end"], its["cores"], its["weight"] = len(pods), cores, weight
        its["most"] = limit[0] if limit else math.inf
    return rows, cpu, np.arange(len(pods))


def factors(cores, *pods):
    """By how much each Pod is slowed that has a busy thread."""
    arrays = node(cores, *pods)
    busy = [pod for pod, its in enumerate(pods) if its[0]]
    return [slowed(*arrays, pod, 1_000_000) / 1_000_000 for pod in busy]


def test_enough_cores_slow_nobody():
    """As many threads as cores run at full speed, whatever the weights."""
    assert factors(4, (3, 0.1), (1, 2)) == [1, 1]


def test_cores_are_divided_by_requests():
    """Two Pods with a request of 3 and of 1 have 3 and 1 of four cores; each has 4 threads."""
    assert factors(4, (4, 3), (4, 1)) == pytest.approx([4 / 3, 4])


def test_what_one_does_not_use_the_others_have():
    """One thread of the Pod that may have two cores leaves the third to the other."""
    assert factors(4, (1, 2), (6, 2)) == [1, 2]
    assert factors(4, (1, 2), (0, 9), (6, 2)) == [1, 2]


def test_a_limit_bounds_what_a_pod_uses():
    """Four threads on half a core take no more from the others than that."""
    assert factors(2, (4, 1, 0.5), (3, 1)) == [1, 2]


def test_who_does_not_compete_is_not_slowed():
    """A Pod without competitors, itself included, has what it wants."""
    pods, cpu, competitors = node(1, (5, 1))
    cpu["end"] = 0
    assert slowed(pods, cpu, competitors, 0, 7) == 7


@settings(deadline=None)
@given(
    cores=st.integers(1, 16),
    pods=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5)), min_size=1, max_size=8),
)
def test_shares_are_max_min_fair(cores, pods):
    """All cores are used if they are wanted, and who gets less than it wants has as much for its
    weight as any."""
    found = factors(cores, *pods)
    shares = [busy / by for (busy, _), by in zip(pods, found, strict=True)]
    wanted = sum(busy for busy, _ in pods)
    assert sum(shares) == pytest.approx(min(cores, wanted), rel=1e-4)
    levels = [share / weight for share, (_, weight) in zip(shares, pods, strict=True)]
    for by, level in zip(found, levels, strict=True):
        if by > 1.0001:
            assert level == pytest.approx(max(levels), rel=1e-4)


def test_services_are_whole_nanoseconds():
    """Rounded to the nearest."""
    arrays = node(2, (3, 1))
    assert slowed(*arrays, 0, 5) == round(Fraction(15, 2)) == 8
