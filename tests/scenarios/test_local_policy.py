"""externalTrafficPolicy Local: uneven Pods, and nodes whose last Pod is gone."""

import pyarrow.compute as pc
import pytest
from scipy import stats

from tests.scenarios.conftest import happened, lost, seconds

PAUSE = "Deployment/web.spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds"
DRAINED, RATE = 5, 200
CHECKS, INTERVAL = 3, 8


def test_two_pods_and_one_get_25_25_and_50_percent(whole):
    """Each node gets a half, whatever it has; the Pods of one node share it at random."""
    run = whole("local-policy", timeline=[])
    of = {its["values"]: its["counts"] for its in pc.value_counts(run.requests["pod"]).to_pylist()}
    total = run.requests.num_rows
    assert of["default/web-1"] / total == pytest.approx(0.5, abs=0.001)
    assert stats.binomtest(of["default/web-0"], total - of["default/web-1"], 0.5).pvalue > 1e-3
    assert not lost(run).any()


def test_drops_for_a_window_of_health_checks_and_no_longer(whole):
    """From when the node's last Pod is gone every second request is dropped, until the third check
    in a row has failed, (k - 1) T to k T later; afterwards none is."""
    run = whole("local-policy")
    ((found, edge, why, _),) = happened(run, "target_unhealthy")
    assert (edge, why) == ("edge:80", "503")
    knew = next(at for at, node, *_ in happened(run, "rules_synced")
                if node == "node-2" and at > DRAINED)  # fmt: skip
    assert (CHECKS - 1) * INTERVAL < found - knew <= CHECKS * INTERVAL
    at = seconds(run, "lb_ns")[lost(run)]
    assert at.min() > DRAINED - 0.01  # on its way when the Pod stopped to listen
    assert at.max() < found
    assert len(at) == pytest.approx(RATE / 2 * (found - DRAINED), rel=0.05)
    dropped = run.summary.outcomes["dropped_no_local_endpoint"]
    assert dropped > 0.95 * len(at)


def test_a_pod_that_serves_on_until_it_is_found_out(whole):
    """While it terminates its own node goes on to use it, but the health check fails: with a pause
    above k T nothing is lost."""
    run = whole("local-policy", {PAUSE: CHECKS * INTERVAL + 1})
    assert happened(run, "target_unhealthy")
    assert happened(run, "pod_deleted")
    assert not lost(run).any()
