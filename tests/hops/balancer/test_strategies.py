"""What every strategy keeps, whichever files are in the folder; and each one's own rule."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.hops.balancer import BACKENDS, STRATEGIES, changed, finished, pick, started

ADDRESS = 198 << 24 | 18 << 16
"""Of the first client, as a number."""

STATES = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=8)
"""Whether each backend is available, and its requests in flight."""


def backends_of(states):
    """The array of backends in these states, of equal weight."""
    backends = np.zeros(len(states), BACKENDS)
    backends["node"] = np.arange(len(states))
    backends["weight"] = 1
    for backend, (available, in_flight) in zip(backends, states, strict=True):
        backend["available"], backend["in_flight"] = available, in_flight
    return backends


def prepared(name, backends):
    """The strategy's memory under its example options."""
    module = STRATEGIES[name]
    options = module.Options.model_validate(getattr(module, "EXAMPLE", {}))
    return module.prepare(options, backends)


def picks_of(name, states, requests=8000):
    """How often each backend is picked while nothing changes."""
    backends = backends_of(states)
    memory = prepared(name, backends)
    pick = STRATEGIES[name].pick
    picked = [
        pick(backends, memory, 0, ADDRESS + request, 11, request, 0) for request in range(requests)
    ]
    return np.bincount(picked, minlength=len(states)).tolist()


@pytest.mark.parametrize("name", STRATEGIES)
@settings(deadline=None)
@given(states=STATES, request=st.integers(0, 2**40 - 1))
def test_a_pick_is_available(name, states, request):
    """An available backend is picked, -1 exactly where there is none; backends are not touched."""
    backends = backends_of(states)
    memory, before = prepared(name, backends), backends.tobytes()
    for attempt in range(4):
        picked = STRATEGIES[name].pick(backends, memory, 0, ADDRESS, 1, request, attempt)
        assert backends.tobytes() == before
        if any(available for available, _ in states):
            assert 0 <= picked < len(states)
            assert states[picked][0]
        else:
            assert picked == -1


@pytest.mark.parametrize("name", STRATEGIES)
def test_of_no_backends_none_is_picked(name):
    """A Service without any endpoint has no backends at all: -1."""
    backends = backends_of([])
    memory = prepared(name, backends)
    for request in range(3):
        kind = STRATEGIES.number(name)
        assert pick(kind, backends, memory, 0, ADDRESS, 1, request, 0) == -1


@pytest.mark.parametrize("name", STRATEGIES)
@settings(deadline=None)
@given(states=STATES, seed=st.integers(0, 2**63 - 1))
def test_equal_arguments_give_equal_picks(name, states, seed):
    """From the same memory the same requests get the same backends, and leave the same memory."""
    backends = backends_of(states)
    pick, memory = STRATEGIES[name].pick, prepared(name, backends)
    again = memory.copy()
    assert memory.dtype == np.int64
    for request in range(5):
        picked = pick(backends, memory, 0, ADDRESS + request, seed, request, 0)
        assert picked == pick(backends, again, 0, ADDRESS + request, seed, request, 0)
    assert memory.tolist() == again.tolist()


@pytest.mark.parametrize("name", STRATEGIES)
def test_equal_backends_get_equal_shares(name):
    """Among equally loaded backends chi-square finds no preference; the one away gets nothing."""
    counts = picks_of(name, [(True, 2), (True, 2), (False, 0), (True, 2), (True, 2)])
    assert counts.pop(2) == 0
    assert stats.chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_backend_that_comes_back_is_picked_again(name):
    """A backend that was away gets requests once it is available, and none when it is gone."""
    backends = backends_of([(True, 1), (False, 1)])
    memory, kind = prepared(name, backends), STRATEGIES.number(name)

    def picked(requests):
        return {
            pick(kind, backends, memory, 0, ADDRESS + request, 1, request, 0)
            for request in requests
        }

    assert picked(range(50)) == {0}
    for available, expected in ((1, {0, 1}), (0, {0})):
        backends["available"][1] = available
        changed(kind, backends, memory, 1)
        assert picked(range(50, 100)) == expected


@pytest.mark.parametrize("name", STRATEGIES)
@settings(deadline=None)
@given(
    states=STATES,
    steps=st.lists(st.tuples(st.sampled_from(["start", "finish", "flip"]), st.integers(0, 7))),
)
def test_a_memory_kept_up_to_date_is_one_made_afresh(name, states, steps):
    """Told of each change, a strategy picks from the backends that it would pick from anew."""
    backends, kind = backends_of(states), STRATEGIES.number(name)
    memory = prepared(name, backends)
    for step, number in steps:
        backend = number % len(states)
        if step == "start":
            started(kind, backends, memory, backend)
        elif step == "finish" and backends["in_flight"][backend]:
            finished(kind, backends, memory, backend, 0, 1000)
        elif step == "flip":
            backends["available"][backend] ^= 1
            changed(kind, backends, memory, backend)
    picked, anew = (
        {
            pick(kind, backends, copied.copy(), 0, ADDRESS + request, 1, request, 0)
            for request in range(200)
        }
        for copied in (memory, prepared(name, backends))
    )
    assert picked == anew or hasattr(STRATEGIES[name], "answered")


@pytest.mark.parametrize("name", STRATEGIES)
def test_requests_in_flight_are_counted(name):
    """A request that is given to a backend is in flight there until it is answered."""
    backends, kind = backends_of([(True, 0), (True, 2)]), STRATEGIES.number(name)
    memory = prepared(name, backends)
    started(kind, backends, memory, 0)
    finished(kind, backends, memory, 1, 0, 1000)
    assert backends["in_flight"].tolist() == [1, 1]


def test_round_robin_goes_in_turn():
    """Backends come in the order of listing, those away are passed over, and one pointer serves."""
    backends = backends_of([(True, 0)] * 4)
    memory = prepared("round_robin", backends)
    pick = STRATEGIES["round_robin"].pick
    assert [pick(backends, memory, 0, ADDRESS, 1, request, 0) for request in range(6)] == [
        0,
        1,
        2,
        3,
        0,
        1,
    ]
    backends["available"][2] = 0
    assert [pick(backends, memory, 0, ADDRESS, 1, request, 0) for request in range(4)] == [
        3,
        0,
        1,
        3,
    ]


def test_random_ignores_the_load():
    """Random gives busy and idle backends alike."""
    counts = picks_of("random", [(True, 0), (True, 9), (True, 100)])
    assert stats.chisquare(counts).pvalue > 0.001


@settings(deadline=None)
@given(states=STATES)
def test_least_connections_picks_a_least_one(states):
    """No available backend has fewer requests in flight than the one picked."""
    backends = backends_of(states)
    pick = STRATEGIES["least_connections"].pick
    picked = pick(backends, prepared("least_connections", backends), 0, ADDRESS, 1, 1, 0)
    least = min((load for available, load in states if available), default=None)
    assert least is None or states[picked][1] == least


def test_least_connections_breaks_ties_uniformly():
    """The k least loaded backends get 1/k each, wherever they stand; the others nothing."""
    counts = picks_of("least_connections", [(True, 3), (True, 1), (False, 0), (True, 1), (True, 1)])
    assert (counts[0], counts[2]) == (0, 0)
    assert stats.chisquare([counts[1], counts[3], counts[4]]).pvalue > 0.001
