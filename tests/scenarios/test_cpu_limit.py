"""A CPU limit and latency: what the scenario says of itself."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

import emu

SCENARIO = Path(__file__).parents[2] / "scenarios" / "cpu-limit.yaml"
LIMIT = "Deployment/web.spec.template.spec.containers[0].resources.limits.cpu"


@pytest.fixture(scope="session")
def times(whole):
    """Runs it with changes; how long its requests took, in milliseconds, and the Pod's share of
    its CPU."""

    def run(**changes):
        made = whole("cpu-limit", **changes)
        took = made.requests["done_ns"].to_numpy() - made.requests["intended_ns"].to_numpy()
        (pod,) = made.summary.pods.values()
        return took[~np.isnan(took)] / 1e6, pod.utilisation

    return run


@pytest.mark.parametrize(
    ("asked", "takes", "used"),
    [("20ms", 20, 0.2), ("30ms", 110, 0.3), ("50ms", 210, 0.5), ("70ms", 310, 0.7)],
)
def test_jobs_take_steps_of_100_ms(times, asked, takes, used):
    """With 20 ms in 100 ms, from the edge of a period; the mean CPU is below the limit."""
    took, share = times(**{"behaviours[0].serviceTime": asked})
    assert set(took.tolist()) == {takes}
    assert share == pytest.approx(used)


def test_jobs_from_anywhere_in_a_period(times):
    """Alone they take 130 to 210 ms; with a worker each, two at once burn the same quota, so p99 is
    hundreds of milliseconds at half of the limit."""
    took, share = times(
        **{"clients[0].arrivals": {"poisson": {"rate": "2/s"}}, "behaviours[0].workers": 8,
           "duration": "600s"},
    )  # fmt: skip
    assert share == pytest.approx(0.5, abs=0.1)
    assert took.min() >= 130
    assert 190 <= np.quantile(took, 0.5) <= 260
    assert np.quantile(took, 0.99) > 600


@pytest.mark.parametrize("cores", [1, None])
def test_a_limit_of_as_many_cores_as_workers_repairs_it(tmp_path, cores):
    """Then each job has its 50 ms at once, as without a limit."""
    run = emu.run(SCENARIO, overrides={LIMIT: cores}, out=tmp_path)
    assert run.summary.latency_seconds.max == pytest.approx(0.050)
    assert run.summary.requests.ok == 120
    assert "pod_throttled_ns" not in run.metrics["metric"].to_pylist()


def test_the_time_stood_still_is_recorded(whole):
    """160 ms of each job of 50 ms, two a second."""
    metrics = whole("cpu-limit").metrics
    throttled = metrics.filter(pc.equal(metrics["metric"], "pod_throttled_ns"))
    assert set(throttled["object"].to_pylist()) == {"default/web-0"}
    assert throttled["value"].to_pylist() == [320e6 * second for second in range(1, 61)]
