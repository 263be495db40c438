"""What breaks while a run goes on: packets that are lost, Pods that end, ways that are cut."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.hops.pod import CLOSED, GONE
from tests.engines.keeping import MS, S
from tests.engines.test_conservation import SCENARIOS, left_over, scenario, settled

LIVE = {
    "timeline": [{"at": "0s", "do": "linkDelay", "between": ["node-1", "fabric"], "add": "1ns"}]
}
"""Makes a run one whose cluster may change."""


class Script:
    """Changes a run: ``changes`` are (at which nanosecond, what, of which number, for how long)."""

    def __init__(self, changes):
        self._changes = changes

    def __call__(self, emulation):
        for change in self._changes:
            emulation.env.process(self._do(emulation, *change))

    def _do(self, emulation, at, what, number, lasting=0):
        yield emulation.env.timeout(at)
        undo = getattr(self, f"_{what}")(emulation, number)
        if undo is not None:
            yield emulation.env.timeout(lasting)
            undo()

    def _reset(self, emulation, pod):
        emulation.reset(pod)

    def _silence(self, emulation, pod):
        emulation.silence(pod)

    def _drain(self, emulation, pod):
        emulation.drain(pod)

    def _close(self, emulation, pod):
        """Nobody listens for a time."""
        return self._port(emulation, pod, CLOSED)

    def _take_away(self, emulation, pod):
        """Nobody has the address for a time."""
        return self._port(emulation, pod, GONE)

    def _port(self, emulation, pod, port):
        it, listens = emulation.state.pods[pod], int(emulation.model.pods["app_port"][pod])
        it["app_port"] = port

        def undo():
            it["app_port"] = listens

        return undo

    def _cut(self, emulation, place):
        legs = emulation.state.network.legs
        legs["cut"][place] += 1

        def undo():
            legs["cut"][place] -= 1

        return undo

    def _lose(self, emulation, place):
        leg = emulation.state.network.legs[place]
        before = leg["loss"], leg["drawn"]
        leg["loss"], leg["drawn"] = 0.3, 1

        def undo():
            leg["loss"], leg["drawn"] = before

        return undo


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 300 * MS),
        st.sampled_from(
            ["reset", "silence", "drain", "close", "take_away", "cut", "cut", "cut", "lose"]
        ),
        st.integers(0, 2),
        st.sampled_from([1 * MS, 30 * MS, 250 * MS, 3 * S]),
    ),
    min_size=1,
    max_size=6,
)


def failing(described, made, end, changes):
    """The scenario, live, and what breaks: Pods and places are numbered alike, up to 2."""
    head = [end, "record: {interval: 1h}", f"timeline: {json.dumps(LIVE['timeline'])}"]
    return scenario(described, made, "\n".join(head)), Script(changes)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(made=SCENARIOS, milliseconds=st.integers(1, 3000), changes=CHANGES)
def test_sent_is_finished_and_in_flight_whatever_breaks(
    described, play, made, milliseconds, changes
):
    """Cut off anywhere, every attempt has one row, whatever broke before; engines agree."""
    run = play(*failing(described, made, f"duration: {milliseconds}ms", changes))
    settled(run)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(made=SCENARIOS, requests=st.integers(1, 60), changes=CHANGES)
def test_nothing_is_left_over_when_all_is_healed(described, play, made, requests, changes):
    """When the last request is over and nothing is broken any more, no worker, port or place is
    taken but by what is kept open."""
    run = play(*failing(described, made, f"requests: {requests}", changes))
    settled(run)
    left_over(run, requests)
