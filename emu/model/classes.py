"""The classes of the clients' requests as rows of `emu.hops.classes.REQUEST_CLASS`."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.distributions import mean_of
from emu.hops.classes import REQUEST_CLASS, THE_PODS
from emu.registry import Choice
from emu.scenario import Client
from emu.scenario.classes import RequestClass
from emu.units import SECOND


class Demand(NamedTuple):
    """What a client's requests ask of a worker: a share of them what its Pod takes, and all others
    so many seconds, in the mean of all its requests."""

    own: float
    seconds: float


class ClassTable:
    """The classes of all clients; their service times are added to ``choices``."""

    def __init__(self, choices: list[Choice]) -> None:
        self._choices = choices
        self._rows: list[tuple[float, int, int, int]] = []
        self.names: list[str] = []

    def add(self, client: Client) -> tuple[int, int]:
        """Where the classes of a client begin, and how many there are; one where it has none."""
        first, classes = len(self._rows), client.classes or (RequestClass(name="all"),)
        total = math.fsum(one.weight for one in classes)
        for one, weight in zip(classes, accumulate(one.weight for one in classes), strict=True):
            self.names.append(one.name if client.classes else "")
            sizes = (one.request_size, one.response_size)
            request, response = (
                default if size is None else size
                for size, default in zip(
                    sizes, (client.request_size, client.response_size), strict=True
                )
            )
            self._rows.append((weight / total, request, response, self._service_time(one)))
        return first, len(classes)

    def _service_time(self, one: RequestClass) -> int:
        if one.service_time is None:
            return THE_PODS
        self._choices.append(one.service_time)
        return len(self._choices) - 1

    def rows(self, places: Sequence[int]) -> NDArray[Any]:
        """An array of `REQUEST_CLASS`, with these places of the distributions that were chosen."""
        rows = np.array(self._rows, REQUEST_CLASS)
        for row in rows:
            if row["service_time"] != THE_PODS:
                row["service_time"] = places[row["service_time"]]
        return rows


def demand_of(client: Client) -> Demand:
    """What the client's requests ask of a worker."""
    total = math.fsum(one.weight for one in client.classes)
    if not client.classes:
        return Demand(1.0, 0.0)
    own = math.fsum(one.weight for one in client.classes if one.service_time is None)
    seconds = math.fsum(
        one.weight * mean_of(one.service_time) / SECOND
        for one in client.classes
        if one.service_time is not None
    )
    return Demand(own / total, seconds / total)
