"""Where control loops write what happens to the cluster."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emu.units import SECOND


def spoken(nanoseconds: int) -> str:
    """How long something took, as the details of events have it."""
    return f"{nanoseconds / SECOND:.3f}s"


class Log(Protocol):
    """What a run leaves besides its requests; see `emu.engines.Sink`."""

    def write_metrics(
        self, at_ns: int, metric: str, objects: Sequence[str], values: NDArray[np.float64]
    ) -> None:
        """Take one sample of a metric for each of these objects."""

    def write_event(
        self, at_ns: int, kind: str, object_: str, cause: str | None = None,
        detail: str | None = None,
    ) -> None:  # fmt: skip
        """Take one thing that happened to the cluster, in the order of time."""

    def add_pod(self, name: str, address: str, node: int) -> None:
        """The next number stands for this Pod."""

    def add_endpoint(self, address: str, port: int) -> None:
        """The next number stands for this endpoint."""


class NamedLog:
    """A log that knows the name of each Pod that there ever was, by its number."""

    def __init__(self, log: Log, pod_names: Sequence[str]) -> None:
        self._log, self.pod_names = log, list(pod_names)
        self.write_metrics, self.write_event = log.write_metrics, log.write_event
        self.add_endpoint = log.add_endpoint

    def add_pod(self, name: str, address: str, node: int) -> None:
        """The next number stands for this Pod."""
        self.pod_names.append(name)
        self._log.add_pod(name, address, node)
