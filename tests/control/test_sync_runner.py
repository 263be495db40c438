"""When a kube-proxy may sync its rules."""

import pytest

from emu.control.sync_runner import SyncRunner

S = 1_000_000_000
HOUR = 3600 * S


def starts(asked, least=S, took=S // 10, period=HOUR, resync=0):
    """When the syncs begin that are asked for at these times, after a quiet time."""
    runner, begun = SyncRunner(least, period, resync, -10 * S), []
    for at in asked:
        now = max(at, begun[-1] + took) if begun else at
        begun.append(runner.next(now))
        runner.ran(begun[-1], begun[-1] + took)
    return begun


def test_two_may_follow_each_other_after_a_quiet_time():
    """The first two syncs begin as soon as they are asked for; the third waits for minSyncPeriod
    after the end of the second."""
    assert starts([0, S // 5, S // 2]) == [0, S // 5, S // 5 + S // 10 + S]


def test_a_token_comes_back_each_period():
    """Changes that are minSyncPeriod apart are all synced at once."""
    assert starts([0, S, 2 * S, 3 * S]) == [0, S, 2 * S, 3 * S]


def test_what_lasts_longer_than_the_period_is_followed_at_once():
    """A sync of 5 s gives the tokens back meanwhile."""
    assert starts([0, 1, 2], took=5 * S) == [0, 5 * S, 10 * S]


def test_without_a_bound_nobody_waits():
    """minSyncPeriod 0, as in ipvs: each is synced as soon as the one before is over."""
    assert starts([0, 1, 2], least=0) == [0, S // 10, 2 * S // 10]


@pytest.mark.parametrize(("asked", "begins"), [(25, 25), (30, 30), (31, 34), (33, 34), (35, 35)])
def test_a_sync_by_itself_occupies_the_kube_proxy(asked, begins):
    """After 30 s without one a sync begins by itself and takes 4 s; what is asked for meanwhile
    waits for its end."""
    runner = SyncRunner(0, 30 * S, 4 * S, 0)
    assert runner.next(asked * S) == begins * S


def test_syncs_by_themselves_go_on_in_their_rhythm():
    """The next ones begin 30 s after the end of the one before: at 30, 64, 98 s."""
    runner = SyncRunner(0, 30 * S, 4 * S, 0)
    assert [runner.next(at * S) // S for at in (63, 65, 99, 103)] == [63, 68, 102, 103]
