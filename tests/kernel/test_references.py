"""Named tuples that kernels take by reference."""

import pytest

STATE = """
from typing import Any, NamedTuple
import numpy as np
from emu.kernel import by_reference, kernel, typed

@by_reference
class Inner(NamedTuple):
    counts: Any
    weights: Any

@by_reference
class Outer(NamedTuple):
    on: bool
    step: int
    inner: Inner
    records: Any

@kernel
def count(outer, place):
    counts, weights = outer.inner
    counts[place] += outer.step
    outer.records[place]["it"] = weights[place, 1]
    return outer.inner.counts[place]

@kernel
def count_all(outer):
    if not outer.on:
        return -1
    total = 0
    for place in range(len(outer.inner.counts)):
        total += count(outer, place)
    return total

def state(on=True, size=3):
    inner = Inner(np.zeros(size, np.int64), np.arange(2.0 * size).reshape(size, 2))
    return Outer(on, 5, inner, np.zeros(size, [("other", "i4"), ("it", "i8")]))
"""

FIELDS = """
from emu.state import count_all, state

outer = state()
assert count_all(state(on=False)) == -1
assert count_all(outer) == 15
assert outer.inner.counts.tolist() == [5, 5, 5]
assert outer.records["it"].tolist() == [1, 3, 5]
print(count_all(outer._replace(step=2, inner=state(size=4).inner, records=state(size=4).records)))
"""

LOADED = """
import numba
from emu.kernel import typed
from emu.state import count_all, state

outer = state()
total = typed(count_all, outer)(outer)
hits = 1 if numba.config.DISABLE_JIT else sum(count_all.stats.cache_hits.values())
print(100 * hits + total)
"""

JIT = [{}, {"NUMBA_DISABLE_JIT": "1"}]


@pytest.mark.parametrize("environment", JIT)
def test_fields_are_read_where_they_are_at_each_call(small, environment):
    """Numbers, arrays and nested tuples are read; another tuple of the class has its own."""
    (small.folder / "state.py").write_text(STATE)
    (small.folder / "fields.py").write_text(FIELDS)
    assert small.run(module="emu.fields", **environment) == 8


def test_a_second_process_loads_what_the_first_compiled(small):
    """A kernel of such a tuple comes back from the cache, and does the same."""
    (small.folder / "state.py").write_text(STATE)
    (small.folder / "loaded.py").write_text(LOADED)
    assert small.run(module="emu.loaded") == 15
    assert small.run(module="emu.loaded") == 115
