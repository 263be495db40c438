"""How kernels call the functions of a user's own strategy: by address.

They are compiled where numba can compile all of them, with array bounds checked and exceptions as
in Python; else they are called back as plain Python. What they see of the backends is a copy, so
nothing that they do leads the model astray.
"""

import ast
import ctypes
import re
import sys
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from types import ModuleType
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.backends import BACKENDS
from emu.hops.balancer.own_file import ARGUMENTS, OwnFile, executed, functions, own_file, told
from emu.kernel import cache_folder, callback, native, pointer, write_once

FAILED: Final = -(2**62)
"""What a function gives that has raised an exception."""

WORDS: Final = BACKENDS.itemsize // 8
"""Cells of memory that the copy of a backend takes."""

_FUNCTIONS: Final = ("pick", "changed", "answered")
_ARRAYS: Final = 4
"""Arguments of a call for the arrays: two addresses and two lengths, as `_views` reads them."""


class Calls(NamedTuple):
    """The addresses by which kernels call a strategy; ``tells`` are called when a call has failed.

    Address 0 is that of a function that the file does not have. ``why`` says why it is not
    compiled; nothing where it is. ``alive`` keeps the code where it is.
    """

    functions: tuple[int, ...]
    tells: tuple[int, ...]
    why: str
    alive: Sequence[Any]


failures: Final[dict[int, str]] = {}
"""What has failed, by the address of the memory of the listener."""


@cache
def calls(path: str, source: str) -> Calls:
    """The calls of the strategy in a source; compiled once, and kept while this process lasts."""
    own = own_file(path, source)
    why = "the compiler is switched off"
    if not numba.config.DISABLE_JIT:
        try:
            return _joined(_compiled(own), own, "")
        except Exception as error:  # numba raises what it likes
            why = _reason(error)
    return _joined(_python(own), own, why)


def _joined(functions: Sequence[tuple[int, Any]], own: OwnFile, why: str) -> Calls:
    tells = [callback(_tell(own, name), _ARRAYS + len(ARGUMENTS[name]) - 1) for name in _FUNCTIONS]
    addresses = tuple(address for address, _ in functions)
    return Calls(addresses, tuple(address for address, _ in tells), why, (functions, tells))


def _reason(error: Exception) -> str:
    """The first line that says what numba cannot compile, and where."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    says = [line for line in lines if not line.startswith("Failed in ")]
    text = says[0].rstrip(":") if says else type(error).__name__
    where = re.search(r"emu_strategy_\w+\.py\D*(\d+)", str(error))
    return f"{text[:200]} (line {where[1]})" if where else text[:200]


# Compiled.


def _compiled(own: OwnFile) -> list[tuple[int, Any]]:
    """The addresses of the functions, compiled. Raises what numba raises."""
    _refuse_writes(own.source)
    module = executed(f"{own.module.__name__}_compiled", own.source, own.path)
    for key, function in functions(module):
        setattr(module, key, _checked(function))
    wrappers = _wrappers(module)
    made = []
    for name in _FUNCTIONS:
        if hasattr(module, name):
            _specialise(getattr(module, name), name)
        made.append(native(getattr(wrappers, name), _ARRAYS + _rest(name)))
    return made


def _refuse_writes(source: str) -> None:
    """Raise TypeError where a field of backends is written to; compiled code would not notice."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            below: ast.expr = node
            while isinstance(below, ast.Subscript):
                key = below.slice
                if isinstance(key, ast.Constant) and key.value in (BACKENDS.names or ()):
                    raise TypeError(f"backends may not be written to (line {node.lineno})")
                below = below.value


def _rest(name: str) -> int:
    """How many of a function's arguments are integers."""
    return len(ARGUMENTS[name]) - 2


def _checked(function: Callable[..., Any]) -> Any:
    return numba.njit(boundscheck=True, error_model="python", cache=True)(function)


def _specialise(function: Any, name: str) -> None:
    """Compile a function for backends that it cannot write to, and see what it gives."""
    backends = numba.types.Array(numba.from_dtype(BACKENDS), 1, "C", readonly=True)
    function.compile((backends, numba.int64[::1], *[numba.int64] * _rest(name)))
    function.disable_compile()
    (signature,) = (found.signature for found in function.overloads.values())
    if name == "pick" and not isinstance(signature.return_type, numba.types.Integer):
        raise TypeError(f"pick gives {signature.return_type}")


