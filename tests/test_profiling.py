"""``emu.run(..., profile=True)``: where the time of a run went."""

import pytest

import emu
from emu.running import ENGINES

SPEC = """
requests: 500
nodePools: [{name: node, nodes: 2}]
clients: [{name: c, arrivals: {poisson: {rate: 500/s}}}]
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_profile_counts_all_events_and_draws(described, tmp_path, engine):
    """Six events a request, arrival, service, endpoint and port drawn, in both engines alike."""
    run = emu.run(described(SPEC), out=tmp_path, engine=engine, profile=True)
    profile = run.timing.profile
    counts = {event.kind: event.count for event in profile.events}
    loops = counts.pop("control")
    assert loops > 0
    assert counts == dict.fromkeys(
        ("service_end", "answer", "client_send", "lb_request", "node_syn", "pod_request"), 500
    ) | {"client_send": counts["client_send"]}
    assert counts["client_send"] in (500, 501)  # the one that finds all sent
    per_request = profile.draws.count / 500
    assert 4 <= per_request <= 6
    assert profile.draws.nanoseconds_each > 0
    assert all(event.seconds > 0 for event in profile.events)
    assert 0 < sum(event.seconds for event in profile.events) <= profile.engine + profile.compile
    assert profile.hand_over <= profile.engine


def test_a_profile_changes_nothing_else(described, tmp_path):
    """A run that is timed leaves the same rows and numbers; it is made anew, and says so."""
    plain = emu.run(described(SPEC), out=tmp_path / "plain", engine="compiled")
    timed = emu.run(described(SPEC), out=tmp_path / "timed", engine="compiled", profile=True)
    assert plain.requests.equals(timed.requests)
    assert plain.metrics.equals(timed.metrics)
    assert plain.summary == timed.summary
    assert plain.timing.profile is None
    assert "profile" not in plain.document()
    assert timed.document()["profile"]["events"][0]["kind"] == "service_end"
    again = emu.run(described(SPEC), out=tmp_path / "plain", engine="compiled", profile=True)
    assert not again.found_again
    assert again.timing.profile is not None
