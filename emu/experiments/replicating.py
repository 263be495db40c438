"""Replications: the same scenario under seeds that follow one another, of runs that log little."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from emu.errors import Mistake, ScenarioError
from emu.scenario import Scenario
from emu.scenario.text import printable

LOG: Final = {"spec.log": "summary"}
"""What the runs of an experiment write of their requests, unless an override says otherwise."""

SEED: Final = "spec.seed"

_LEAST_CONFIDENCE: Final = 0.5
_MOST_CONFIDENCE: Final = 0.9999
_SEEDS: Final = 2**63

Progress = Callable[[float, int], None]
"""Called now and then with the number of runs that are done, to which a part of the present one
counts, and the number of all.
"""


def seeded(scenario: Scenario, replication: int) -> Scenario:
    """The scenario with the seed of this replication; nothing else in it depends on the seed."""
    seed = scenario.spec.seed + replication
    made = replace(scenario, spec=scenario.spec.model_copy(update={"seed": seed}))
    # The digest leaves out the seed: it is known, and need not be found for each replication.
    vars(made)["digest"] = scenario.digest
    return made


def check(replications: int, confidence: float) -> None:
    """Raise ScenarioError for a number of replications or a confidence that cannot be."""
    mistakes = []
    if replications < 1:
        mistakes.append(mistake("replications", replications, "must be at least 1"))
    if not _LEAST_CONFIDENCE <= confidence <= _MOST_CONFIDENCE:
        rule = f"must be from {_LEAST_CONFIDENCE} to {_MOST_CONFIDENCE}"
        mistakes.append(mistake("confidence", confidence, rule))
    if mistakes:
        raise ScenarioError(mistakes)


def check_seeds(first: int, replications: int) -> None:
    """Raise ScenarioError where the seeds from the first one on are too few."""
    if first + replications > _SEEDS:
        raise ScenarioError([mistake(SEED, first, "leaves too few seeds for the replications")])


def mistake(what: str, value: object, rule: str) -> Mistake:
    """A mistake in an option, which stands in no file."""
    return Mistake("", 0, what, printable(value), rule)


def seeds_in_words(first: int, count: int) -> str:
    """``seeds 3 to 8``."""
    return f"seeds {first} to {first + count - 1}" if count > 1 else f"seed {first}"
