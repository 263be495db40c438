"""Of which class a request is."""

import numpy as np

from emu.hops.classes import REQUEST_CLASS, THE_PODS, class_of

CLASSES = np.array(
    [
        (1.0, 100, 1_000, THE_PODS),
        (0.5, 1, 2, 3),
        (0.8, 4, 5, 6),
        (1.0, 7, 8, 9),
    ],
    REQUEST_CLASS,
)
"""The only class of one client, then three of another, with shares of 50, 30 and 20 %."""


def test_an_only_class_takes_no_draw():
    """Every request of a client without classes is of its one."""
    assert {class_of(CLASSES, 0, 1, 1, request) for request in range(50)} == {0}


def test_classes_have_their_shares():
    """Each class has its share of the requests, within four standard errors."""
    count = 4_000
    places = [class_of(CLASSES, 1, 3, 7, request) for request in range(count)]
    for place, share in ((1, 0.5), (2, 0.3), (3, 0.2)):
        error = (share * (1 - share) / count) ** 0.5
        assert abs(places.count(place) / count - share) < 4 * error


def test_the_class_is_the_requests_own():
    """The same request has the same class whenever it is asked."""
    asked = [class_of(CLASSES, 1, 3, 7, request) for request in (5, 3, 5)]
    assert asked[0] == asked[2]
