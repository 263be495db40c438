"""The metrics server: what CPU the Pods of scaled Deployments use.

Every 15 s it takes the mean over the time since it last did, which holds until the next time; a Pod
that was not there the last time has none yet. A busy worker uses a core. How many are busy is
looked at once in each 100 ms, so a mean of 15 s is one of 150 looks. Source:
kubernetes-sigs/metrics-server (``--metric-resolution``).
"""

from collections.abc import Generator, Sequence
from typing import Final

import numpy as np
import simpy

from emu.control.objects import pods_of
from emu.control.run import Run
from emu.units import SECOND

RESOLUTION_NS: Final = 15 * SECOND
LOOK_NS: Final = SECOND // 10
MOMENTS: Final = tuple(
    int((look + look * (5**0.5 - 1) / 2 % 1) * LOOK_NS) for look in range(RESOLUTION_NS // LOOK_NS)
)
"""When it looks, from the last time on: each time later by the golden ratio in its 100 ms. Requests
that come at even times it would else meet at the same point of their service again and again."""


class MetricsServer:
    """The CPU use of Pods, by their numbers, in thousandths of a core; and as of when it is."""

    def __init__(self, run: Run, deployments: Sequence[str]) -> None:
        self._run, self._deployments = run, deployments
        self.milli: dict[int, int] = {}
        self.scraped_ns = 0

    def process(self) -> Generator[simpy.Event, None, None]:
        """Measure, again and again."""
        while True:
            pods = self._pods()
            busy = np.zeros(len(pods), np.int64)
            began = self._run.now
            for moment in MOMENTS:
                yield self._run.env.timeout(began + moment - self._run.now)
                busy += self._run.state.pods["busy"][pods]
            yield self._run.env.timeout(began + RESOLUTION_NS - self._run.now)
            here = set(self._pods())
            used = busy * 1000 // len(MOMENTS)
            self.milli = {
                pod: milli for pod, milli in zip(pods, used.tolist(), strict=True) if pod in here
            }
            self.scraped_ns = self._run.now

    def _pods(self) -> list[int]:
        """The Pods that run now."""
        return [pod.number for name in self._deployments for pod in pods_of(self._run, name)
                if pod.number >= 0]  # fmt: skip
