"""The ways of requests that are shed, as traces and sampled paths tell them."""

import pytest

from emu.path import logical, wire
from emu.recorder.rows import Outcome
from tests.engines.test_protection import OBJECTS, SPEC

CASES = {
    "loadBalancers[0].rateLimit": ({"rate": "50/s", "burst": 1}, "the load balancer answers 503"),
    "behaviours": (
        [{"serviceTime": "100ms", "queueTimeout": "50ms"}],
        "the Pod's container sheds the request",
    ),
}


@pytest.mark.parametrize("change", CASES)
def test_a_path_says_who_sheds(described, play, change):
    """The load balancer with a 503, or the Pod when the request's turn comes; in order of time."""
    value, end = CASES[change]
    run = play(described(SPEC, OBJECTS, **{change: value}))
    row = run.rows[run.rows["outcome"] == Outcome.SHED][0]
    assert any(end in step.what for step in logical(run.model, row))
    steps = list(wire(run.model, row))
    moments = [step.at_ns for step in steps]
    assert moments == sorted(moments)
    assert any("sheds" in step.what or "503" in step.what for step in steps)
