"""What holds for every design, and for those that there are."""

import inspect

import pytest

from emu.experiments.axis import Axis
from emu.experiments.designs import DESIGNS
from emu.experiments.ranges import parse_range

LIST = Axis("strategy", ("random", "round_robin"))
WHOLE = Axis("workers", parse_range("1..8").values, parse_range("1..8"))
FLOATS = Axis("cv", parse_range("0.5..2:0.5").values, parse_range("0.5..2:0.5"))
AXES = [LIST, WHOLE, FLOATS]


@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_keeps_its_contract(name):
    """It is documented, says whether it samples, and gives each point a value for every axis."""
    design = DESIGNS[name]
    assert design.__doc__
    assert isinstance(design.SAMPLES, bool)
    assert list(inspect.signature(design.points).parameters) == ["axes", "count", "seed"]
    points = design.points(AXES, 12, 5)
    assert len(points) == 12 if design.SAMPLES else len(points) == 2 * 8 * 4
    assert points == design.points(AXES, 12, 5)
    for strategy, workers, cv in points:
        assert strategy in LIST.values
        assert workers in WHOLE.values
        assert 0.5 <= cv <= 2


def test_a_grid_has_every_combination_the_last_path_first():
    """Each once, in the order in which one counts."""
    points = DESIGNS["grid"].points([LIST, Axis("b", (1, 2, 3))], 0, 0)
    assert points == [(a, b) for a in ("random", "round_robin") for b in (1, 2, 3)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [1, 7, 40])
def test_a_latin_hypercube_hits_each_stratum_once(count, seed):
    """Along every path, however many points there are."""
    unit = Axis("x", parse_range("0..0.5:0.5").values, parse_range("0..0.5:0.5"))
    points = DESIGNS["lhs"].points([unit, unit], count, seed)
    for column in zip(*points, strict=True):
        assert sorted(int(2 * value * count) for value in column) == list(range(count))


def test_a_latin_hypercube_gives_values_of_a_list_even_shares():
    """As many points for each of them, where that is possible."""
    points = DESIGNS["lhs"].points(AXES, 16, 3)
    assert [sum(one == name for one, *_ in points) for name in LIST.values] == [8, 8]
    assert sorted(workers for _, workers, _ in points) == sorted([*range(1, 9)] * 2)


def test_another_seed_is_another_sample():
    """And the paths are not in step with one another."""
    one, other = (DESIGNS["lhs"].points(AXES, 20, seed) for seed in (1, 2))
    assert one != other
    ranks = [sorted(range(20), key=[point[at] for point in one].__getitem__) for at in (1, 2)]
    assert ranks[0] != ranks[1]
