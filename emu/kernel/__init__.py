"""How a decision is compiled: the ``@kernel`` decorator and its kin.

A *kernel* is a small function over scalars and numpy arrays that both engines call. It decides
and mutates only the arrays it is given; it never schedules and never allocates per call.

Rules for kernels, each learnt from a measured difference:

- scalar ``math`` functions, never ``np.log1p`` and its kin: the array versions differ in the last
  bit from ``math`` in several per cent of values, and SVML differs again, so it is switched off;
- ``array[i]["field"]`` reads and writes a structured array alike with and without the JIT; it is
  faster than ``array["field"][i]``, for the size of a record is known when it is compiled;
- with ``NUMBA_DISABLE_JIT=1`` a kernel is the plain Python function, with the wrap-around of
  64-bit words silenced.
"""

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

import numba
import numpy as np
from numba.extending import register_jitable

from emu.kernel.cache import cache_folder, source_digest
from emu.kernel.callees import Kernel, keep_apart
from emu.kernel.calling import call, callback, native, pointer
from emu.kernel.compiling import announced, compiling_timed
from emu.kernel.dispatch import bound, dispatcher, typed, write_once
from emu.kernel.instruments import count_draw, draws, ticks
from emu.kernel.prefetching import prefetch
from emu.kernel.references import by_reference

__all__ = [
    "announced",
    "bound",
    "by_reference",
    "cache_folder",
    "call",
    "callback",
    "cold",
    "compiling_timed",
    "count_draw",
    "dispatcher",
    "draws",
    "embedded",
    "inlined",
    "kernel",
    "native",
    "part",
    "pointer",
    "prefetch",
    "source_digest",
    "ticks",
    "typed",
    "write_once",
]

Function = TypeVar("Function", bound=Callable[..., Any])

if not numba.config.DISABLE_JIT:
    numba.config.CACHE_DIR = str(cache_folder())


# Kernels allocate nothing, so nothing need be counted: three times as fast for the large ones.
_FLAGS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def kernel(function: Function) -> Function:
    """Compile ``function`` at its first call, cached on disk; without the JIT leave it as it is."""
    return _kept(function)


def embedded(function: Function) -> Function:
    """A small kernel that is compiled into each of its callers.

    For what is called for every event: handing over an array costs seven words.
    """
    return _kept(function, forceinline=True)


def cold(function: Function) -> Function:
    """A kernel for what seldom happens, which is left out of the code of its callers.

    A loop is as fast as before where there is more that it might call.
    """
    keep_apart(function)
    return _kept(function)


def _kept(function: Function, **options: bool) -> Function:
    """Compiled once for all integers, and kept in the cache where Python calls it."""
    if numba.config.DISABLE_JIT:
        return _plain(function)
    compiled: Function = cast(Any, Kernel(function, options | _FLAGS))
    return compiled


def _plain(function: Function) -> Function:
    """The Python function, in which 64-bit words wrap around as silently as in compiled code."""
    return np.errstate(over="ignore")(function)


def part(function: Function) -> Function:
    """A piece of one large kernel, which takes the whole state: see `by_reference`."""
    return _kept(function)


def inlined(function: Function) -> Function:
    """Leave a small pure function to Python, and let kernels call it compiled.

    For arithmetic that takes less time than the call of a compiled function would.
    """
    jitable: Function = register_jitable(function)
    return jitable
