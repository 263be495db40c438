"""Ranges of values, and what is none."""

import pytest

from emu.experiments.ranges import MOST_VALUES, is_range, parse_range, quantity


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1..4", [1, 2, 3, 4]),
        ("2..9:3", [2, 5, 8]),
        ("7..7", [7]),
        ("-2..2:2", [-2, 0, 2]),
        ("0.1..0.3:0.1", [0.1, 0.2, 0.3]),
        ("1..2:0.5", [1, 1.5, 2]),
        ("10ms..50ms:20ms", ["10ms", "30ms", "50ms"]),
        ("1.5s..2.5s:0.5s", ["1.5s", "2s", "2.5s"]),
        ("100/s..300/s:100/s", ["100/s", "200/s", "300/s"]),
        ("1%..3%", ["1%", "2%", "3%"]),
        (" 1 .. 3 : 2 ", [1, 3]),
        ("log 1..100:3", [1, 10, 100]),
        ("log 1..10", [1, 2, 4, 8, 10]),
        ("log 1..8", [1, 2, 4, 8]),
        ("log 0.5..3", [0.5, 1, 2, 3]),
        ("log 1..4:10", [1, 2, 3, 4]),
        ("log 1s..2s:3", ["1s", "2s"]),
        ("log 0.1..1:3", [0.1, 0.316228, 1]),
        ("log 10/s..1000/s:3", ["10/s", "100/s", "1000/s"]),
    ],
)
def test_a_range_is_its_values(text, values):
    """With the upper end where a step reaches it, exact, and with the unit of the ends."""
    assert is_range(text)
    assert list(parse_range(text).values) == values


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1..", "must be LO..HI, LO..HI:STEP, log LO..HI or log LO..HI:N"),
        ("1..2..3", "must be LO..HI"),
        ("1..x", "must be LO..HI"),
        ("1..2:", "must be LO..HI"),
        ("log a..2", "must be LO..HI"),
        ("1e3..2e3", "must be LO..HI"),
        ("1ms..2s", "must have one unit at both ends"),
        ("1ms..2ms:1s", "must have a step with the unit of its ends"),
        ("5..1", "must not end below its beginning"),
        ("1..3:0", "must have a step above 0"),
        ("1..3:-1", "must have a step above 0"),
        ("0.1..0.3", "must have a step, as in 0.1..0.3:0.1, where its ends are not whole"),
        ("0..20000", "must have at most 10,000 values; it has 20,001"),
        ("log 0..8", "must begin above 0 on a logarithmic scale"),
        ("log 1..8:1", "must have from 2 to 10,000 values"),
        ("log 1..8:2.5", "must have from 2 to 10,000 values"),
    ],
)
def test_what_is_no_range(text, rule):
    """It is meant as one, and the rule says what is wrong."""
    assert is_range(text)
    with pytest.raises(ValueError, match=r"^must") as error:
        parse_range(text)
    assert str(error.value).startswith(rule)


@pytest.mark.parametrize(
    "text", ["1,2", "a", "../a.yaml", "{file: ../own.py}", "'1..3'", "1..2,5", "log", "10.0.0.1"]
)
def test_what_is_not_meant_as_a_range(text):
    """A list, a quoted text or a path with dots stays what it is."""
    assert not is_range(text)


def test_shares_of_whole_ends_are_whole_and_even():
    """Each whole number between the ends has as much room as any other."""
    taken = [parse_range("1..4").at(index / 40) for index in range(40)]
    assert [taken.count(value) for value in (1, 2, 3, 4)] == [10] * 4


def test_shares_of_other_ends_lie_between_them():
    """On the scale that the range has, with its unit, whatever the step."""
    assert parse_range("0.5..1.5:0.5").at(0.25) == 0.75
    assert parse_range("1.5ms..2.5ms:1ms").at(0.5) == "2ms"
    assert parse_range("log 0.01..1:3").at(0.5) == 0.1
    assert parse_range("log 1..9").at(0.0) == 1
    assert parse_range("log 1..9").at(0.999999) == 9


def test_no_range_is_too_long_for_memory():
    """The most values are told before any is made."""
    with pytest.raises(ValueError, match="at most"):
        parse_range("0..999999999999999999:0.000000000000000001")
    assert len(parse_range(f"1..{MOST_VALUES}").values) == MOST_VALUES


@pytest.mark.parametrize(
    ("value", "number", "unit"),
    [(3, 3, ""), (0.25, 0.25, ""), ("10ms", 10, "ms"), ("250/s", 250, "/s"), (1e-7, 1e-7, "")],
)
def test_numbers_with_units(value, number, unit):
    """A number alone, or with one unit behind it."""
    found = quantity(value)
    assert (float(found.number), found.unit) == (number, unit)


@pytest.mark.parametrize("value", [True, None, "random", "1m30s", [1], float("inf")])
def test_what_is_no_number(value):
    """Texts, lists, truth values, and what has no end."""
    assert quantity(value) is None
