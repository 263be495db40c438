"""The tree of weights against a plain list."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.balancer import BACKENDS
from emu.hops.balancer.sums import SCALE, at, change, total, tree


@settings(deadline=None)
@given(
    weights=st.lists(st.integers(0, 5), min_size=1, max_size=9),
    changes=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), max_size=10),
)
def test_each_point_lies_in_the_part_of_its_backend(weights, changes):
    """As many points belong to each backend as its weight, in the order of listing."""
    backends = np.zeros(len(weights), BACKENDS)
    backends["available"] = 1
    sums = tree(backends)
    for backend, weight in [*enumerate(weights), *changes]:
        if backend < len(weights):
            change(sums, backend, weight)
            weights[backend] = weight
    assert total(sums) == sum(weights)
    parts = [backend for backend, weight in enumerate(weights) for _ in range(weight)]
    assert [at(sums, point) for point in range(sum(weights))] == parts


def test_only_the_available_weigh():
    """A weight of 1 counts a million or so, and nothing while its backend is away."""
    backends = np.zeros(3, BACKENDS)
    backends["weight"], backends["available"] = [1, 2, 0.5], [1, 0, 1]
    assert total(tree(backends)) == SCALE * 3 // 2
