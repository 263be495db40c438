"""Errors in a row, and what they lead to."""

import numpy as np

from emu.hops.balancer import BACKENDS, STRATEGIES
from emu.hops.balancer.barring import Bar
from emu.hops.balancer.outliers import (
    DETECTOR,
    FAILED,
    MONITOR,
    SERVED,
    hear,
    no_ejections,
)

RANDOM = STRATEGIES.number("random")


class Detected:
    """Three backends, of which so many may be ejected for three errors in a row."""

    def __init__(self, most):
        self.backends = np.zeros(3, BACKENDS)
        self.backends["weight"] = self.backends["available"] = 1
        options = STRATEGIES.chosen("random").options
        self.memory = STRATEGIES["random"].prepare(options, self.backends)
        self.monitors, self.ejections = np.zeros(3, MONITOR), no_ejections(3)
        self.detectors = np.array([(3, 10, 30, 50, most, 0)], DETECTOR)

    def hear(self, backend, *says, now=100):
        """Whether each of these ejects the backend."""
        return [
            hear(
                RANDOM, self.backends, self.memory, self.monitors, self.detectors, self.ejections,
                0, backend, now, one,
            )
            for one in says
        ]  # fmt: skip


def test_the_third_error_in_a_row_ejects():
    """Not the third of all: an answer between begins anew."""
    detected = Detected(most=1)
    assert not any(detected.hear(1, FAILED, FAILED, SERVED, FAILED, FAILED))
    assert detected.hear(1, FAILED) == [True]
    assert detected.backends["barred"].tolist() == [0, Bar.EJECTED, 0]
    assert detected.ejections[:2].tolist() == [[1, 0, 0, 0], [100, 0, 1, 30]]


def test_no_more_are_ejected_than_may_be():
    """With one ejected of one, the next three errors of another eject nobody."""
    detected = Detected(most=1)
    detected.hear(1, FAILED, FAILED, FAILED)
    assert not any(detected.hear(2, *[FAILED] * 7))
    assert detected.detectors["ejected"].tolist() == [1]


def test_it_is_ejected_for_longer_each_time_up_to_the_longest():
    """30, then 50 in place of 60."""
    detected = Detected(most=3)
    for lasting in (30, 50, 50):
        detected.hear(0, FAILED, FAILED, FAILED)
        assert detected.monitors["until_ns"][0] == 100 + lasting
        detected.monitors["until_ns"] = 0


def test_what_comes_late_from_an_ejected_backend_does_not_count():
    """Answers to requests that it had been given before leave it as it is."""
    detected = Detected(most=3)
    detected.hear(0, FAILED, FAILED, FAILED)
    before = detected.monitors.copy()
    assert not any(detected.hear(0, FAILED, SERVED, FAILED, FAILED, FAILED))
    assert (detected.monitors == before).all()
