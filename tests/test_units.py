"""Quantities as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu import units
from emu.units import SECOND, YEAR


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (units.parse_duration, "0", 0),
        (units.parse_duration, "20ms", 20_000_000),
        (units.parse_duration, "1.5s", 1_500_000_000),
        (units.parse_duration, "1h1m1s1ms1us1ns", 3_661_001_001_001),
        (units.parse_duration, "7µs", 7_000),
        (units.parse_duration, "876000h", 100 * YEAR),
        (units.parse_rate, "200/s", 200.0),
        (units.parse_rate, "30/m", 0.5),
        (units.parse_rate, "36/h", 0.01),
        (units.parse_rate, "0.01/h", 0.01 / 3600),
        (units.parse_rate, "100000000/s", 1e8),
        (units.parse_rate, "0/s", 0.0),
        (units.parse_bandwidth, "1Gbit", 10**9),
        (units.parse_bandwidth, "2.5Mbit", 2_500_000),
        (units.parse_size, "512", 512),
        (units.parse_size, "10Ki", 10_240),
        (units.parse_size, "1.5k", 1500),
        (units.parse_memory, "128Mi", 134_217_728),
        (units.parse_memory, "1Gi", 2**30),
        (units.parse_memory, "500M", 500_000_000),
        (units.parse_memory, "1e9", 10**9),
        (units.parse_memory, "1.5E3", 1500),
        (units.parse_memory, "2E", 2 * 10**18),
        (units.parse_memory, "16393244Ki", 16_393_244 * 1024),
        (units.parse_memory, "1500m", 2),
        (units.parse_memory, "0", 0),
        (units.parse_cpu, "500m", 0.5),
        (units.parse_cpu, "4", 4.0),
        (units.parse_fraction, "1%", 0.01),
        (units.parse_fraction, "0.25", 0.25),
    ],
)
def test_what_people_write(parse, text, value):
    """Each notation gives its number, in the base unit."""
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "rule", "texts"),
    [
        (
            units.parse_duration,
            "must be a duration such as",
            ["", "20", "ms", "20 ms", "-1s", "1e3s", "1s2", "1d", "nans", ".5s"],
        ),
        (units.parse_duration, "must be at most 100 years", ["876001h", "9" * 40 + "s"]),
        (
            units.parse_rate,
            "must be a rate such as",
            ["", "200", "/s", "200/", "200/d", "nan/s", "inf/s", "a/s"],
        ),
        (units.parse_rate, "must be from 0.01/h to 100000000/s", ["0.009/h", "1e9/s", "1e400/s"]),
        (units.parse_bandwidth, "must be a bandwidth such as", ["", "1", "1Gb", "-1Gbit", "Gbit"]),
        (units.parse_size, "must be a size such as", ["", "1KB", "-1", "1 k", "Ki", "nan"]),
        (units.parse_memory, "must be an amount of memory", ["", "Mi", "1MB", "-1", "1e", "1K"]),
        (units.parse_cpu, "must be an amount of CPU", ["", "m", "x", "nan", "1k"]),
        (units.parse_fraction, "must be a share such as", ["", "%", "x%", "nan", "inf"]),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_rule(parse, rule, texts):
    """Nothing is guessed: each text is refused with the form that is meant, or the limit."""
    for text in texts:
        with pytest.raises(ValueError, match=rule):
            parse(text)


@given(st.integers(1, 10_000), st.sampled_from(["us", "ms", "s", "m", "h"]))
def test_durations_are_exact(number, unit):
    """A decimal fraction of a unit is no binary one: 0.1 s is 100,000,000 ns exactly."""
    whole = units.parse_duration(f"{number}{unit}")
    assert units.parse_duration(f"{number / 10:.1f}{unit}") * 10 == whole


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (999.7, "1 us"),
        (1234, "1.23 us"),
        (12_345_678, "12.3 ms"),
        (999_499_999, "999 ms"),
        (999_999_999, "1 s"),
        (90 * SECOND, "90 s"),
        (3600 * SECOND, "3600 s"),
        (-20_000_000, "-20 ms"),
    ],
)
def test_durations_are_written_short(nanoseconds, text):
    """Three significant digits in the largest unit that has one in front, never an exponent."""
    assert units.format_duration(nanoseconds) == text
