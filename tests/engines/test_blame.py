"""What load balancers learn about their backends."""

import pytest

from emu.engines.blame import NOTHING, says_of_backend
from emu.hops.balancer.outliers import FAILED, SERVED
from emu.recorder.rows import Outcome


@pytest.mark.parametrize(
    ("outcome", "http", "opening", "joined"),
    [
        (Outcome.OK, SERVED, SERVED, NOTHING),
        (Outcome.SHED, FAILED, SERVED, NOTHING),
        (Outcome.REFUSED, FAILED, FAILED, NOTHING),
        (Outcome.PORTS_EXHAUSTED, NOTHING, NOTHING, NOTHING),
    ],
)
def test_what_an_outcome_says(outcome, http, opening, joined):
    """Of each request with http; with tcp of whether the connection was opened for it alone."""
    assert says_of_backend(outcome, 0, 0) == http
    assert says_of_backend(outcome, 1, 3) == opening
    assert says_of_backend(outcome, 1, 1) == joined
