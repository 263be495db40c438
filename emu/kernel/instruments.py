"""Instruments inside compiled code: the processor's clock, and a count of random draws.

Without the JIT they are plain Python functions.
"""

from time import perf_counter_ns
from typing import Any, Final

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

_INT64: Final = ir.IntType(64)
_DRAWS: Final = np.zeros(1, np.int64)
_SYMBOL: Final = "emu_draws"
# By name, so that compiled code from the cache finds the place of this process.
llvmlite.binding.add_symbol(_SYMBOL, _DRAWS.ctypes.data)


def draws() -> int:
    """How many draws there have been in this process; threads that draw at once may miss some."""
    return int(_DRAWS[0])


def ticks() -> int:
    """The processor's clock, for kernels: even steps of a fraction of a nanosecond each."""
    return perf_counter_ns()


def count_draw() -> None:
    """Count a draw: one addition in memory."""
    _DRAWS[0] += 1


@intrinsic  # type: ignore[untyped-decorator]
def _ticks(_: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_INT64, [])
        return builder.call(builder.module.declare_intrinsic("llvm.readcyclecounter", [], kind), [])

    return numba.int64(), generate


@intrinsic  # type: ignore[untyped-decorator]
def _count_draw(_: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        module = builder.module
        if _SYMBOL not in module.globals:
            ir.GlobalVariable(module, _INT64, _SYMBOL).linkage = "external"
        place = module.globals[_SYMBOL]
        builder.store(builder.add(builder.load(place), _INT64(1)), place)
        return context.get_dummy_value()

    return numba.void(), generate


if not numba.config.DISABLE_JIT:
    ticks, count_draw = _ticks, _count_draw
