"""Objectives as people write them."""

import pytest

from emu.errors import ScenarioError, UnknownNameError
from emu.experiments.capacity.objectives import MEASURES, parse_objectives


def test_objectives_are_joined_by_and_or_a_comma():
    """Each has its measure, comparison and bound in the metric's unit: seconds, shares, rates."""
    text = "p99<250ms and errors <= 0.1%, rate>500/s and busy<80%,p99.9 < 1s"
    found = [(one.text, one.bound) for one in parse_objectives(text)]
    assert found == [
        ("p99 < 250ms", 0.25),
        ("errors <= 0.1%", 0.001),
        ("rate > 500/s", 500.0),
        ("busy < 80%", 0.8),
        ("p99.9 < 1s", 1.0),
    ]


@pytest.mark.parametrize(
    ("text", "value", "met"),
    [("p99<1s", 0.9, True), ("p99<1s", 1.0, False), ("p99<=1s", 1.0, True), ("p99<1s", 1.1, False),
     ("rate>5/s", 6.0, True), ("rate>5/s", 5.0, False), ("rate>=5/s", 5.0, True)],
)  # fmt: skip
def test_a_bound_is_kept_on_its_own_side(text, value, met):
    """The bound itself will do with <= and >= alone."""
    (objective,) = parse_objectives(text)
    assert objective.is_met(objective.margin(value)) is met


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("p99", "slo: p99: must be MEASURE<BOUND, as in p99<250ms and errors<0.1%"),
        ("", "must be MEASURE<BOUND"),
        ("p99<250", "slo: p99<250: must be a duration such as 20ms, 1.5s or 1m30s"),
        ("errors<many and p50<fast", "slo: p50<fast: must be a duration"),
        ("errors<many and p50<fast", "slo: errors<many: must be a share such as 1% or 0.01"),
    ],
)
def test_what_is_no_objective_is_refused(text, says):
    """All mistakes are told, each with its text and the rule."""
    with pytest.raises(ScenarioError) as refused:
        parse_objectives(text)
    assert says in str(refused.value)


def test_an_unknown_measure_lists_the_known_ones():
    """A typing error is answered with what there is."""
    with pytest.raises(
        UnknownNameError, match=f"unknown measure 'p98'; known: {', '.join(MEASURES)}"
    ):
        parse_objectives("p98<1s")
