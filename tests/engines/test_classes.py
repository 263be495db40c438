"""Requests of several classes: sizes and service times of their own."""

from collections import Counter

import pytest

MS = 1_000_000

SPEC = """
requests: 400
behaviours: [{workers: 50, serviceTime: 20ms}]
network: {external: 1ms, internal: 1ms, local: 0s}
clients:
  - name: internet
    arrivals: {constant: {rate: 100/s}}
    requestSize: 100
    responseSize: 200
    classes:
      - {name: quick, weight: 3, serviceTime: 2ms, responseSize: 5000}
      - {name: usual, weight: 1}
"""


def test_a_class_has_its_sizes_and_times(described, play):
    """What a class does not say is the client's, or the Pod's."""
    rows = play(described(SPEC)).rows
    met = Counter(
        (
            int(row["request_class"]), int(row["request_bytes"]), int(row["response_bytes"]),
            int(row["service_end_ns"] - row["service_start_ns"]),
        )
        for row in rows
    )  # fmt: skip
    assert set(met) == {(0, 100, 5000, 2 * MS), (1, 100, 200, 20 * MS)}
    assert met[0, 100, 5000, 2 * MS] == pytest.approx(300, abs=4 * (400 * 0.75 * 0.25) ** 0.5)


def test_the_load_implies_the_mix(described, play):
    """Implied utilisation: a class that says how long it takes counts so, the others as the Pod."""
    model = play(described(SPEC)).model
    expected = 100 * (0.75 * 0.002 + 0.25 * 0.020) / (2 * 50)
    assert list(model.expected.utilisation.values()) == pytest.approx([expected] * 2)


def test_a_slow_pod_is_slow_for_all_classes(described, play):
    """The Pod's speed divides the service time of every class."""
    slow = SPEC.replace("workers: 50,", "workers: 50, speed: 0.5,")
    rows = play(described(slow)).rows
    times = {int(row["service_end_ns"] - row["service_start_ns"]) for row in rows}
    assert times == {4 * MS, 40 * MS}
