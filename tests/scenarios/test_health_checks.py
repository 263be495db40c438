"""How long a load balancer believes what is no longer so."""

import pytest
from scipy import stats

from tests.scenarios.conftest import happened, lost

SCALED, NODES, RATE = 5, 60, 300


@pytest.mark.parametrize(
    ("profile", "checks", "interval"),
    [("gcp", 3, 8), ("aws-nlb-local", 2, 10), ("azure", 2, 5)],
)
def test_detection_is_uniform_between_the_last_two_checks(whole, profile, checks, interval):
    """Of 40 nodes that lose their last Pod at once: in ((k - 1) T, k T], and nothing speaks against
    uniform (Kolmogorov-Smirnov); so many requests are dropped meanwhile."""
    run = whole("health-checks", **{"loadBalancers[0].healthCheck": {"profile": profile}})
    knew = next(at for at, *_ in happened(run, "rules_synced") if at > SCALED)
    took = [at - knew for at, *_ in happened(run, "target_unhealthy")]
    least, most = (checks - 1) * interval, checks * interval
    assert len(took) == 40
    assert least < min(took) < least + interval / 4
    assert most - interval / 4 < max(took) <= most
    assert stats.kstest(took, stats.uniform(least, interval).cdf).pvalue > 1e-2
    since = knew - SCALED
    # What a node is sent in turn grows as others are found out, so it is counted from the moments.
    found, at, dropped = sorted(its + since for its in took), 0.0, 0.0
    for gone, until in enumerate(found):
        dropped += RATE * (40 - gone) / (NODES - gone) * (until - at)
        at = until
    assert lost(run).sum() == pytest.approx(dropped, rel=0.05)
