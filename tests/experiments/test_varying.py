"""What is varied, and the variants of it."""

from pathlib import Path

import pytest

from emu.errors import ScenarioError
from emu.experiments.varying import as_json, parse_variations, variants, written

STRATEGY = "spec.loadBalancers[0].strategy"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("round_robin,random", ["round_robin", "random"]),
        ("1, 2 ,3", [1, 2, 3]),
        ("10s", ["10s"]),
        ("maglev,{power_of_d_choices: {d: 3, replacement: true}}",
         ["maglev", {"power_of_d_choices": {"d": 3, "replacement": True}}]),
        ("[1,2],[3,[4,5]]", [[1, 2], [3, [4, 5]]]),
        ("'a,b',\"c,\\\"d\"", ["a,b", 'c,"d']),
        ("{file: 'x],y'},b", [{"file": "x],y"}, "b"]),
        ("it's,that's", ["it's", "that's"]),
        ("null,false,1%", [None, False, "1%"]),
        ("a=b,c", ["a=b", "c"]),
    ],
)  # fmt: skip
def test_commas_part_values_where_they_are_in_none(values, expected):
    """Brackets, braces and quotes keep theirs; each value is YAML."""
    assert parse_variations([f"{STRATEGY}={values}"]) == {STRATEGY: expected}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["spec.duration"], "vary: spec.duration: must be PATH=A,B,..."),
        (["=1,2"], 'vary: "=1,2": must be PATH=A,B,...'),
        (["spec.duration="], "vary: spec.duration=: has an empty value"),
        (["spec.duration=1s,,2s"], "vary: spec.duration=1s,,2s: has an empty value"),
        (["spec.duration=1s,"], "vary: spec.duration=1s,: has an empty value"),
        (["a.b=1,2", "a.b=3,4"], "vary: a.b: is varied twice"),
        (["a.b={c: 1,2"], "vary: a.b={c: 1,2: is not YAML"),
        (["a.b=1,]"], "vary: a.b=1,]: is not YAML"),
    ],
)
def test_what_is_no_variation(texts, message):
    """Each mistake with what was written."""
    with pytest.raises(ScenarioError) as error:
        parse_variations(texts)
    assert message.replace('"', "") in str(error.value).replace('"', "")


def test_all_mistakes_at_once():
    """One message for each."""
    with pytest.raises(ScenarioError) as error:
        parse_variations(["a", "b=1,,2", "c=1,2"])
    assert len(error.value.mistakes) == 2


def test_every_combination_is_a_variant():
    """The last path changes first; a variant is named by its values and keeps them."""
    made = variants({"a": [1, "x"], "b": [{"c": [True, None]}, "y"]}, {})
    assert [variant.name for variant in made] == [
        "1, {c: [true, null]}", "1, y", "x, {c: [true, null]}", "x, y",
    ]  # fmt: skip
    assert made[2].overrides == {"a": "x", "b": {"c": [True, None]}}


@pytest.mark.parametrize(
    ("vary", "overrides", "message"),
    [
        ({}, {}, "vary: nothing is varied: give a path and two values or more"),
        ({"a": [1]}, {}, "vary: a: must have two values or more to compare"),
        ({"a": []}, {}, "vary: a: must have two values or more to compare"),
        ({"a": [1, 2], "b": [3]}, {}, "vary: b: must have two values or more to compare"),
        ({"a": ["x", "y", "x"]}, {}, "vary: a: has x twice"),
        ({"a": [1, 2]}, {"a": 3}, "vary: a: is both set and varied"),
        ({"spec.seed": [1, 2]}, {}, "vary: spec.seed: cannot be varied: each replication has"),
        ({"a": "round_robin"}, {}, "vary: a: must have two values or more to compare"),
    ],
)
def test_what_cannot_be_compared(vary, overrides, message):
    """One value, the same value twice, a value that something else sets, or a seed."""
    with pytest.raises(ScenarioError) as error:
        variants(vary, overrides)
    assert str(error.value).startswith(message)


def test_values_that_python_has_equal_are_two():
    """1 and true are not the same in a scenario."""
    assert len(variants({"a": [1, True]}, {})) == 2


def test_values_on_one_line():
    """As a table shows them."""
    assert written({"d": 3, "e": ["x", 0.5]}) == "{d: 3, e: [x, 0.5]}"


def test_settings_are_written_as_json():
    """Numbers stay numbers; what JSON cannot hold, such as infinity or a path, is a text."""
    value = {"a": (1, 2.5, True, None), "b": float("inf"), "c": Path("x.parquet"), 3: "y"}
    assert as_json(value) == {
        "a": [1, 2.5, True, None], "b": "inf", "c": "x.parquet", "3": "y",
    }  # fmt: skip
