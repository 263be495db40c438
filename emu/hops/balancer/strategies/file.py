"""File: a strategy of the user's own, from a Python file that keeps the contract of a strategy.

The file is executed. Its functions are compiled if numba can compile them, and called back as plain
Python if not: one of ``pick``, ``changed`` and ``answered`` is enough for that. ``Options``,
``prepare``, ``changed`` and ``answered`` may be left out. A function that raises, or a ``pick``
that gives what is no available backend, ends the run with a message. Left out: other files of the
user's that the file would import.
"""

from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, model_validator

from emu.errors import StrategyError
from emu.hops.balancer.own_calls import FAILED, calls, failures
from emu.hops.balancer.own_file import own_file, read, told
from emu.kernel import call, kernel
from emu.registry import OptionsModel

EXAMPLE = {
    "path": "in_turn_of_the_least.py",
    "source": """
def prepare(options, backends):
    return [0]


def pick(backends, memory, now, key, seed, request, attempt):
    best = -1
    for step in range(len(backends)):
        backend = (memory[0] + step) % len(backends)
        if backends[backend]["available"]:
            load = backends[backend]["in_flight"]
            if best < 0 or load < backends[best]["in_flight"]:
                best = backend
    memory[0] = best + 1
    return best
""",
}

# Places in the memory; behind them stand a copy of the backends, and the strategy's own memory.
_FAILED: Final = 0
_PICK: Final = 1
_CHANGED: Final = 2
_ANSWERED: Final = 3
_TELL_PICK: Final = 4
_TELL_CHANGED: Final = 5
_TELL_ANSWERED: Final = 6
HEAD: Final = 7
"""Cells of the memory that hold addresses of this process."""


class Options(OptionsModel):
    """A file with the strategy, and the strategy's options.

    Once the file is read, its text stands in ``source``.
    """

    path: Annotated[str, Field(min_length=1)]
    """The Python file, by its path from the scenario's folder."""
    source: str | None = None
    """Its text, as a run writes it into its scenario: then no file is read."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The options of the strategy, as the file's own ``Options`` has them."""

    @model_validator(mode="after")
    def _strategy(self, info: ValidationInfo) -> "Options":
        folder = (info.context or {}).get("folder", "")
        source = read(Path(folder, self.path)) if self.source is None else self.source
        its = own_file(self.path, source).validated(self.options)
        options = its.model_dump(mode="json", by_alias=True, exclude_none=True)
        return Options.model_construct(path=self.path, source=source, options=options)


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The addresses of what there is to call, a copy of the backends, and the strategy's memory.

    Raises StrategyError where the file's own ``prepare`` raises or gives no integers.
    """
    assert options.source is not None
    its = calls(options.path, options.source)
    head = [0, *its.functions, *its.tells]
    return np.concatenate([head, backends.view(np.int64), _own(options, backends)])


def _own(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The strategy's own memory."""
    assert options.source is not None
    own = own_file(options.path, options.source)
    make = own.function("prepare")
    if make is None:
        return np.zeros(0, np.int64)
    try:
        memory = np.asarray(make(own.validated(options.options), backends.copy()))
    except Exception as error:
        text = f"{options.path}: prepare raised {told(error, own.module)}"
        raise StrategyError(text) from None
    if memory.ndim != 1 or (memory.size and memory.dtype.kind not in "iu"):
        raise StrategyError(
            f"{options.path}: prepare gave an array of {memory.dtype} with {memory.ndim} dimensions"
            "; must give integers in one dimension"
        )
    return memory.astype(np.int64)


def why_plain(options: Options) -> str:
    """Why the file is run as plain Python; nothing where it is compiled."""
    assert options.source is not None
    return calls(options.path, options.source).why


def failure(memory: NDArray[np.int64]) -> str:
    """What has failed in a run, if anything."""
    return failures.pop(memory[HEAD:].ctypes.data, "") if memory[_FAILED] else ""


@kernel
def pick(
    backends: NDArray[Any],
    memory: NDArray[np.int64],
    now: int,
    key: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """What the file's own picks, if it may be picked."""
    if memory[_FAILED] != 0:
        return -1
    real, its = backends.ctypes.data, memory[HEAD:].ctypes.data
    count, cells = len(backends), len(memory) - HEAD
    rest = (now, key, seed, request, attempt)
    picked = call(memory[_PICK], (real, count, its, cells, *rest))
    if picked == -1 or (0 <= picked < count and backends[picked]["available"] != 0):
        return int(picked)
    memory[_FAILED] = 1
    call(memory[_TELL_PICK], (picked, real, count, its, cells, *rest))
    return -1


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The file's own is told."""
    if memory[_FAILED] != 0 or memory[_CHANGED] == 0:
        return
    real, its = backends.ctypes.data, memory[HEAD:].ctypes.data
    count, cells = len(backends), len(memory) - HEAD
    gave = call(memory[_CHANGED], (real, count, its, cells, backend))
    if gave == FAILED:
        memory[_FAILED] = 1
        call(memory[_TELL_CHANGED], (gave, real, count, its, cells, backend))


@kernel
def answered(
    backends: NDArray[Any], memory: NDArray[np.int64], backend: int, now: int, latency: int
) -> None:
    """The file's own is told."""
    if memory[_FAILED] != 0 or memory[_ANSWERED] == 0:
        return
    real, its = backends.ctypes.data, memory[HEAD:].ctypes.data
    count, cells = len(backends), len(memory) - HEAD
    gave = call(memory[_ANSWERED], (real, count, its, cells, backend, now, latency))
    if gave == FAILED:
        memory[_FAILED] = 1
        call(memory[_TELL_ANSWERED], (gave, real, count, its, cells, backend, now, latency))
