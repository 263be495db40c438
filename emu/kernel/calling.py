"""Calls by address: how compiled code calls what it was not compiled with.

The function takes and gives 64-bit integers alone. Its address comes from a compiled function
(`native`) or from a Python one (`callback`), which the caller keeps alive.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numba
from llvmlite import ir
from numba.extending import intrinsic


def call(address: int, arguments: tuple[int, ...]) -> int:
    """What the function at the address gives for these arguments; for kernels alone."""
    its: Any = _prototype(len(arguments))(int(address))
    return int(its(*map(int, arguments)))


@cache
def _prototype(count: int) -> Any:
    """The type of a C function of so many 64-bit integers."""
    return ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * count)


def callback(function: Callable[..., int], count: int) -> tuple[int, Any]:
    """The address of a Python function of so many integers, and what keeps it alive.

    An exception that leaves the function is lost. A call takes the interpreter's lock, about 0.5 us
    and what the function itself takes.
    """
    alive = _prototype(count)(function)
    address = ctypes.cast(alive, ctypes.c_void_p).value
    assert address is not None
    return address, alive


def native(function: Callable[..., int], count: int) -> tuple[int, Any]:
    """The address of the compiled code of a Python function of so many integers, and what keeps it
    alive. Raises what numba raises where it cannot compile it. The function stands in a file, and
    what was compiled is kept in the cache.
    """
    from numba.core.ccallback import CFunc

    compiled = CFunc(function, ((numba.int64,) * count, numba.int64), {}, {})
    compiled.enable_caching()
    compiled.compile()
    address: Any = compiled.address
    return int(address), compiled


@intrinsic  # type: ignore[untyped-decorator]
def pointer(typing_context: Any, address: Any) -> Any:
    """The pointer to an address, for ``numba.carray``, in compiled code."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return numba.types.voidptr(numba.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _call(typing_context: Any, address: Any, arguments: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        word, types = ir.IntType(64), signature.args[1].types
        words = [
            context.cast(builder, builder.extract_value(given[1], place), type_, numba.int64)
            for place, type_ in enumerate(types)
        ]
        its = ir.FunctionType(word, [word] * len(words)).as_pointer()
        return builder.call(builder.inttoptr(given[0], its), words)

    return numba.int64(numba.int64, arguments), generate


if not numba.config.DISABLE_JIT:
    call = _call
