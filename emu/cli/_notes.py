"""What commands say on standard error while they work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.experiments import Plan
    from emu.experiments.capacity import CapacityPlan
    from emu.scenario import Scenario


def say_warnings(asked: "Scenario | Plan | CapacityPlan") -> None:
    """Say what in a scenario, or in those of a plan, may not be meant."""
    for warning in asked.warnings:
        say_warning(warning)


def say_warning(text: str) -> None:
    """Say one warning."""
    print(f"warning: {text}", file=sys.stderr)


def say_interrupted(done: float, runs: int) -> None:
    """Say what the user's Ctrl-C leaves of many runs."""
    print(f"interrupted after {int(done)} of {runs} runs; these will be found again",
          file=sys.stderr)  # fmt: skip


@contextmanager
def compiling_is_said() -> Iterator[None]:
    """Say why the first command of a new version takes its time, where it does."""
    from emu.kernel import announced

    with announced(_say):
        yield


def _say() -> None:
    print("compiling kernels, once for this version ...", file=sys.stderr, flush=True)
