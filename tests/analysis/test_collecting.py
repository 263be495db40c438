"""What is gathered in one pass is what a look at all rows at once finds."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from emu.analysis.collecting import collect
from emu.analysis.latency import SERIES, TOTAL
from emu.analysis.over_time import MOST_INTERVALS, QUANTILE_ERROR, OverTime, interval_of
from emu.analysis.reading import Requests
from emu.analysis.slowest import Slowest
from emu.analysis.spread import Spread
from emu.analysis.summary import summarise
from emu.analysis.ways import Ways, others
from emu.recorder.expected import Expected

COUNT = 300_000  # three row groups


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A synthetic run with a warm-up, of which some were refused and some never ended."""
    from tests.conftest import Synthetic

    synthetic = Synthetic()
    expected = synthetic.expected.model_copy(update={"warmup_ns": 10_000_000_000})
    assert isinstance(expected, Expected)
    made = tmp_path_factory.mktemp("run")
    return synthetic.record(made, synthetic.rows(COUNT), expected=expected)


@pytest.fixture(scope="module")
def requests(folder):
    """Its requests."""
    return Requests(folder)


@pytest.fixture(scope="module")
def rows(folder):
    """All its rows at once."""
    return pq.read_table(folder / "requests.parquet")


def column(rows, name):
    """A column as floats, null as NaN."""
    return np.array(rows[name].to_pylist(), dtype=float)


def counted(rows):
    """The rows after the warm-up."""
    return column(rows, "intended_ns") >= 10_000_000_000


def test_spread(requests, rows):
    """The latency of what ended ok after the warm-up, and the waiting times among them."""
    spread = Spread()
    collect(requests, [spread])
    ok = np.array(rows["outcome"].to_pylist()) == "ok"
    which = ok & counted(rows)
    total = (column(rows, "done_ns") - column(rows, "intended_ns"))[which]
    waits = (column(rows, "service_start_ns") - column(rows, "pod_ns"))[which]
    assert spread.series[TOTAL].count == len(total)
    for one in spread.series[TOTAL].bins(4):
        assert one.number == np.count_nonzero((total >= one.low) & (total < one.high))
    assert spread.series["queue"].zeros == np.count_nonzero(waits == 0)
    assert set(spread.series) == set(SERIES)


def test_over_time(requests, rows):
    """What was sent and what ended in each interval, and its quantiles within what is said."""
    end_ns = requests.header.end_ns
    over = OverTime(end_ns)
    collect(requests, [over])
    width = over.interval_ns
    places = column(rows, "intended_ns") // width
    assert over.sent.tolist() == np.bincount(places.astype(int), minlength=over.intervals).tolist()
    assert over.sent.sum() == COUNT
    outcomes = np.array(rows["outcome"].to_pylist())
    assert {name: int(n.sum()) for name, n in over.ended.items()} == {
        name: int((outcomes == name).sum()) for name in ("ok", "refused")
    }
    done, intended = column(rows, "done_ns"), column(rows, "intended_ns")
    for place in (0, 7, over.intervals - 2):
        inside = (outcomes == "ok") & (done // width == place)
        true = np.sort((done - intended)[inside])[-(-99 * inside.sum() // 100) - 1]
        assert over.quantiles(990)[place] == pytest.approx(true, rel=QUANTILE_ERROR * 1.0001)


@pytest.mark.parametrize("end_ns", [1, 239, 240, 241, 60 * 10**9, 3600 * 10**9, 10**18])
def test_intervals_are_round_and_not_too_many(end_ns):
    """1, 2 or 5 times a power of ten, the narrowest that keeps them below the most."""
    width = interval_of(end_ns)
    assert str(width).strip("0") in {"1", "2", "5"}
    assert -(-end_ns // width) <= MOST_INTERVALS
    assert width == 1 or -(-end_ns // width) > MOST_INTERVALS * 2 / 5 - 1


def test_ways(requests, rows, folder):
    """Each way with its attempts and mean time; places that are not told apart come together."""
    named = {
        "client": ["internet", "office"], "load_balancer": ["edge"],
        "node": ["node-1", "node-2"], "pod": ["default/web-2"],
    }  # fmt: skip
    ways = Ways(named)
    collect(requests, [ways])
    which = counted(rows)
    node, pod = (np.array(rows[name].to_pylist())[which] for name in ("node", "pod"))
    lasting = (column(rows, "pod_ns") - column(rows, "node_ns"))[which]
    found = {(way.source, way.target): way for way in ways.found}
    way = found[("node", "node-1"), ("pod", "default/web-2")]
    inside = (node == "node-1") & (pod == "default/web-2")
    assert way.attempts == inside.sum()
    assert way.mean_ns == pytest.approx(lasting[inside].mean())
    rest = found[others("node"), others("pod")]
    assert rest.attempts == ((node == "node-3") & (pod != "default/web-2")).sum()
    assert not any(
        way.source[0] == "client" and way.target[0] != "load_balancer" for way in found.values()
    )
    summary = summarise(folder)
    assert ways.at["node", "node-1"] == summary.nodes["node-1"].requests
    assert ways.at["pod", "default/web-2"] == summary.pods["default/web-2"].requests


def test_slowest(requests, rows):
    """The longest from intended to done, the lower number first where two are equal."""
    slowest = Slowest(20)
    collect(requests, [slowest])
    lasting = column(rows, "done_ns") - column(rows, "intended_ns")
    lasting[~counted(rows) | np.isnan(lasting)] = -1
    order = np.lexsort((column(rows, "request"), -lasting))[:20]
    assert [one.request for one in slowest.found] == order.tolist()
    assert [one.latency_ns for one in slowest.found] == lasting[order].astype(int).tolist()
    one, row = slowest.found[0], rows.slice(int(order[0]), 1).to_pylist()[0]
    assert one.names["pod"] == row["pod"] and one.names["outcome"] == row["outcome"]
    assert sum(part for name, part in one.parts.items() if name != TOTAL) == one.latency_ns


def test_equals_do_not_hold_it_up(synthetic, tmp_path):
    """Of any number of equal latencies those with the lowest numbers are kept."""
    rows = synthetic.rows(1000)
    rows["done_ns"] = rows["intended_ns"] + 50_000_000
    slowest = Slowest(5)
    collect(Requests(synthetic.record(tmp_path, rows)), [slowest])
    assert [one.request for one in slowest.found] == [0, 1, 2, 3, 4]


def test_progress_is_told(requests):
    """How many rows are done, up to all of them."""
    told = []
    collect(requests, [Slowest(1)], lambda done, of: told.append((done, of)))
    assert told == [(131_072, COUNT), (262_144, COUNT), (COUNT, COUNT)]
