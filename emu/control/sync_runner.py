"""When a kube-proxy may sync its rules.

Syncs follow each other at a distance of minSyncPeriod at least, from the end of one to the start of
the next, but for bursts: a sync takes a token, one comes back each minSyncPeriod, and there are two
at most. So a first change after a quiet time is synced at once, and a second one soon after it too.
Where nothing asks for a sync for the whole period, there is one by itself, which occupies the
kube-proxy like any other; it is reckoned with when somebody asks.

Source: Kubernetes, pkg/util/async/bounded_frequency_runner.go, with ``burstSyncs`` 2 of the proxy
modes.
"""

from typing import Final

BURST: Final = 2


class SyncRunner:
    """One kube-proxy's; times are nanoseconds, ``ended`` when its last sync was over."""

    def __init__(self, least: int, period: int, resync: int, ended: int) -> None:
        self._least, self._period, self._resync = least, period, resync
        self._ended = ended
        self._full = ended
        """When both tokens are there again."""

    def next(self, now: int) -> int:
        """When a sync may begin that is asked for now, while none is under way that was."""
        self._pass_by(now)
        if now < self._ended:
            return self.next(self._ended)
        if now >= self._full - (BURST - 1) * self._least:
            return now
        return max(now, self._ended + self._least)

    def ran(self, began: int, ended: int) -> None:
        """There was a sync."""
        self._full = max(self._full, began) + self._least
        self._ended = ended

    def _pass_by(self, now: int) -> None:
        """Let the syncs be that began by themselves before now."""
        turns = max(now - self._ended, 0) // (self._period + self._resync)
        self._ended += turns * (self._period + self._resync)
        began = self._ended + self._period
        if began < now:
            self.ran(began, began + self._resync)
        elif turns:
            self._full = max(self._full, self._ended - self._resync + self._least)
