"""Which requests are written where not all are."""

import numpy as np
import pytest

from emu.random_streams import HOPS_SAMPLE, LOG_SAMPLE, uniform
from emu.recorder.sampling import sample_of


def numbers(rows, share, stream=LOG_SAMPLE, seed=7):
    """The numbers of the requests in a sample."""
    return set(sample_of(rows, share, seed, stream)["request"].tolist())


def test_a_request_is_chosen_by_its_own_draw(synthetic):
    """A request is in the sample where its draw of the stream is below the share; rows are kept."""
    rows = synthetic.rows(2000)
    chosen = [request for request in range(2000) if uniform(7, LOG_SAMPLE, request, 0) < 0.1]
    sample = sample_of(rows, 0.1, 7, LOG_SAMPLE)
    assert np.array_equal(sample, rows[chosen])
    assert 150 < len(sample) < 250


@pytest.mark.parametrize("chunk", [1, 77])
def test_chunks_do_not_matter(synthetic, chunk):
    """The same requests, however the rows come in."""
    rows = synthetic.rows(500)
    parts = (numbers(rows[start : start + chunk], 0.2) for start in range(0, 500, chunk))
    assert set().union(*parts) == numbers(rows, 0.2)


def test_attempts_of_a_request_stay_together(synthetic):
    """Whether a request is in the sample does not depend on the attempt."""
    rows = synthetic.rows(500)
    again = rows.copy()
    again["attempt"] = 1
    assert numbers(rows, 0.2) == numbers(again, 0.2)


def test_samples_nest_and_streams_and_seeds_differ(synthetic):
    """A small share is part of a larger one; paths and rows are drawn apart."""
    rows = synthetic.rows(1000)
    assert numbers(rows, 0) == set()
    assert numbers(rows, 0.1) < numbers(rows, 0.3) < numbers(rows, 1) == set(range(1000))
    assert numbers(rows, 0.3) != numbers(rows, 0.3, HOPS_SAMPLE)
    assert numbers(rows, 0.3) != numbers(rows, 0.3, seed=8)
