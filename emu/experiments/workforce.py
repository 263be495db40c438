"""How many workers an experiment has where nobody says it."""

import os
from typing import Final

from emu.errors import ScenarioError
from emu.experiments.replicating import mistake
from emu.experiments.storage import is_url
from emu.scenario import Scenario
from emu.scenario.checks.load import implied

_WORTH: Final = 500_000
"""Requests of all runs from which on workers save more than the second or two of their start."""


def workers_for(
    asked: int | None, scenario: Scenario, runs: int, out: str, on_cluster: bool = False
) -> int:
    """The number asked for; or the cores that this process may use, and 1 where that is as quick.

    Raises ScenarioError.
    """
    if on_cluster and _is_own_memory(out):
        raise ScenarioError([mistake("out", out, "is no place that a cluster can write to")])
    if asked is None:
        is_small = implied(scenario.spec) * runs < _WORTH
        return 1 if is_small or _is_own_memory(out) else min(runs, len(os.sched_getaffinity(0)))
    if asked < 1:
        raise ScenarioError([mistake("workers", asked, "must be at least 1")])
    if asked > 1 and _is_own_memory(out):
        raise ScenarioError([mistake("workers", asked, f"must be 1 for results in {out}")])
    return asked


def _is_own_memory(out: str) -> bool:
    """Whether no other process can read what is written there."""
    return is_url(out) and out.startswith("memory:")
