"""The arithmetic of HorizontalPodAutoscalers."""

import pytest

from emu.control.desired_replicas import (
    Aim,
    Change,
    PodUse,
    Recommendation,
    Use,
    desired,
    limited,
    stabilized,
)
from emu.scenario.kubernetes.autoscaler import Behavior

S = 1_000_000_000
MISSING, UNREADY = PodUse(Use.MISSING, 0, 1000), PodUse(Use.UNREADY, 0, 1000)


def using(*milli):
    """Pods that request a core each and use so much of it."""
    return [PodUse(Use.MEASURED, its, 1000) for its in milli]


def wanted(pods, percent=50, current=None, milli=None):
    """What is wanted for these Pods."""
    aim = Aim(None if milli else percent, milli)
    return desired(pods, len(pods) if current is None else current, aim, 0.1, 0.1)


@pytest.mark.parametrize(
    ("percent", "replicas"),
    [(90, 8), (55, 4), (54, 4), (56, 5), (50, 4), (45, 4), (44, 4), (37, 3), (25, 2), (1, 1)],
)
def test_four_pods_at_half_a_core(percent, replicas):
    """ceil(4 * use / 50 %), and nothing within a tenth; at 180 % of the target 8."""
    assert wanted(using(*[percent * 10] * 4)) == replicas


def test_the_ratio_is_of_sums():
    """It is that of all use to all requests, in whole percent."""
    assert wanted(using(0, 0, 0, 4000)) == 8
    assert wanted(using(559, 559, 559, 559)) == 4  # 55 %
    assert wanted(using(560, 560, 560, 560)) == 5


def test_a_saturated_use_caps_the_step():
    """With 100 % of its request as the most and a target of 75 %, a third more each time."""
    assert wanted(using(*[1000] * 6), percent=75) == 8


def test_of_amounts():
    """The mean, in thousandths of a core."""
    assert wanted(using(300, 500), milli=200) == 4
    assert wanted(using(210, 215), milli=200) == 2


def test_unready_pods_count_as_idle_where_more_are_wanted():
    """Two at 90 %, two that start: 180 / 4 = 45 % is below the target, so nothing; at 120 %,
    60 % of four asks for five."""
    assert wanted([*using(900, 900), UNREADY, UNREADY]) == 4
    assert wanted([*using(1200, 1200), UNREADY, UNREADY]) == 5


def test_unready_pods_are_left_out_where_fewer_are_wanted():
    """Two at 20 % of 50 % ask for one, however many start."""
    assert wanted([*using(200, 200), UNREADY, UNREADY]) == 1


def test_missing_pods_are_idle_where_more_and_full_where_fewer_are_wanted():
    """At 90 %: 180 / 3 = 60 %, four. At 20 %: 140 / 3 = 46 %, nothing."""
    assert wanted([*using(900, 900), MISSING]) == 4
    assert wanted([*using(200, 200), MISSING]) == 3


def test_missing_pods_use_what_is_aimed_at_if_that_is_more():
    """At 120 % of 200 % with one missing at 200 %: 146 / 200, ceil(3 * 0.73) = 3."""
    assert wanted([*using(1200, 1200), MISSING], percent=200) == 3


def test_missing_pods_of_amounts_use_what_is_aimed_at():
    """(20 + 20 + 200) / 3 = 80 of 200: ceil(3 * 0.4) = 2."""
    assert wanted([*using(20, 20), MISSING], milli=200) == 2


def test_at_the_target_missing_pods_change_nothing():
    """A ratio of one stays one."""
    assert wanted([*using(500, 500), MISSING]) == 3


def test_nothing_is_known():
    """Without a measurement nothing changes."""
    assert wanted([MISSING, UNREADY], current=7) == 7


def test_more_pods_than_there_are_to_be():
    """While Pods of a rollout surge, what they ask for never turns the direction."""
    assert wanted([*using(300, 300, 300, 300, 300), MISSING], current=3) == 3


def now_then(now, *past):
    """Recommendations of seconds ago."""
    return [Recommendation((now - ago) * S, replicas) for ago, replicas in past]


@pytest.mark.parametrize(
    ("past", "replicas"),
    [
        ([], 2),
        ([(299, 8)], 8),
        ([(300, 8)], 2),
        ([(200, 5), (100, 3)], 5),
        ([(200, 12)], 8),
    ],
)
def test_down_only_after_five_minutes(past, replicas):
    """As few as the most that was wanted in 300 s, but no more than there are: of 8, 2 wanted."""
    assert stabilized(2, 8, now_then(1000, *past), Behavior(), 1000 * S) == replicas


def test_up_at_once():
    """There is no window for growing by default; with one, the least that was wanted in it."""
    past = now_then(1000, (10, 4), (50, 5), (70, 1))
    assert stabilized(9, 4, past, Behavior(), 1000 * S) == 9
    slow = Behavior.model_validate({"scaleUp": {"stabilizationWindowSeconds": 60}})
    assert stabilized(9, 4, past, slow, 1000 * S) == 4
    assert stabilized(9, 4, past[1:], slow, 1000 * S) == 5


@pytest.mark.parametrize(
    ("current", "replicas"), [(1, 5), (3, 7), (4, 8), (5, 10), (20, 40), (60, 100)]
)
def test_up_by_four_or_twice(current, replicas):
    """Whichever is more within 15 s, towards the 100 that are wanted."""
    assert limited(100, current, [], Behavior(), 1000 * S) == replicas


def test_what_has_come_within_the_period_counts():
    """Four have come 10 s ago to four: no more until 15 s have passed."""
    assert limited(100, 8, [Change(990 * S, 4)], Behavior(), 1000 * S) == 8
    assert limited(100, 8, [Change(985 * S, 4)], Behavior(), 1000 * S) == 16


def test_down_all_at_once():
    """100 % within 15 s."""
    assert limited(1, 50, [], Behavior(), 1000 * S) == 1


def test_policies():
    """At most two Pods or a tenth a minute, whichever is more, less, or nothing at all."""
    policies = [
        {"type": "Pods", "value": 2, "periodSeconds": 60},
        {"type": "Percent", "value": 10, "periodSeconds": 60},
    ]
    for select, down, up in (("Max", 45, 55), ("Min", 48, 52), ("Disabled", 50, 50)):
        rules = {"policies": policies, "selectPolicy": select}
        behavior = Behavior.model_validate({"scaleDown": rules, "scaleUp": rules})
        assert limited(1, 50, [], behavior, 1000 * S) == down
        assert limited(100, 50, [], behavior, 1000 * S) == up
    gone = [Change(970 * S, -3)]
    behavior = Behavior.model_validate({"scaleDown": {"policies": policies}})
    assert limited(1, 47, gone, behavior, 1000 * S) == 45
