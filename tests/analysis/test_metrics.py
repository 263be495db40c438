"""The numbers that runs are compared by."""

import numpy as np
import pytest

from emu.analysis.log_linear import QUANTILE_ERROR
from emu.analysis.metrics import METRICS, peak_to_mean
from emu.analysis.summary import PodShare, Share, summarise

BY_NAME = {metric.name: metric for metric in METRICS}


@pytest.fixture
def summary(synthetic, tmp_path):
    """The summary of a synthetic run with a warm-up."""
    rows = synthetic.rows(3000)
    warmup = int(rows["intended_ns"][1000])
    expected = synthetic.expected.model_copy(update={"warmup_ns": warmup})
    return summarise(synthetic.record(tmp_path, rows, expected=expected))


def values(summary):
    """Every metric of the summary, by name."""
    return {name: metric.of(summary) for name, metric in BY_NAME.items()}


def test_latencies_are_the_summarys(summary):
    """In seconds, in total, of the ok requests."""
    found, latency = values(summary), summary.latency_seconds
    for name in ("mean", "p50", "p90", "p99", "p99_9"):
        assert found[f"latency_{name}_seconds"] == getattr(latency, name)


def test_success_and_throughput_leave_out_the_warm_up(summary):
    """Both count the ok requests that the latencies are of."""
    ok, window = summary.latency_seconds.count, summary.window
    assert 0 < ok < summary.requests.ok
    assert values(summary)["ok_share"] == ok / window.requests
    lasting = window.end_seconds - window.start_seconds
    assert values(summary)["ok_per_second"] == ok / lasting


def test_how_uneven_and_how_busy(summary):
    """The place with the most requests / the mean, and the utilisation of the busiest Pod."""
    counts = np.array([node.requests for node in summary.nodes.values()])
    found = values(summary)
    assert found["node_peak_to_mean"] == pytest.approx(counts.max() / counts.mean())
    assert found["busiest_pod_utilisation"] == max(p.utilisation for p in summary.pods.values())


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((5, 5), 1.0), ((30, 10, 20), 1.5), ((7, 0), 2.0), ((0, 0), None), ((), None)],
)
def test_peak_to_mean(counts, expected):
    """1 where all got the same, n where one of n got everything, None without requests."""
    places = {
        f"p{i}": Share(requests=n, share=0.0, expected_share=0.5) for i, n in enumerate(counts)
    }
    assert peak_to_mean(places) == expected


def test_a_place_outside_the_game_does_not_count():
    """A Pod that should get nothing and got nothing makes the others no more uneven."""
    places = {
        "served": Share(requests=4, share=0.5, expected_share=0.5),
        "other": Share(requests=4, share=0.5),
        "client": Share(requests=0, share=0.0, expected_share=0.0),
    }
    assert peak_to_mean(places) == 1.0


def test_what_is_not_there_is_none(synthetic, tmp_path):
    """A run without a request has no latency, no share and no balance; its Pods were idle."""
    empty = summarise(synthetic.record(tmp_path, synthetic.rows(0)))
    found = values(empty)
    assert found.pop("ok_per_second") == found.pop("busiest_pod_utilisation") == 0.0
    assert set(found.values()) == {None}
    unknown = {"p": PodShare(requests=1, share=1.0)}
    assert values(empty.model_copy(update={"pods": unknown}))["busiest_pod_utilisation"] is None


def test_only_quantiles_may_be_off(summary):
    """Not where they are exact; from a histogram by a little more than its error."""
    rough = summary.model_copy(update={"quantile_error": QUANTILE_ERROR})
    for metric in METRICS:
        assert metric.error_of(summary) == 0.0
        error = metric.error_of(rough) / metric.of(rough)
        assert error == pytest.approx(1 / 1023 if metric.name.startswith("latency_p") else 0.0), (
            metric.name
        )
