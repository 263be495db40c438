"""Errors say what is wrong, and survive being made again from their arguments."""

import pickle

import pytest

from emu.errors import (
    EmuError,
    Mistake,
    ResultsError,
    ScenarioError,
    StrategyError,
    UnknownNameError,
)

MISTAKE = Mistake("web.yaml", 14, "spec.clients[0].arrivals.poisson.rate", "-5/s", "must be > 0")
ERRORS = [
    ScenarioError([MISTAKE, Mistake("", 0, "spec.seed", "", "is missing")]),
    UnknownNameError("strategy", "rondom", ["random", "round_robin"]),
    StrategyError("own.py: for request 3, pick gave 7"),
    ResultsError("results/web: not a run folder"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_can_be_made_again(error):
    """Made anew from its arguments, as SimPy does, or pickled, an error says the same."""
    assert isinstance(error, EmuError)
    assert str(type(error)(*error.args)) == str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        (MISTAKE, "web.yaml:14: spec.clients[0].arrivals.poisson.rate = -5/s: must be > 0"),
        (
            Mistake("web.yaml", 3, "spec.seed", "", "is missing"),
            "web.yaml:3: spec.seed: is missing",
        ),
        (Mistake("web.yaml", 0, "", "", "is empty"), "web.yaml: is empty"),
        (Mistake("", 0, "spec.seed", "x", "must be a number"), "spec.seed = x: must be a number"),
    ],
)
def test_a_mistake_says_where_what_and_why(mistake, text):
    """File, line, path, value and rule, as far as they are known."""
    assert str(mistake) == text


def test_a_scenario_error_lists_every_mistake():
    """One line a mistake, in order, and the mistakes themselves for programs."""
    error = ERRORS[0]
    assert str(error).splitlines() == [str(mistake) for mistake in error.mistakes]
    assert error.mistakes[0] == MISTAKE


def test_an_unknown_name_lists_the_known_ones():
    """The message holds the name and what it could have been."""
    assert str(ERRORS[1]) == "unknown strategy 'rondom'; known: random, round_robin"
    assert str(UnknownNameError("client", "x", [])) == "unknown client 'x'; known: none"
    many = str(UnknownNameError("node", "x", [f"n{number}" for number in range(50)]))
    assert many.endswith("n18, n19 and 30 more")
