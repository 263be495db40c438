"""The table of a comparison in a terminal."""

import io

import pytest
from rich.console import Console

from emu.analysis.comparison import compared
from emu.analysis.metrics import METRICS
from emu.analysis.summary import summarise
from emu.report.comparison import comparison_view

NAMES = ["round_robin", "least_connections", "{power_of_d_choices: {d: 3}}, 1000ms"]


@pytest.fixture
def runs(synthetic, tmp_path):
    """Summaries of three replications, the same for each variant but for a slower third one."""
    one, *_ = first = [
        summarise(synthetic.record(tmp_path / str(seed), synthetic.rows(500, seed)))
        for seed in range(3)
    ]
    latency = one.latency_seconds
    more = latency.model_copy(update={"p99": latency.p99 + 1.0})
    return [first, first, [one.model_copy(update={"latency_seconds": more}) for one in first]]


def shown(runs, error=0.0, names=NAMES, **options):
    """The lines that a console of 80 columns prints."""
    console = Console(file=io.StringIO(), width=80, **options)
    console.print(comparison_view(names, compared(runs, 0.95), 0.95, error))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_every_metric_has_a_row_for_each_variant(runs):
    """In their order, under the metric's name, in 80 columns, with nothing cut."""
    lines = shown(runs)
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    titles = [metric.words for metric in METRICS]
    assert [line for line in lines if line in titles] == titles
    starts = [line.split()[0] for line in lines if line.startswith("  ")]
    rows = [start for start in starts if start in (*NAMES[:2], "{power_of_d_choices:")]
    assert rows == [*NAMES[:2], "{power_of_d_choices:"] * len(METRICS)


def test_each_variant_is_told_from_the_first(runs):
    """Equal numbers are equal; a second more is a second more; the first has no difference."""
    lines = shown(runs)
    p99 = lines.index("latency p99")
    assert "difference to round_robin" in lines[0]
    assert lines[p99 + 1].split()[0] == "round_robin"
    assert "none" not in lines[p99 + 1]
    assert lines[p99 + 2].endswith("none in any replication")
    assert "higher by" in " ".join(lines[p99 + 3 : p99 + 5])


def test_what_is_to_be_kept_in_mind(runs):
    """How many intervals may miss, that one replication has none, and how exact quantiles are."""
    miss = "Of the 95 % intervals of 20 differences about 1 may miss."
    chance = "One replication has no intervals: any difference may be chance."
    exact = "Quantiles are within 0.4 %, which their intervals include;"
    several, one = shown(runs), shown([variant[:1] for variant in runs])
    assert miss in several
    assert chance in one
    assert not {miss, exact} & set(one)
    assert any(line.startswith(exact) for line in shown(runs, error=2.0**-8))
    assert not any(line.startswith(exact) for line in several)


def test_better_is_green_and_worse_is_red(runs):
    """A longer latency is worse; the colours are for a terminal alone."""
    coloured = "\n".join(shown(runs, force_terminal=True, color_system="standard"))
    assert "\x1b[31mhigher by" in coloured
    assert "\x1b[32m" not in coloured
    backwards = "\n".join(shown(runs[::-1], force_terminal=True, color_system="standard"))
    assert "\x1b[32mlower by" in backwards
    assert "\x1b" not in "\n".join(shown(runs))
