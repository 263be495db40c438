"""How a decision is compiled: the ``@kernel`` decorator and the cache of compiled code.

A *kernel* is a small function over scalars and numpy arrays that both engines call. It decides
and mutates only the arrays it is given; it never schedules and never allocates per call.

Rules for kernels, each learnt from a measured difference:

- scalar ``math`` functions, never ``np.log1p`` and its kin: the array versions differ in the last
  bit from ``math`` in several per cent of values, and SVML differs again, so it is switched off;
- ``array["field"][i]`` reads a structured array alike with and without the JIT;
- with ``NUMBA_DISABLE_JIT=1`` a kernel is the plain Python function, with the wrap-around of
  64-bit words silenced.

Numba's own cache does not notice an edited callee, so the cache folder is named by a digest of
every source of this package: an edit compiles anew, and nothing stale is ever loaded.
"""

import contextlib
import hashlib
import importlib.util
import inspect
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar

os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

import numba
import numpy as np
from llvmlite import ir
from numba.core import event
from numba.extending import intrinsic, register_jitable
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

_PACKAGE = Path(__file__).parent
_STALE_AFTER = 30 * 24 * 3600  # seconds after which another version's cache is swept


def source_digest() -> str:
    """Digest of every source file of the package and of what compiles it, 16 hex digits."""
    digest = hashlib.sha256(f"{sys.version} {numba.__version__} {np.__version__}".encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path:
    """The folder of compiled kernels for exactly these sources, made if need be.

    It lies in ``$XDG_CACHE_HOME/emu`` (``~/.cache/emu``), or in the temporary folder where that
    cannot be written.
    """
    name = source_digest()
    with contextlib.suppress(OSError, RuntimeError):  # no place to write; no home at all
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "emu"
        folder = home / name
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            with contextlib.suppress(OSError):  # another process may sweep at the same time
                _sweep(home, keep=folder)
            return folder
    return _temporary(name)


def _temporary(name: str) -> Path:
    """A folder of this user's own under the temporary folder: what lies in it will be executed."""
    home = Path(tempfile.gettempdir()) / f"emu-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
    status = home.lstat()
    if status.st_uid != os.getuid() or status.st_mode != stat.S_IFDIR | 0o700:
        home = Path(tempfile.mkdtemp(prefix="emu-"))
    folder = home / name
    folder.mkdir(exist_ok=True)
    return folder


def _sweep(home: Path, keep: Path) -> None:
    """Remove compiled kernels of other versions that nobody has used for a month."""
    os.utime(keep)
    oldest = time.time() - _STALE_AFTER
    for other in home.iterdir():
        if other != keep and other.stat().st_mtime < oldest:
            shutil.rmtree(other, ignore_errors=True)


if not numba.config.DISABLE_JIT:
    numba.config.CACHE_DIR = str(cache_folder())


# Kernels allocate nothing, so nothing need be counted: three times as fast for the large ones.
_FLAGS: Final[dict[str, Any]] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def kernel(function: Function) -> Function:
    """Compile ``function`` at its first call, cached on disk; without the JIT leave it as it is."""
    if numba.config.DISABLE_JIT:
        return np.errstate(over="ignore")(function)
    compiled: Function = _once(numba.njit(cache=True, **_FLAGS)(function))
    return compiled


def _once(compiled: Any) -> Any:
    """Let the kernel be compiled once for all integers, and not anew for every constant argument.

    Numba types a constant as itself; what is compiled into its callers is folded all the same.
    """
    template = compiled.get_call_template

    def widened(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return template(tuple(map(_widened, arguments)), keywords)

    compiled.get_call_template = widened
    return compiled


def _widened(argument: Any) -> Any:
    if isinstance(argument, numba.types.Integer) and argument.signed:
        return numba.int64
    return argument


def embedded(function: Function) -> Function:
    """A small kernel that is compiled into each of its callers.

    For what is called for every event: handing over an array costs seven words.
    """
    if numba.config.DISABLE_JIT:
        return np.errstate(over="ignore")(function)
    compiled: Function = _once(numba.njit(cache=True, forceinline=True, **_FLAGS)(function))
    return compiled


def part(function: Function) -> Function:
    """A piece of one large kernel, which it is inlined into.

    For pieces that take the whole state: handing over dozens of arrays costs more than the work.
    """
    if numba.config.DISABLE_JIT:
        return np.errstate(over="ignore")(function)
    compiled: Function = numba.njit(inline="always", **_FLAGS)(function)
    return compiled


class _First(event.Listener):  # type: ignore[misc]
    """Says once that the compiler sets to work."""

    def __init__(self, say: Callable[[], None]) -> None:
        self._say: Callable[[], None] | None = say

    def on_start(self, _: Any) -> None:
        if self._say is not None:
            self._say()
            self._say = None

    def on_end(self, _: Any) -> None:
        pass


@contextlib.contextmanager
def announced(say: Callable[[], None]) -> Iterator[None]:
    """Let ``say`` be called once, when the first kernel that is in no cache is compiled.

    All kernels together take some thirty seconds, once for a version, most of it the loop.
    """
    with event.install_listener("numba:compile", _First(say)):
        yield


class Compiling(event.Listener):  # type: ignore[misc]
    """Measures how long kernels are compiled: ``seconds``."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth, self._began = 0, 0.0

    def on_start(self, _: Any) -> None:
        """A kernel begins, on its own or for the sake of its caller."""
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1

    def on_end(self, _: Any) -> None:
        """It is compiled."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._began


@contextlib.contextmanager
def compiling_timed() -> Iterator[Compiling]:
    """Measure how long kernels are compiled in the block."""
    listener = Compiling()
    with event.install_listener("numba:compile", listener):
        yield listener


def inlined(function: Function) -> Function:
    """Leave a small pure function to Python, and let kernels call it compiled.

    For arithmetic that takes less time than the call of a compiled function would.
    """
    jitable: Function = register_jitable(function)
    return jitable


def prefetch(array: NDArray[Any], index: int) -> None:
    """Ask the processor to bring ``array[index]`` into its cache, for soon it will be wanted."""


@intrinsic  # type: ignore[untyped-decorator]
def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        first = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        item = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        int32 = ir.IntType(32)
        fetch = builder.module.declare_intrinsic(
            "llvm.prefetch", [first.type],
            ir.FunctionType(ir.VoidType(), [first.type, int32, int32, int32]),
        )  # fmt: skip
        for offset in range(0, item, 64):
            place = builder.gep(first, [ir.IntType(64)(offset)])
            builder.call(fetch, [place, int32(1), int32(3), int32(1)])
        return context.get_dummy_value()

    return numba.void(array, numba.intp), generate


if not numba.config.DISABLE_JIT:
    prefetch = _prefetch


def bound(function: Callable[..., Any], *first: NDArray[Any] | int) -> Callable[..., int]:
    """A kernel with its first arguments fixed, to be called with plain integers for the others.

    For kernels that Python calls for every request: such a call skips the look-up of types, which
    is a half of its cost.
    """
    if numba.config.DISABLE_JIT:
        return partial(function, *first)
    compiled: Any = function
    integers = len(inspect.signature(function).parameters) - len(first)
    types = (*(numba.typeof(value) for value in first), *[numba.int64] * integers)
    compiled.compile(types)
    return partial(compiled.get_overload(types), *first)


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
    _write_once(path, "\n".join(lines) + "\n")
    spec = importlib.util.spec_from_file_location(f"emu_dispatch_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    dispatch: Callable[..., Any] = getattr(module, name)
    return dispatch


def _write_once(path: Path, text: str) -> None:
    """Write the file unless it stands; whole at once, since several processes may start together.

    The time stamp is fixed because numba's cache compares it.
    """
    if path.exists():
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.utime(temporary, (0, 0))
    Path(temporary).replace(path)