_WRAPPER: Final = """
def {name}(real, count, memory, cells, {rest}):
    backends = carray(pointer(memory), count, BACKENDS)
    its = carray(pointer(memory + {size} * count), cells - {words} * count, int64)
    {first}
    gives = 0
    try:
        {call}
    except Exception:
        gives = FAILED
    return gives
"""


def _wrappers(module: ModuleType) -> ModuleType:
    """Functions of integers that call those of the module."""
    text = ""
    for name in _FUNCTIONS:
        rest = ", ".join(ARGUMENTS[name][2:])
        its = f"own_{name}(backends, its, {rest})"
        call = f"gives = int64({its})" if name == "pick" else its
        text += _WRAPPER.format(
            name=name, rest=rest, size=BACKENDS.itemsize, words=WORDS,
            call=call if hasattr(module, name) else "pass",
            first="pass" if name == "pick" else
            "backends[backend] = carray(pointer(real), count, BACKENDS)[backend]",
        )  # fmt: skip
    name = f"{module.__name__}_calls"
    path = cache_folder() / f"{name}.py"
    write_once(path, text)
    made = sys.modules[name] = ModuleType(name)
    vars(made).update(
        carray=numba.carray, pointer=pointer, BACKENDS=BACKENDS, int64=np.int64, FAILED=FAILED,
        **{f"own_{key}": getattr(module, key, None) for key in _FUNCTIONS},
    )  # fmt: skip
    exec(compile(text, str(path), "exec"), vars(made))
    return made


# As plain Python.


def _python(own: OwnFile) -> list[tuple[int, Any]]:
    made = []
    for name in _FUNCTIONS:
        function = own.function(name)
        made.append((0, None) if function is None else callback(
            _called_back(own, function, name), _ARRAYS + _rest(name)
        ))  # fmt: skip
    return made


def _called_back(own: OwnFile, function: Callable[..., Any], name: str) -> Callable[..., int]:
    @np.errstate(over="ignore")
    def answer(real: int, count: int, memory: int, cells: int, *rest: int) -> int:
        try:
            given = function(*_views(real, memory, count, cells), *rest)
        except BaseException as error:  # nothing may leave a callback
            failures[memory] = f"raised {told(error, own.module)}"
            return FAILED
        if name != "pick":
            return 0
        if isinstance(given, int | np.integer) and abs(int(given)) < -FAILED:
            return int(given)
        failures[memory] = f"gave {given!r:.100}"
        return FAILED

    return answer


@lru_cache(maxsize=256)
def _views(
    backends: int, memory: int, count: int, cells: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The arrays at these addresses; the backends cannot be written to."""
    size = count * BACKENDS.itemsize
    there = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(backends)).view(BACKENDS)
    there.flags.writeable = False
    its = np.ctypeslib.as_array((ctypes.c_int64 * cells).from_address(memory))
    return there, its[WORDS * count :]


# When a call has failed.


def _tell(own: OwnFile, name: str) -> Callable[..., int]:
    """Keeps what is to be said about a call that gave ``gave``."""

    def tell(gave: int, real: int, count: int, memory: int, cells: int, *rest: int) -> int:
        what = failures.pop(memory, "")
        if not what and gave == FAILED:
            what = _raised(own, name, (real, count, memory, cells), rest)
        if not what:
            what = f"gave {gave}"
            what += ", which is not available" if 0 <= gave < count else ""
        given = dict(zip(ARGUMENTS[name][2:], rest, strict=True))
        whose = f"request {given['request']}" if name == "pick" else f"backend {given['backend']}"
        failures[memory] = f"{own.path}: for {whose}, {name} {what}"
        if not what.startswith("raised"):
            failures[memory] += f"; must give -1, or the number of an available backend of {count}"
        return 0

    return tell


def _raised(own: OwnFile, name: str, arrays: tuple[int, int, int, int], rest: Sequence[int]) -> str:
    """What the Python function raises where the compiled one raised."""
    real, count, memory, cells = arrays
    backends, its = _views(real, memory, count, cells)
    function = own.function(name)
    assert function is not None
    try:
        function(backends, its.copy(), *rest)
    except BaseException as error:
        return f"raised {told(error, own.module)}"
    return "raised an exception"
