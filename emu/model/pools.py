"""The pools of kept connections of a run, numbered."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.hops.pool import NEVER, POOL, SETTINGS
from emu.scenario import Connections

_Settings = tuple[int, int, int, int, int, float]

_NOBODYS: Final[_Settings] = (NEVER, 1, NEVER, NEVER, NEVER, 0.0)


class PoolTable:
    """All pools: those of each client's addresses towards each of its targets, and those of each
    listener towards each of its backends. The first is nobody's."""

    def __init__(self) -> None:
        self._settings: dict[_Settings, int] = {_NOBODYS: 0}
        self._pools = [0]

    def first_of(self, connections: Connections | None, count: int) -> int:
        """The number of the first of so many new pools, or 0 where no connection is kept."""
        if connections is None:
            return 0
        first = len(self._pools)
        self._pools += [self._number(connections)] * count
        return first

    def _number(self, connections: Connections) -> int:
        settings = (
            connections.max_connections or NEVER,
            connections.at_once,
            connections.max_requests or NEVER,
            connections.idle_timeout or NEVER,
            connections.max_age or NEVER,
            connections.max_age_jitter,
        )
        return self._settings.setdefault(settings, len(self._settings))

    @property
    def settings(self) -> NDArray[Any]:
        """An array of `SETTINGS`."""
        return np.array(list(self._settings), SETTINGS)

    @property
    def pools(self) -> NDArray[Any]:
        """An array of `POOL`."""
        return np.array([(settings, 0, 0) for settings in self._pools], POOL)
