"""Latency in total and by hop."""

import numpy as np
import pytest

from emu.analysis.latency import SERIES, latencies
from emu.analysis.reading import Requests
from emu.recorder import writing
from emu.recorder.expected import Expected
from emu.recorder.rows import ABSENT, Outcome

S = 1_000_000_000


@pytest.fixture(autouse=True)
def small_row_groups(monkeypatch):
    """Row groups of 1000 rows, so that a small run has several."""
    monkeypatch.setattr(writing, "ROW_GROUP", 1000)


def of(synthetic, folder, rows, warmup_ns=0):
    """Latency in total and by hop of a run with these rows."""
    expected = Expected(warmup_ns=warmup_ns)
    return latencies(Requests(synthetic.record(folder, rows, expected=expected)))


def test_total_latency_is_numpys_over_successful_requests(synthetic, tmp_path):
    """Count, mean, quantiles and maximum are those of done - intended where the outcome is ok."""
    rows = synthetic.rows(5000)
    total, _ = of(synthetic, tmp_path, rows)
    ok = rows[rows["outcome"] == Outcome.OK]
    seconds = (ok["done_ns"] - ok["intended_ns"]) / S
    assert total.count == len(ok)
    assert total.mean == pytest.approx(seconds.mean(), rel=1e-12)
    assert total.max == seconds.max()
    for share, value in (
        (0.5, total.p50), (0.9, total.p90), (0.95, total.p95), (0.99, total.p99),
        (0.999, total.p99_9),
    ):  # fmt: skip
        assert value == np.quantile(seconds, share, method="inverted_cdf")


def test_each_hop_is_its_own_difference(synthetic, tmp_path):
    """Every part of the way has the mean and quantiles of the difference of its two moments."""
    rows = synthetic.rows(3000)
    _, hops = of(synthetic, tmp_path, rows)
    ok = rows[rows["outcome"] == Outcome.OK]
    for name, hop in hops.items():
        starts, end = SERIES[name]
        seconds = (ok[end] - ok[starts[0]]) / S
        assert hop.mean == pytest.approx(seconds.mean(), rel=1e-9)
        assert hop.p50 == np.quantile(seconds, 0.5, method="inverted_cdf")
        assert hop.p99 == np.quantile(seconds, 0.99, method="inverted_cdf")


def test_hops_add_up_to_the_whole(synthetic, tmp_path):
    """Where every request went the whole way, the means of the parts sum to the mean."""
    total, hops = of(synthetic, tmp_path, synthetic.rows(3000))
    assert sum(hop.mean for hop in hops.values()) == pytest.approx(total.mean, rel=1e-12)


def test_without_a_load_balancer_the_way_to_the_node_begins_at_the_client(synthetic, tmp_path):
    """A request that met no load balancer has no such hop, and its way to the node is whole."""
    rows = synthetic.rows(100)
    rows["lb_ns"] = rows["load_balancer"] = ABSENT
    _, hops = of(synthetic, tmp_path, rows)
    assert hops["to_load_balancer"].count == 0
    assert hops["to_load_balancer"].mean is None
    assert hops["to_node"].mean == pytest.approx(0.011)


def test_where_no_node_translates_the_way_to_the_pod_begins_at_the_load_balancer(
    synthetic, tmp_path
):
    """A load balancer that connects to Pods itself: no way to a node, and the parts are whole."""
    rows = synthetic.rows(100)
    rows["node_ns"] = rows["node"] = ABSENT
    total, hops = of(synthetic, tmp_path, rows)
    assert hops["to_node"].count == 0
    assert hops["to_pod"].count == total.count
    means = [hop.mean for hop in hops.values() if hop.count]
    assert sum(means) == pytest.approx(total.mean, rel=1e-12)


def test_latency_counts_from_the_intended_moment(synthetic, tmp_path):
    """A client held up before it could send does not hide it."""
    rows = synthetic.rows(100)
    rows["outcome"] = Outcome.OK
    rows["done_ns"] = rows["intended_ns"] + 3 * S
    rows["sent_ns"] = rows["done_ns"] - S
    total, _ = of(synthetic, tmp_path, rows)
    assert total.mean == total.p50 == total.max == 3.0


def test_the_warm_up_is_left_out(synthetic, tmp_path):
    """Requests meant to be sent before its end do not count, one meant to be sent at it does."""
    rows = synthetic.rows(2000)
    rows["outcome"] = Outcome.OK
    rows["done_ns"] = rows["intended_ns"] + S
    warmup = int(rows["intended_ns"][700])
    total, _ = of(synthetic, tmp_path, rows, warmup)
    assert total.count == np.count_nonzero(rows["intended_ns"] >= warmup)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.IN_FLIGHT])
def test_without_successful_requests_there_is_no_latency(synthetic, tmp_path, outcome):
    """A run in which nothing succeeded has a count of 0 and no numbers."""
    rows = synthetic.rows(50)
    rows["outcome"] = outcome
    total, hops = of(synthetic, tmp_path, rows)
    assert total.count == 0
    assert total.mean is total.p99_9 is total.max is hops["queue"].p50 is None


def test_a_run_without_requests_has_no_latency(synthetic, tmp_path):
    """No rows at all are no error."""
    total, _ = of(synthetic, tmp_path, synthetic.rows(0))
    assert total.count == 0
