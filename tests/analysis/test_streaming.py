"""Totals counted while the rows pass are those counted from the file afterwards."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from emu.analysis.division import division_of
from emu.analysis.intervals import intervals_of
from emu.analysis.log_linear import QUANTILE_ERROR
from emu.analysis.reading import Requests
from emu.analysis.streaming import Streaming
from emu.analysis.totals import totals_of
from emu.recorder.rows import ABSENT, ROW, Outcome

S = 1_000_000_000
EXACT = ("count", "mean", "max")


def streamed(synthetic, rows, end_ns, warmup_ns=0, chunk=1000):
    """The totals of rows that come in chunks of this length, each in the same reused array."""
    expected = synthetic.expected.model_copy(update={"warmup_ns": warmup_ns})
    streaming = Streaming(synthetic.places, division_of(expected, end_ns))
    buffer = np.zeros(chunk, ROW)
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        buffer[: len(part)] = part
        streaming.add(buffer[: len(part)])
    return streaming.totals(end_ns)


def read(synthetic, folder, rows, end_ns, warmup_ns=0):
    """The totals of the same rows, written and read again."""
    expected = synthetic.expected.model_copy(update={"warmup_ns": warmup_ns})
    return totals_of(Requests(synthetic.record(folder, rows, end_ns=end_ns, expected=expected)))


def assert_same(streamed, read):
    """Everything equal, but for quantiles, which are within the error."""
    met = {name: count for name, count in streamed.outcomes.items() if count}
    assert met == {name: count for name, count in read.outcomes.items() if count}
    for name in ("sent", "in_flight", "counted", "nodes", "pods", "busy_ns"):
        assert getattr(streamed, name) == getattr(read, name)
    assert (read.quantile_error, streamed.quantile_error) == (0, QUANTILE_ERROR)
    assert_same_latency(streamed.latency, read.latency)
    assert intervals_of(streamed.batches) == intervals_of(read.batches)
    assert list(streamed.latency_by_hop) == list(read.latency_by_hop)
    for hop, exact in read.latency_by_hop.items():
        assert_same_latency(streamed.latency_by_hop[hop], exact)


def assert_same_latency(streamed, exact):
    """Count, mean and maximum equal, quantiles within the error."""
    for name, value in exact.model_dump(by_alias=False).items():
        found = getattr(streamed, name)
        if name in EXACT or value is None:
            assert found == value, name
        else:
            assert abs(found - value) <= QUANTILE_ERROR * value * (1 + 1e-9), name


@pytest.mark.parametrize("chunk", [1, 7, 1000, 10_000])
def test_they_are_the_same_as_read_afterwards(synthetic, tmp_path, chunk):
    """Whatever the chunks, with a warm-up, refused requests and some in flight at the end."""
    rows, warmup = synthetic.rows(3000), 5 * S
    end = synthetic.end_of(rows)
    assert_same(
        streamed(synthetic, rows, end, warmup, chunk), read(synthetic, tmp_path, rows, end, warmup)
    )


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_attempts_are_counted_as_read_afterwards(synthetic, tmp_path, chunk):
    """Requests of several attempts, some of which are in flight together at the end."""
    rows, warmup = synthetic.with_attempts(synthetic.rows(3000)), 5 * S
    end = synthetic.end_of(rows)
    assert_same(
        streamed(synthetic, rows, end, warmup, chunk), read(synthetic, tmp_path, rows, end, warmup)
    )


def test_requests_that_missed_places_and_hops(synthetic, tmp_path):
    """Without load balancer, node or Pod, rows count where they can and nowhere else."""
    rows = synthetic.rows(300)
    rows["lb_ns"][:100] = ABSENT
    for field in ("node", "pod", "node_ns", "pod_ns", "service_start_ns", "service_end_ns"):
        rows[field][50:150] = ABSENT
    end = synthetic.end_of(rows)
    assert_same(streamed(synthetic, rows, end), read(synthetic, tmp_path, rows, end))


def test_a_service_that_outlasts_its_request_counts_to_the_end_of_the_run(synthetic, tmp_path):
    """Rows whose services end before, after or never within the run, handed on before they do."""
    rows = synthetic.rows(400)
    rows["outcome"] = Outcome.REQUEST_TIMEOUT
    rows["done_ns"] = rows["service_start_ns"] + 1
    rows["service_end_ns"] = rows["service_start_ns"] + np.arange(400) % 5 * S
    rows["service_end_ns"][::7] = ABSENT
    for end in (int(rows["done_ns"].max()), int(rows["done_ns"].max()) + 2 * S):
        assert_same(
            streamed(synthetic, rows, end, S, 13),
            read(synthetic, tmp_path / str(end), rows, end, S),
        )


def test_no_rows_at_all(synthetic, tmp_path):
    """A run in which nothing was sent has zeros and no latency."""
    rows = synthetic.rows(0)
    totals = streamed(synthetic, rows, 1)
    assert totals.latency.mean is None
    assert totals.latency == read(synthetic, tmp_path, rows, 1).latency
    assert sum(totals.outcomes.values()) == totals.counted == 0


def test_sums_beyond_64_bits_are_exact(synthetic):
    """Latencies of a century, a thousand times."""
    rows = synthetic.rows(1000)
    rows["outcome"] = Outcome.OK
    rows["intended_ns"] = 0
    rows["done_ns"] = 3 * 10**18 + np.arange(1000)
    latency = streamed(synthetic, rows, 4 * 10**18).latency
    assert latency.mean == (3 * 10**18 * 1000 + 999 * 500) / (1000 * S)


def test_asking_twice_gives_the_same(synthetic):
    """The totals do not use up what they are made of."""
    rows = synthetic.rows(100)
    streaming = Streaming(synthetic.places, division_of(synthetic.expected, S))
    streaming.add(rows)
    end = synthetic.end_of(rows)
    once, again = (streaming.totals(end) for _ in range(2))
    assert intervals_of(once.batches) == intervals_of(again.batches)
    assert replace(once, batches=None) == replace(again, batches=None)


def test_memory_does_not_grow(synthetic):
    """Fifty chunks take no more memory than five."""
    rows = synthetic.rows(2000)
    rows = rows[rows["done_ns"] != ABSENT]
    peaks = []
    for chunks in (5, 50):
        streaming = Streaming(synthetic.places, division_of(synthetic.expected, S))
        streaming.add(rows)  # kernels compile
        tracemalloc.start()
        for _ in range(chunks):
            streaming.add(rows)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + rows.nbytes / 2


def test_pods_that_come_are_counted_by_their_names(synthetic):
    """What met none stays apart from the Pod whose number is new."""
    rows = synthetic.rows(1000)
    end = synthetic.end_of(rows)
    later = rows[500:].copy()
    later["pod"] = np.where(later["pod"] == 2, 3, ABSENT)
    streaming = Streaming(synthetic.places, division_of(synthetic.expected, end))
    streaming.add(rows[:500])
    streaming.add_pod("default/web-4")
    streaming.add(later)
    met = streaming.totals(end).pods
    assert met["default/web-4"] == (later["pod"] == 3).sum() > 0
    first = [(rows["pod"][:500] == pod).sum() for pod in range(3)]
    assert [met[name] for name in synthetic.places.pod_names] == first
