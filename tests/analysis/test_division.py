"""How a run is divided into batches."""

import numpy as np
import pytest

from emu.analysis.division import BATCHES, batch_of, division_of
from emu.recorder.expected import Expected

S = 1_000_000_000


def test_a_duration_is_cut_into_equal_times_after_the_warm_up():
    """Of 4 s to 36 s each batch is a second; the end belongs to the last."""
    division = division_of(Expected(warmup_ns=4 * S, duration_ns=36 * S), 0)
    moments = np.array([4 * S, 5 * S - 1, 5 * S, 35 * S, 36 * S])
    assert division.batch_of(moments).tolist() == [0, 0, 1, 31, 31]


def test_a_number_of_requests_is_cut_into_equal_numbers():
    """Of 320 requests each batch has ten."""
    division = division_of(Expected(requests=320), 99 * S)
    assert np.bincount(division.batch_of(np.arange(320))).tolist() == [10] * BATCHES


@pytest.mark.parametrize("length", [1, 31, 1000, 10**9 + 7, 10**18])
def test_one_at_a_time_it_is_the_same(length):
    """The kernel's arithmetic is numpy's, to the last nanosecond."""
    division = division_of(Expected(duration_ns=length), 0)
    values = np.unique(np.linspace(0, length - 1, 999).astype(np.int64))
    one_by_one = [batch_of(value, division.start, division.scale) for value in values.tolist()]
    assert division.batch_of(values).tolist() == one_by_one


def test_what_was_cut_off_is_no_whole_batch():
    """A run ended at half time has half of its batches, less what was not over."""
    division = division_of(Expected(duration_ns=32 * S), 0)
    assert division.whole(32 * S, 0, 5) == slice(0, 32)
    assert division.whole(16 * S + 1, 0, 5) == slice(0, 16)
    assert division.whole(0, 0, 0) == slice(0, 0)


def test_batches_by_number_that_the_warm_up_takes_from_are_not_whole():
    """With 11 of 320 requests in the warm-up, the first two batches of ten are left out."""
    division = division_of(Expected(warmup_ns=S, requests=320), 0)
    assert division.whole(99 * S, 11, 320) == slice(2, 32)
    assert division.whole(99 * S, 0, 95) == slice(0, 9)
