"""Compiled code calls by address what it was not compiled with."""

import numba
import numpy as np
import pytest

from emu.kernel import call, callback, kernel, native


@kernel
def asked(addresses, place, x, y):
    """What the function at an address gives, from within a kernel."""
    return call(addresses[place], (x, y, len(addresses)))


def add(x, y, z):
    """A function of three integers."""
    return x + y + z


def multiply(x, y, z):
    """Another."""
    return x * y * z


def test_a_python_function_is_called_back():
    """With all its arguments, of either sign and 64 bits."""
    given = []

    def answer(*arguments):
        given.append(arguments)
        return -5

    address, alive = callback(answer, 3)
    assert asked(np.array([0, address]), 1, 2**63 - 1, -(2**63)) == -5
    assert given == [(2**63 - 1, -(2**63), 2)]
    del alive


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compiles nothing without the JIT")
def test_one_kernel_calls_any_compiled_function():
    """It is compiled once for all of them."""
    made = [native(function, 3) for function in (add, multiply)]
    addresses = np.array([address for address, _ in made])
    assert [asked(addresses, place, 6, 7) for place in (0, 1)] == [15, 84]
    assert len(asked.signatures) == 1
