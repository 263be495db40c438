"""A Pod's workers and backlog."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.hops.pod import POD, Admission, arrive, leave


def pods_of(workers, backlog):
    """Two Pods of this size, idle."""
    pods = np.zeros(2, POD)
    pods["workers"], pods["backlog"] = workers, backlog
    return pods


def test_workers_first_then_the_backlog_then_refusal():
    """Two workers are taken, then three places in the backlog, and one more is refused."""
    pods = pods_of(workers=2, backlog=3)
    admissions = [Admission(arrive(pods, 0)).name for _ in range(7)]
    assert admissions == ["SERVED"] * 2 + ["QUEUED"] * 3 + ["REFUSED"] * 2
    assert (pods["busy"][0], pods["queued"][0]) == (2, 3)


def test_a_pod_without_a_backlog_queues_nobody():
    """With a backlog of 0 a request finds a free worker or is refused."""
    pods = pods_of(workers=1, backlog=0)
    assert [arrive(pods, 0), arrive(pods, 0)] == [Admission.SERVED, Admission.REFUSED]
    assert not leave(pods, 0)
    assert arrive(pods, 0) == Admission.SERVED


def test_whoever_waits_takes_the_place_of_who_leaves():
    """The worker goes on with the next of the backlog, and rests when there is none."""
    pods = pods_of(workers=1, backlog=2)
    for _ in range(3):
        arrive(pods, 0)
    assert [(leave(pods, 0), int(pods["busy"][0]), int(pods["queued"][0])) for _ in range(3)] == [
        (True, 1, 1), (True, 1, 0), (False, 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("pod", [0, 1])
def test_pods_do_not_touch_one_another(pod):
    """What comes to one Pod leaves the other as it was."""
    pods = pods_of(workers=1, backlog=1)
    other = pods[1 - pod].tobytes()
    arrive(pods, pod)
    arrive(pods, pod)
    leave(pods, pod)
    assert pods[1 - pod].tobytes() == other


@given(
    workers=st.integers(1, 4),
    backlog=st.integers(0, 4),
    comings=st.lists(st.booleans(), max_size=60),
)
def test_nobody_waits_while_a_worker_rests(workers, backlog, comings):
    """Busy + queued is those within, nobody is queued beside an idle worker, limits hold."""
    pods, within = pods_of(workers, backlog), 0
    for coming in comings:
        if coming:
            within += arrive(pods, 0) != Admission.REFUSED
        elif within:
            within -= 1
            assert leave(pods, 0) == (within >= workers)
        busy, queued = pods["busy"][0], pods["queued"][0]
        assert (busy, queued) == (min(within, workers), max(0, within - workers))
        assert queued <= backlog
