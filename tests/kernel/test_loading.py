"""Compiled code is loaded without the compiler."""

LINALG = "numba.np.linalg"
"""A part of numba's compiler that no kernel needs, and that imports scipy."""

REPORTING = f"""
import sys
from emu.caller import either

print(int(either(1, 1)) + (1000 if "{LINALG}" in sys.modules else 0))
"""

LATER = """
import os
from emu.callee import ten
from emu.kernel import kernel

@kernel
def thrice(x):
    return 3 * ten(x)

print(int(ten(1) + (thrice(1) if os.environ["KERNELS"] == "2" else 0)))
"""


def test_the_compiler_is_set_up_only_where_it_compiles(small):
    """The first process compiles; the second loads the same code and leaves the compiler alone."""
    (small.folder / "reporting.py").write_text(REPORTING)
    assert small.run(module="emu.reporting") == 1020
    assert small.run(module="emu.reporting") == 20


def test_a_kernel_compiled_later_calls_loaded_ones(small):
    """What one process compiled can be called by what the next one compiles."""
    (small.folder / "later.py").write_text(LATER)
    assert small.run(module="emu.later", KERNELS="1") == 10
    assert small.run(module="emu.later", KERNELS="2") == 40
