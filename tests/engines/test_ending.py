"""How an attempt ended for its client, case by case, and what is taken back at the end of a run."""

import numpy as np
import pytest

from emu.engines.ending import NEVER, cut, ending
from emu.recorder.rows import ABSENT, ROW, Outcome

KNOWN_BEFORE_THE_ANSWER = {
    Outcome.CONNTRACK_FULL,
    Outcome.SNAT_EXHAUSTED,
    Outcome.DROPPED_NO_LOCAL_ENDPOINT,
    Outcome.CONNECT_TIMEOUT,
}
PRODUCED = KNOWN_BEFORE_THE_ANSWER | {
    Outcome.OK, Outcome.REFUSED, Outcome.BACKLOG_FULL, Outcome.BAD_GATEWAY, Outcome.DNS_FAILURE,
}  # fmt: skip
"""What may have become of a request on its way."""


@pytest.mark.parametrize(
    ("outcome", "back", "deadline", "end", "seen", "done"),
    [
        ("OK", 70, NEVER, NEVER, "OK", 70),
        ("OK", 70, 80, 90, "OK", 70),
        ("OK", 80, 80, 90, "OK", 80),
        ("OK", 81, 80, 90, "REQUEST_TIMEOUT", 80),
        ("OK", 89, NEVER, 90, "OK", 89),
        ("OK", 90, NEVER, 90, "IN_FLIGHT", ABSENT),
        ("OK", 95, 89, 90, "REQUEST_TIMEOUT", 89),
        ("OK", 95, 90, 90, "IN_FLIGHT", ABSENT),
        ("OK", 0, 0, 1, "OK", 0),
        ("REFUSED", 95, 90, 90, "IN_FLIGHT", ABSENT),
        ("CONNTRACK_FULL", 95, 80, 90, "CONNTRACK_FULL", 80),
        ("CONNTRACK_FULL", 95, NEVER, 90, "IN_FLIGHT", ABSENT),
        ("IN_FLIGHT", NEVER, NEVER, 90, "IN_FLIGHT", ABSENT),
        ("IN_FLIGHT", NEVER, NEVER, NEVER, "IN_FLIGHT", ABSENT),
        ("IN_FLIGHT", NEVER, 80, 90, "REQUEST_TIMEOUT", 80),
        ("IN_FLIGHT", NEVER, 90, 90, "IN_FLIGHT", ABSENT),
        ("SNAT_EXHAUSTED", NEVER, 80, 90, "SNAT_EXHAUSTED", 80),
    ],
)
def test_endings(outcome, back, deadline, end, seen, done):
    """An answer counts at the deadline and not after it, before the end and not at it."""
    made = ending(int(Outcome[outcome]), back, deadline, end)
    assert made == (int(Outcome[seen]), done)


@pytest.mark.parametrize("outcome", sorted(PRODUCED))
def test_what_a_client_that_gave_up_knows(outcome):
    """A client that gave up saw its SYNs unanswered; it never came to know any answer."""
    expected = outcome if outcome in KNOWN_BEFORE_THE_ANSWER else Outcome.REQUEST_TIMEOUT
    assert ending(int(outcome), 200, 100, NEVER) == (int(expected), 100)
    assert ending(int(outcome), 100, 100, NEVER) == (int(outcome), 100)


def test_nothing_is_left_that_was_to_happen_at_the_end():
    """Moments at or after the end are taken back; those before it and all other fields stay."""
    rows = np.zeros(3, ROW)
    for field in ROW.names:
        rows[field] = 100
    rows["pod_ns"] = [99, 100, 101]
    rows["service_end_ns"] = [ABSENT, 0, 10**18]
    for field in set(ROW.names) - {"pod_ns", "service_end_ns"}:
        rows[field] = 100
    rows["intended_ns"] = 50
    cut(rows, 100)
    assert rows["pod_ns"].tolist() == [99, ABSENT, ABSENT]
    assert rows["service_end_ns"].tolist() == [ABSENT, 0, ABSENT]
    assert rows["intended_ns"].tolist() == [50, 50, 50]
    for field in set(ROW.names) - {"pod_ns", "service_end_ns", "intended_ns"}:
        expected = ABSENT if field.endswith("_ns") else 100
        assert (rows[field] == expected).all(), field


def test_rows_of_a_run_without_an_end_stay():
    """Where the run has no end, nothing is cut."""
    rows = np.full(2, 10**18, ROW)
    before = rows.copy()
    cut(rows, NEVER)
    assert (rows == before).all()
