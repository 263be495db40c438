"""Kernels as parts of those that call them."""

LONG = "".join(
    f"    x = ((x * 3 + by) ^ (x >> {1 + place % 9})) & 0xFFFFFFFF\n" for place in range(400)
)
"""Too long to be compiled into its callers."""

CALLED = f"""
from emu.kernel import call, kernel, native

@kernel
def long(x, by):
{LONG}    return x

@kernel
def by_one(x):
    return long(x, 1) ^ long(x + 1, 1)

def compiled_by_numba(x, by):
    return long(x, by)

@kernel
def called(address, x, by):
    return call(address, (x, by))

if __name__ == "__main__":
    by_one(5)
    address, alive = native(compiled_by_numba, 2)
    print(int(called(address, 5, 7) == long.py_func(5, 7)))
"""


def test_a_callee_that_was_changed_for_one_caller_is_nobody_elses(small):
    """Where all calls in a kernel have the same constant, its callee is made for that; code that is
    compiled later and calls it with another number gets what it asks for."""
    (small.folder / "called.py").write_text(CALLED)
    assert small.run(module="emu.called", PYTHONWARNINGS="ignore") == 1
