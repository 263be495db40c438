"""CFS bandwidth control: the CPU time that all threads of a Pod have together in a period.

A Pod with a limit of L cores has a quota of L periods of CPU time in each period of 100 ms. Each
thread that runs uses it up at the rate 1; when it is gone all wait until the next period begins.
Periods follow one another whether anybody runs or not, and nothing is carried over. Source: Linux,
kernel/sched/fair.c: ``start_cfs_bandwidth`` forwards the timer by whole periods past now, so after
idling too periods begin where they always did; ``__refill_cfs_bandwidth_runtime``. The period and
the least quota are the kubelet's: Kubernetes, pkg/kubelet/cm (``QuotaPeriod``, ``MinQuotaPeriod``).

Threads run for whole nanoseconds: what is left of a quota and is not a nanosecond for each of them
is lost. Here ``left`` is what was left of the quota at the time ``since``, in a period that ends at
``period_end``, and ``busy``, above 0, are the threads. At the end of a period the next has begun.
"""

from typing import Final

from emu.kernel import embedded

PERIOD: Final = 100_000_000
"""Nanoseconds of a period."""
LEAST: Final = 1_000_000
"""Nanoseconds of the least quota."""


@embedded
def ran(quota: int, left: int, since: int, period_end: int, busy: int, now: int) -> int:
    """For how many nanoseconds from ``since`` to now threads ran, each of them."""
    first = min(min(now, period_end) - since, left // busy)
    if now < period_end:
        return first
    whole, rest = (now - period_end) // PERIOD, (now - period_end) % PERIOD
    each = min(PERIOD, quota // busy)
    return first + whole * each + min(rest, each)


@embedded
def left_of(quota: int, left: int, since: int, period_end: int, busy: int, now: int) -> int:
    """What is left of the quota now; here nobody need be busy."""
    if now >= period_end:
        left, since = quota, now - (now - period_end) % PERIOD
    return left if busy == 0 else left - busy * min(now - since, left // busy)


@embedded
def end_of(period_end: int, now: int) -> int:
    """When the period ends that is under way now."""
    if now < period_end:
        return period_end
    return now + PERIOD - (now - period_end) % PERIOD


@embedded
def wait(quota: int, left: int, since: int, period_end: int, busy: int, running: int) -> int:
    """How long after ``since`` threads have run for so many nanoseconds, above 0, each of them.

    At most `FAR`, which is looked at anew then.
    """
    first = min(period_end - since, left // busy)
    if running <= first:
        return running
    each = min(PERIOD, quota // busy)
    whole = (running - first - 1) // each
    if whole > FAR // PERIOD:
        return FAR
    return period_end - since + whole * PERIOD + running - first - whole * each


FAR: Final = 2**61
"""What a time from now is cut to, in nanoseconds: 73 years."""
