"""The histogram in a terminal."""

import io

import numpy as np
import pytest
from rich.console import Console

from emu.analysis.latency import Latency
from emu.analysis.log_even import LogEven
from emu.report.plot import latency_plot

S = 1_000_000_000


def plotted(durations, share=1.0):
    """The lines that a console of 80 columns prints of these nanoseconds."""
    spread = LogEven()
    spread.add(durations)
    p50, p90, p95, p99, p99_9 = (
        float(np.quantile(durations, q, method="inverted_cdf")) / S
        for q in (0.5, 0.9, 0.95, 0.99, 0.999)
    )
    latency = Latency(
        count=len(durations), mean=float(durations.mean()) / S, p50=p50, p90=p90, p95=p95, p99=p99,
        p99_9=p99_9, max=float(durations.max()) / S,
    )  # fmt: skip
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    console.print(latency_plot(latency, spread, share))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.fixture
def durations():
    """Latencies with a long tail."""
    return (np.random.default_rng(3).lognormal(17, 1, 50_000)).astype(np.int64)


@pytest.mark.parametrize("scale", [1, 1000, 10**6])
def test_it_fits_and_has_every_quantile_once(durations, scale):
    """Within 80 columns and some 25 lines, whatever the size of the latencies."""
    lines = plotted(durations * scale)
    assert max(map(len, lines)) <= 80
    assert 8 < len(lines) <= 28
    words = " ".join(lines).split()
    assert [name for name in words if name in ("p50", "p90", "p95", "p99", "p99.9")] == [
        "p50", "p90", "p95", "p99", "p99.9",
    ]  # fmt: skip


def test_the_shares_and_what_lies_beyond_make_all(durations):
    """The last line has what is longer than the bin of the p99.9."""
    *lines, foot = plotted(durations)
    shares = [float(line.split("%")[0].split()[-1]) for line in lines[2:]]
    beyond = float(foot.split("(")[1].split("%")[0])
    assert sum(shares) + beyond == pytest.approx(100, abs=0.2)
    assert foot.startswith("50,000 requests; ")
    assert 0 < beyond <= 0.1


def test_equal_latencies_are_one_bar():
    """With all quantiles at it, and nothing beyond."""
    lines = plotted(np.full(1000, 30_750_000))
    assert len(lines) == 4
    assert "100.00 %" in lines[2] and "p50 p90 p95 p99 p99.9" in lines[2]
    assert lines[3] == "1,000 requests"


def test_latencies_of_nothing_have_a_line(durations):
    """No logarithmic bin holds 0, which has a line of its own."""
    some = durations.copy()
    some[:10_000] = 0
    assert plotted(some)[2].startswith("0 ns")
    assert plotted(np.zeros(10, np.int64))[-1] == "10 requests"


def test_a_sample_is_called_one(durations):
    """The number is that of the rows there are."""
    assert "50,000 requests, a sample of 5 %" in " ".join(plotted(durations, 0.05))
