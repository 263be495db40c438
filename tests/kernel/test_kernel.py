"""What the decorators make of a function, with the JIT and without."""

import numpy as np
import pytest

from emu.kernel import bound, kernel, part

PIECES = """
import numpy as np
from emu.kernel import bound, kernel, part

@part
def put(digits, counts, number):
    digits[counts[0]] = number
    counts[0] += 1
    return 10 * number

@kernel
def twice(digits, counts, one, other):
    first = put(digits, counts, one)
    return first + put(digits, counts, other)

if __name__ == "__main__":
    digits, counts = np.zeros(4, np.int64), np.zeros(1, np.int64)
    called = bound(twice, digits, counts)
    results = [called(1, 2), called(4, 3)]
    assert results == [30, 70] and counts[0] == 4, (results, counts)
    print(int("".join(str(digit) for digit in digits)))
"""


@pytest.mark.parametrize("environment", [{}, {"NUMBA_DISABLE_JIT": "1"}])
def test_pieces_and_bound_kernels(small, environment):
    """A piece changes the arrays of the kernel around it, a bound kernel those it was bound to;
    with the JIT and without."""
    (small.folder / "caller.py").write_text(PIECES)
    assert small.run(**environment) == 1243


@part
def piece(numbers, place):
    """A part of `around`."""
    numbers[place] += 1
    return numbers[place]


@kernel
def around(numbers, place, times):
    """Adds one so many times; the last sum."""
    for _ in range(times):
        last = piece(numbers, place)
    return last


def test_a_part_is_compiled_within_its_kernel():
    """What only kernels call is never machine code by itself: it goes into those that call it."""
    numbers = np.zeros(2, np.int64)
    assert (around(numbers, 1, 5), numbers.tolist()) == (5, [0, 5])
    assert around.signatures
    assert not piece.signatures


def test_a_bound_kernel_means_the_kernel():
    """It gives what the kernel gives, from the same arrays, whatever becomes of them meanwhile."""
    numbers, others = np.zeros(2, np.int64), np.zeros(2, np.int64)
    called = bound(around, numbers)
    results = []
    for place, times in [(0, 3), (1, 2), (0, 1)]:
        results.append(called(place, times))
        assert results[-1] == around(others, place, times)
    numbers[0] = 100
    assert results == [3, 2, 4]
    assert called(0, 1) == 101


CONSTANTS = """
import numba
import numpy as np
from emu.kernel import kernel

@kernel
def added(a, b):
    return a + b

@kernel
def caller(array):
    return added(1, 2) + added(3, array[0]) + added(array[0], 5)

if __name__ == "__main__":
    total = caller(np.array([7], np.int32))
    versions = 1 if numba.config.DISABLE_JIT else len(added._numba_type_.dispatcher.overloads)
    print(100 * versions + int(total))
"""


@pytest.mark.parametrize("environment", [{}, {"NUMBA_DISABLE_JIT": "1"}])
def test_constants_compile_nothing_anew(small, environment):
    """A kernel that others call with constants and with narrower numbers is compiled once."""
    (small.folder / "caller.py").write_text(CONSTANTS)
    assert small.run(**environment) == 125


INSTRUMENTS = """
from emu.kernel import count_draw, draws, kernel, ticks

@kernel
def drawing(times):
    began = ticks()
    for _ in range(times):
        count_draw()
    return ticks() - began

if __name__ == "__main__":
    before = draws()
    drawing(1)
    passed = drawing(99)
    assert passed > 0, passed
    print(draws() - before)
"""


@pytest.mark.parametrize("environment", [{}, {"NUMBA_DISABLE_JIT": "1"}])
def test_instruments_count_and_tell_the_time(small, environment):
    """Draws are counted where they happen, also by code that comes from the cache."""
    (small.folder / "caller.py").write_text(INSTRUMENTS)
    assert small.run(**environment) == 100
    assert small.run(**environment) == 100
