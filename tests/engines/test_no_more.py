"""Clients that come to an end of what they send: the run goes on to its time, or ends with them."""

import numpy as np
import pytest

import emu
from emu.units import SECOND

MS = 1_000_000
TWO = """
{end}
record: {{interval: 100ms}}
behaviours: [{{serviceTime: {{constant: {{value: 5ms}}}}}}]
clients:
  - {{name: short, url: "http://192.168.1.1/", arrivals: {{trace: {{times: [0s, 40ms], {more}}}}}}}
  - {{name: long, url: "http://192.168.1.1/", arrivals: {other}}}
"""
LONG = "{trace: {times: [10ms, 20ms, 300ms]}}"
POISSON = "{poisson: {rate: 100/s}}"


def scenario(described, end, other=LONG, more=""):
    """Two clients, of which one sends twice only."""
    return described(TWO.format(end=end, other=other, more=more))


def test_a_run_of_requests_sends_them_all(described, play):
    """Each at its time; the run ends with the last answer, as it does with any other process."""
    played = play(scenario(described, "requests: 5"))
    times = np.sort(played.rows["intended_ns"])
    assert times.tolist() == [0, 10 * MS, 20 * MS, 40 * MS, 300 * MS]
    assert played.outcomes == {"ok": 5}
    assert played.ending.end_ns == played.rows["done_ns"].max()


def test_a_client_that_has_no_more_leaves_it_to_the_others(described, play):
    """The run ends with as many requests as were asked for."""
    played = play(scenario(described, "requests: 50", other=POISSON))
    assert played.outcomes == {"ok": 50}
    assert np.bincount(played.rows["client"]).tolist() == [2, 48]


@pytest.mark.parametrize("seed", range(4))
def test_a_run_ends_when_nobody_has_more(described, play, seed):
    """Of thinned traces there may be less than was asked for: what was sent is over, then."""
    end = f"requests: 5\nseed: {seed}"
    other = LONG.replace("]}", "], share: 50%}")
    played = play(scenario(described, end, other, "share: 50%"))
    assert 0 < played.ending.sent < 5
    assert played.outcomes == {"ok": played.ending.sent}
    assert played.ending.end_ns == played.rows["done_ns"].max()


def test_a_run_of_nothing_ends_at_once(described, play, tmp_path):
    """Where no request at all is kept, the run is over at time 0 and says so."""
    none = "share: 0.000001"
    nothing = scenario(described, "requests: 5", LONG.replace("]}", f"], {none}}}"), none)
    played = play(nothing)
    assert (played.ending.sent, played.ending.end_ns, len(played.rows)) == (0, 0, 0)
    for engine in ("process", "compiled"):
        assert emu.run(nothing, out=tmp_path / engine, engine=engine).summary.requests.sent == 0


def test_a_run_of_some_time_goes_on_to_its_end(described, play):
    """After the last request there is nothing, and metrics of that."""
    played = play(scenario(described, "duration: 2s"))
    assert played.ending.end_ns == 2 * SECOND
    assert played.outcomes == {"ok": 5}
    assert max(at for at, *_ in played.samples) > 1.8 * SECOND


def test_requests_beyond_the_end_of_the_run_are_not_sent(described, play):
    """The last time of the trace is after the end."""
    played = play(scenario(described, "duration: 200ms"))
    assert played.ending.sent == 4


def test_a_repeated_trace_goes_on(described, play):
    """Each client at its own place in the trace, for as long as the run takes requests."""
    other = "{trace: {times: [0s, 15ms], repeat: true}}"
    played = play(scenario(described, "requests: 60", other, "repeat: true, share: 50%"))
    assert played.outcomes == {"ok": 60}
    of_other = played.rows["intended_ns"][played.rows["client"] == 1]
    assert of_other.tolist() == [15 * MS * place for place in range(len(of_other))]
