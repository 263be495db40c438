"""What every proxy mode keeps, whichever files are in the folder."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.hops.kubeproxy import MODES, pick


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None)
@given(
    endpoints=st.integers(1, 5000),
    seed=st.integers(0, 2**63 - 1),
    request=st.integers(0, 2**40 - 1),
)
def test_a_pick_is_one_of_the_endpoints(mode, endpoints, seed, request):
    """A place from 0 below the number of endpoints, the same for equal arguments."""
    place = MODES[mode].pick(endpoints, seed, request, 0)
    assert 0 <= place < endpoints
    assert place == pick(MODES.number(mode), endpoints, seed, request, 0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("endpoints", [2, 3, 10])
def test_endpoints_get_equal_shares(mode, endpoints):
    """Each endpoint gets 1/n of the connections, by chi-square."""
    picked = [MODES[mode].pick(endpoints, 1, request, 0) for request in range(9000)]
    assert stats.chisquare(np.bincount(picked, minlength=endpoints)).pvalue > 0.001
