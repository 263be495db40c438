"""What is said of an answer and of the formulas beside it."""

import pytest

from emu.analysis.bottleneck import Bottleneck
from emu.experiments.capacity.bounds import Bounds
from emu.experiments.capacity.search import Found
from emu.experiments.capacity.words import bounds_in_words

VALUES = list(range(10, 30))
CPU, PORTS = Bottleneck("CPU", ""), Bottleneck("SNAT ports", "")


@pytest.mark.parametrize(
    ("found", "bottleneck", "says"),
    [
        (Found(4, 3), CPU, ""),
        (Found(2, 1), CPU, "The runs need less than that"),
        (Found(8, 7), CPU, "The runs need more: connections"),
        (Found(8, 7), PORTS, "The runs need more: the formulas know Pods alone, and SNAT ports"),
        (Found(8, 4), CPU, ""),
        (Found(4, 5, least=False), CPU, ""),
        (Found(8, 9, least=False), CPU, "The runs hold more than that"),
        (Found(2, 3, least=False), CPU, "The runs hold less: connections"),
        (Found(2, 6, least=False), CPU, ""),
    ],
)
def test_an_answer_that_is_not_between_the_formulas_has_a_reason(found, bottleneck, says):
    """One queue needs 13 and holds 16, random choice needs 16 and holds 13; what is in doubt may
    lie between."""
    bounds = Bounds(3, 6) if found.least else Bounds(6, 3)
    said = bounds_in_words(bounds, found, VALUES, bottleneck)
    one, many = (13, 16) if found.least else (16, 13)
    assert said.startswith(
        f"Erlang C: {one} with one queue for all Pods, {many} with Pods chosen at random."
    )
    rest = said.partition("random.")[2].strip()
    assert rest.startswith(says) if says else not rest


def test_without_a_formula_it_is_said_why():
    """The scenario's reason is given."""
    said = bounds_in_words(Bounds(why="arrivals are not Poisson"), Found(1, 0), VALUES, CPU)
    assert said == "No formula to hold it against: arrivals are not Poisson."
