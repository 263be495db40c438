"""That kernels are being compiled is said."""

import numba

from emu.kernel import announced


def test_compiling_is_announced_once():
    """The first kernel that is in no cache says so, the next does not, a compiled one neither."""
    said = []
    one, two = (numba.njit(lambda number, step=step: number + step) for step in (1, 2))
    with announced(lambda: said.append("compiling")):
        assert (one(1), two(1)) == (2, 3)
    assert said == ["compiling"]
    with announced(lambda: said.append("again")):
        assert one(1) == 2
    assert said == ["compiling"]
