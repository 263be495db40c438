"""Means, intervals and differences in words."""

import pytest

from emu.analysis.comparison import Difference, Estimate, Verdict
from emu.analysis.metrics import METRICS
from emu.report.intervals import change, interval, mean, sentence

BY_NAME = {metric.name: metric for metric in METRICS}
P99, SHARE = BY_NAME["latency_p99_seconds"], BY_NAME["ok_share"]
RATE, RATIO = BY_NAME["ok_per_second"], BY_NAME["pod_peak_to_mean"]


def found(middle, half):
    """An estimate with this half width."""
    return Estimate(replications=5, mean=middle, low=middle - half, high=middle + half)


def differing(middle, half, verdict):
    """A difference with this half width."""
    return Difference(**found(middle, half).model_dump(), verdict=verdict)


@pytest.mark.parametrize(
    ("metric", "middle", "half", "words"),
    [
        (P99, 0.14423, 0.0041, ("144 ms", "140 to 148")),
        (P99, 0.14423, 0.00123, ("144.2 ms", "143.0 to 145.5")),
        (P99, 1.2, 0.031, ("1.20 s", "1.17 to 1.23")),
        (P99, 0.0009, 0.0001, ("0.90 ms", "0.80 to 1.00")),
        (P99, 0.000016, 0.000001, ("16.0 us", "15.0 to 17.0")),
        (P99, 5e-8, 6e-8, ("50 ns", "-10 to 110")),
        (SHARE, 0.99731, 0.0004, ("99.73 %", "99.69 to 99.77")),
        (RATE, 12345.0, 56.0, ("12,345/s", "12,289 to 12,401")),
        (RATIO, 1.0352, 0.00614, ("1.035", "1.029 to 1.041")),
        (RATIO, 1.5, 0.0, ("1.50", "1.50 to 1.50")),
        (SHARE, 0.0, 0.0, ("0 %", "0 to 0")),
    ],
)
def test_a_mean_has_the_digits_that_its_interval_earns(metric, middle, half, words):
    """The unit suits the largest of the three numbers, and all have as many decimals."""
    estimate = found(middle, half)
    assert (mean(metric, estimate), interval(metric, estimate)) == words


def test_what_is_not_there_is_a_dash():
    """One replication has a mean and no interval; none has neither."""
    one = Estimate(replications=1, mean=0.0123)
    assert (mean(P99, one), interval(P99, one)) == ("12.3 ms", "-")
    none = Estimate(replications=0)
    assert (mean(P99, none), interval(P99, none)) == ("-", "-")


@pytest.mark.parametrize(
    ("metric", "difference", "words", "verdict"),
    [
        (
            P99, differing(-0.0123, 0.0013, Verdict.LOWER),
            ("lower by 12.3 ms", "11.0 to 13.6"),
            "latency p99 lower by 12.3 ms, 95 % interval 11.0 to 13.6",
        ),
        (
            P99, differing(0.0123, 0.0013, Verdict.HIGHER),
            ("higher by 12.3 ms", "11.0 to 13.6"),
            "latency p99 higher by 12.3 ms, 95 % interval 11.0 to 13.6",
        ),
        (
            P99, differing(0.0002, 0.0005, Verdict.NOT_SHOWN),
            ("none shown", "-300 to 700 us"),
            "latency p99: no difference shown, 95 % interval -300 to 700 us",
        ),
        (
            SHARE, differing(-0.0123, 0.0013, Verdict.LOWER),
            ("lower by 1.23 points", "1.10 to 1.36"),
            "ok share lower by 1.23 points, 95 % interval 1.10 to 1.36",
        ),
        (
            RATE, differing(0.0, 0.0, Verdict.EQUAL),
            ("none in any replication", ""),
            "ok per second: no difference in any replication",
        ),
        (
            P99, Difference(replications=1, mean=-0.0123, verdict=Verdict.UNKNOWN),
            ("lower by 12.3 ms", ""),
            "latency p99 lower by 12.3 ms, no interval from one replication",
        ),
        (
            RATIO, Difference(replications=1, mean=0.0, verdict=Verdict.UNKNOWN),
            ("none", ""),
            "Pod max / mean: no difference, no interval from one replication",
        ),
        (
            P99, Difference(replications=0, verdict=Verdict.UNKNOWN),
            ("unknown", ""),
            "latency p99: unknown",
        ),
    ],
)  # fmt: skip
def test_a_difference_is_told_plainly(metric, difference, words, verdict):
    """Which way and how far, in positive numbers; or that none is shown; with the interval."""
    assert change(metric, difference) == words
    assert sentence(metric, difference, 0.95) == verdict


def test_no_end_of_an_interval_looks_like_nothing():
    """A difference is told with as many digits as show on which side of 0 its interval ends."""
    assert change(P99, differing(0.0099, 0.0101, Verdict.NOT_SHOWN))[1] == "-0.2 to 20.0 ms"
    assert change(P99, differing(0.0364, 0.0361, Verdict.HIGHER)) == (
        "higher by 36.4 ms", "0.3 to 72.5",
    )  # fmt: skip


def test_what_rounds_to_nothing_has_no_sign():
    """A mean's own interval does not end at -0."""
    assert interval(P99, found(0.0399, 0.0401)) == "0 to 80"
