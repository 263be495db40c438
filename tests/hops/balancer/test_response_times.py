"""The strategies that go by response times."""

import math

import pytest

MILLISECOND = 10**6
SECOND = 10**9


def warmed(listener, *milliseconds):
    """Let each backend answer once, after so many milliseconds, at the first second."""
    for backend, latency in enumerate(milliseconds):
        listener.load(*[1] * len(milliseconds))
        listener.answer(backend, latency * MILLISECOND, SECOND)
    return listener.load(*[0] * len(milliseconds))


@pytest.mark.parametrize("name", ["peak_ewma", "least_response_time"])
def test_the_faster_backend_is_picked(balanced, name):
    """Of two, the one that answered sooner, as long as it has no more than its share in flight."""
    listener = warmed(
        balanced(name, [1, 1], smoothing=1) if "least" in name else balanced(name, [1, 1]), 200, 100
    )
    assert {listener.pick(SECOND) for _ in range(100)} == {1}
    listener.load(0, 1)
    assert {listener.pick(SECOND) for _ in range(100)} <= {0, 1}
    listener.load(0, 2)
    assert {listener.pick(SECOND) for _ in range(100)} == {0}


def test_a_peak_counts_at_once_and_fades(balanced):
    """A longer response time is taken as it is, a shorter one by its age; silence fades too."""
    listener = warmed(balanced("peak_ewma", [1, 1]), 100, 100)
    place = 3
    listener.load(1, 1).answer(0, 900 * MILLISECOND, 2 * SECOND)
    assert listener.memory[place] == 900 * MILLISECOND
    listener.load(1, 1).answer(0, 100 * MILLISECOND, 12 * SECOND)
    share = math.exp(-1)
    expected = (900 * share + 100 * (1 - share)) * MILLISECOND
    assert listener.memory[place] == pytest.approx(expected, abs=2)
    listener.load(0, 0)
    assert {listener.pick(12 * SECOND) for _ in range(50)} == {1}


def test_what_was_slow_long_ago_is_tried_again(balanced):
    """With no answer for 100 s its old response time is as good as none."""
    listener = warmed(balanced("peak_ewma", [1, 1]), 900, 100)
    listener.load(0, 1).answer(1, 100 * MILLISECOND, 100 * SECOND)
    assert {listener.pick(101 * SECOND) for _ in range(50)} == {0}


def test_the_mean_follows_answers_by_the_smoothing(balanced):
    """30 ms at first, then a tenth of the way to each answer."""
    listener = balanced("least_response_time", [1, 1])
    for latency, expected in ((130, 40), (40, 40), (0, 36)):
        listener.load(1, 1).answer(0, latency * MILLISECOND)
        assert listener.memory[1] == pytest.approx(expected * MILLISECOND, rel=1e-4)
