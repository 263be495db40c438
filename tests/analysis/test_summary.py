"""The numbers of a run in one place."""

import json
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from emu.analysis.summary import Summary, summarise
from emu.recorder import writing
from emu.recorder.rows import ABSENT, Outcome


def test_every_request_is_accounted_for(synthetic, tmp_path):
    """Sent = ok + failed + in flight, and the outcomes sum to sent, warm-up included."""
    rows = synthetic.rows(3000)
    warmup = int(rows["intended_ns"][1000])
    expected = synthetic.expected.model_copy(update={"warmup_ns": warmup})
    summary = summarise(synthetic.record(tmp_path, rows, expected=expected))
    counts = summary.requests
    assert counts.sent == 3000 == sum(summary.outcomes.values())
    assert counts.sent == counts.ok + counts.failed + counts.in_flight
    assert counts.ok == np.count_nonzero(rows["outcome"] == Outcome.OK)
    assert counts.failed == np.count_nonzero(rows["outcome"] == Outcome.REFUSED)
    assert counts.in_flight == np.count_nonzero(rows["outcome"] == Outcome.IN_FLIGHT)
    assert summary.window.requests == np.count_nonzero(rows["intended_ns"] >= warmup) < 3000
    assert summary.window.start_seconds == warmup / 1e9
    assert list(summary.outcomes) == ["ok", "refused", "in_flight"]


def test_requests_and_attempts_are_told_apart(synthetic, tmp_path):
    """A request that was sent again is one request: ok where an attempt is, in flight where one is
    still under way, else failed; attempts are all counted, by how they ended."""
    rows = synthetic.with_attempts(synthetic.rows(3000))
    in_flight = rows["outcome"] == Outcome.IN_FLIGHT
    assert len(set(rows["request"][in_flight])) < np.count_nonzero(in_flight)
    warmup = int(rows["intended_ns"][1000])
    expected = synthetic.expected.model_copy(update={"warmup_ns": warmup})
    summary = summarise(synthetic.record(tmp_path, rows, expected=expected))
    counts, sent = summary.requests, len(set(rows["request"]))
    assert counts.sent == sent == counts.ok + counts.failed + counts.in_flight < 3000
    assert counts.ok == np.count_nonzero(rows["outcome"] == Outcome.OK)
    assert counts.in_flight == len(set(rows["request"][in_flight]))
    assert summary.attempts.sent == 3000 == sum(summary.outcomes.values())
    assert summary.attempts.per_request == 3000 / sent
    later = rows["intended_ns"] >= warmup
    assert summary.window.requests == len(set(rows["request"][later]))


def test_it_says_which_run_it_is_of(synthetic, tmp_path):
    """Scenario, seed, engine and whether the run was ended early come from the files."""
    summary = summarise(synthetic.record(tmp_path, synthetic.rows(10), partial=True, seed=9))
    assert (summary.scenario, summary.seed, summary.engine) == ("nodeport", 9, "process")
    assert summary.partial is True


def test_nodes_and_pods_stand_in_the_scenarios_order_with_their_shares(synthetic, tmp_path):
    """Each place has its requests, its share, what was expected, and for Pods how busy it was."""
    summary = summarise(synthetic.record(tmp_path, synthetic.rows(3000)))
    assert list(summary.nodes) == ["node-1", "node-2", "node-3"]
    assert list(summary.pods) == ["default/web-1", "default/web-2", "default/web-3"]
    for places in (summary.nodes, summary.pods):
        assert sum(place.requests for place in places.values()) == 3000
        assert sum(place.share for place in places.values()) == pytest.approx(1)
    for pod in summary.pods.values():
        assert pod.expected_share == pytest.approx(1 / 3)
        assert pod.implied_utilisation == 0.5
        assert 0 < pod.utilisation < 1
    assert summary.pod_balance.degrees_of_freedom == 2
    assert summary.node_balance.p_value > 1e-6


def test_the_json_document_is_json(synthetic, tmp_path):
    """It has what the command line promises, no NaN, and reads back as the same summary."""
    summary = summarise(synthetic.record(tmp_path, synthetic.rows(500)))
    document = summary.json_document(
        "results/nodeport/r1", {"wall_seconds": 1.5, "requests_per_second": 333.3}
    )
    text = json.dumps(document, allow_nan=False)
    read = json.loads(text)
    for key in (
        "scenario", "seed", "engine", "run_dir", "requests", "outcomes", "latency_seconds",
        "nodes", "pods", "wall_seconds", "requests_per_second",
    ):  # fmt: skip
        assert key in read
    assert set(read["requests"]) == {"sent", "ok", "failed", "in_flight"}
    assert set(read["attempts"]) == {"sent", "per_request"}
    assert {"count", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"} == set(
        read["latency_seconds"]
    )
    assert {"requests", "share", "utilisation"} <= set(read["pods"]["default/web-1"])
    assert Summary.model_validate(read) == summary


def test_a_run_in_which_nothing_was_sent_is_json_too(synthetic, tmp_path):
    """No requests: zeros and nulls, no error."""
    summary = summarise(synthetic.record(tmp_path, synthetic.rows(0)))
    assert summary.requests.sent == 0
    assert (summary.attempts.sent, summary.attempts.per_request) == (0, None)
    json.dumps(summary.document(), allow_nan=False)


def test_requests_that_met_no_place_are_no_error(synthetic, tmp_path):
    """A run whose every name failed to resolve has outcomes, and nothing on nodes and Pods."""
    rows = synthetic.rows(100)
    for field in rows.dtype.names:
        if field not in ("request", "attempt", "client", "intended_ns", "done_ns"):
            rows[field] = ABSENT
    rows["outcome"] = Outcome.DNS_FAILURE
    summary = summarise(synthetic.record(tmp_path, rows))
    assert summary.outcomes == {"dns_failure": 100}
    assert {place.requests for place in summary.pods.values()} == {0}
    json.dumps(summary.document(), allow_nan=False)


def test_the_same_run_has_the_same_summary(synthetic, tmp_path):
    """Two records of the same rows give equal documents, however the rows were grouped."""
    rows = synthetic.rows(5000)
    first = summarise(synthetic.record(tmp_path / "first", rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "ROW_GROUP", 777)
        second = summarise(synthetic.record(tmp_path / "second", rows))
    assert json.dumps(first.document()) == json.dumps(second.document())


def test_a_summary_cannot_be_changed(synthetic, tmp_path):
    """It is frozen."""
    summary = summarise(synthetic.record(tmp_path, synthetic.rows(10)))
    with pytest.raises(ValidationError):
        summary.seed = 3


def test_memory_does_not_grow_with_the_number_of_requests(synthetic, tmp_path, monkeypatch):
    """Ten times the rows take no more memory, in numpy and in Arrow."""
    monkeypatch.setattr(writing, "ROW_GROUP", 20_000)
    peaks = []
    for count in (40_000, 400_000):
        folder = synthetic.record(tmp_path / str(count), synthetic.rows(count))
        before = pa.total_allocated_bytes()
        tracemalloc.start()
        summarise(folder)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert pa.total_allocated_bytes() - before < 1_000_000
    assert peaks[1] < peaks[0] * 1.2
