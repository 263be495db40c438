"""How a kernel is called: one of several by its number, or one with arrays that stay the same."""

import importlib.util
import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numba
from numpy.typing import NDArray

from emu.kernel.cache import cache_folder


def typed(function: Callable[..., Any], *examples: Any) -> Callable[..., Any]:
    """The compiled code of a kernel for arguments of the types of these.

    A call of it skips the look-up of types: half of what a small kernel's call costs, and some ten
    microseconds where the arguments are dozens of arrays.
    """
    if numba.config.DISABLE_JIT:
        return function
    compiled: Any = function
    types = tuple(numba.typeof(example) for example in examples)
    compiled.compile(types)
    code: Callable[..., Any] = compiled.get_overload(types)
    return code


def bound(function: Callable[..., Any], *first: NDArray[Any] | int) -> Callable[..., int]:
    """A kernel with its first arguments fixed, to be called with plain integers for the others.

    For kernels that Python calls for every request.
    """
    integers = len(inspect.signature(function).parameters) - len(first)
    return partial(typed(function, *first, *[0] * integers), *first)


def dispatcher(name: str, functions: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    """A kernel ``f(kind, *arguments)`` that calls ``functions[kind](*arguments)``.

    The functions take the same arguments and are kernels of modules of this package. Numba caches
    only what stands in a file, and an ``if`` chain over direct calls is as fast as a ``switch``,
    so the chain is written to a module in the cache folder, generated anew for every version.
    """
    arguments = ", ".join(inspect.signature(functions[0]).parameters)
    lines = ["from emu.kernel import kernel"]
    for kind, function in enumerate(functions):
        lines.append(f"from {function.__module__} import {function.__name__} as f{kind}")
    lines += ["@kernel", f"def {name}(kind, {arguments}):"]
    for kind in range(len(functions) - 1):
        lines += [f"    if kind == {kind}:", f"        return f{kind}({arguments})"]
    lines.append(f"    return f{len(functions) - 1}({arguments})")
    path = cache_folder() / f"dispatch_{name}.py"
    write_once(path, "\n".join(lines) + "\n")
    spec = importlib.util.spec_from_file_location(f"emu_dispatch_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    dispatch: Callable[..., Any] = getattr(module, name)
    return dispatch


def write_once(path: Path, text: str) -> None:
    """Write the file unless it stands; whole at once, since several processes may start together.

    The time stamp is fixed because numba's cache compares it.
    """
    if path.exists():
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.utime(temporary, (0, 0))
    Path(temporary).replace(path)
