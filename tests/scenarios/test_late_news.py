"""Scenarios in which somebody believes for too long what is no longer so, or waits in vain."""

import numpy as np
import pytest
from scipy import stats

S = 1_000_000_000


def test_dns_stalls_are_late_by_the_timeout(whole):
    """A request asks for 1 ms, or for 5 s more, in the share that loses the race; half of all
    requests are as fast as ever, and the slowest in a hundred 5 s late."""
    run = whole("dns-stalls")
    asked = run.requests["sent_ns"].to_numpy() - run.requests["intended_ns"].to_numpy()
    assert set(asked) == {S // 1000, 5 * S + S // 1000}
    stalled = int((asked > S).sum())
    assert stats.binomtest(stalled, len(asked), 0.02).pvalue > 1e-3
    latency = run.summary.latency_seconds
    assert latency.p50 < 0.02
    assert 5 < latency.p99 < 5.1


def test_without_the_race_nobody_stalls(whole):
    """race 0: the slowest of all is far below 5 s."""
    assert whole("dns-stalls", resolver__race=0).summary.latency_seconds.max < 1


@pytest.mark.parametrize("grace", [40, 50])
@pytest.mark.parametrize("action", ["nodePartition", "nodeDown"])
def test_two_windows_of_a_node_that_is_gone(whole, action, grace):
    """Cut off or dead, the load balancer finds out after 17 s to 25 s; the other nodes after the
    grace period, less up to 10 s from the last word, and up to 5 s until somebody looks, and the
    sync; requests fail by the one, then by the other, then no more."""
    run = whole("node-gone", timeline=[{"at": "5s", "do": action, "node": "node-2"}],
                nodeLifecycle__grace=f"{grace}s")  # fmt: skip
    events = {kind: at / S for at, kind in zip(
        run.events["at_ns"].to_pylist(), run.events["kind"].to_pylist(), strict=True
    )}  # fmt: skip
    assert 22 <= events["target_unhealthy"] < 30
    assert 5 + grace - 10 < events["node_not_ready"] <= 5 + grace + 5
    assert events["rules_synced"] - events["node_not_ready"] == pytest.approx(0.15, abs=0.01)
    at = run.requests["lb_ns"].to_numpy() / S
    failed = np.array(run.requests["outcome"].to_pylist()) != "ok"
    first = (at > 5) & (at < events["target_unhealthy"])
    second = (at > events["target_unhealthy"]) & (at < events["node_not_ready"])
    after = (at > events["rules_synced"]) & (at < 94)
    assert failed[first].mean() == pytest.approx(1 / 4 + 3 / 16, abs=0.05)
    assert failed[second].mean() == pytest.approx(1 / 4, abs=0.05)
    assert not failed[after].any()
