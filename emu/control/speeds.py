"""The speeds of the Pods while they change: whatever slows one says so here."""

from math import prod

import numpy as np

from emu.model.state import State


class Speeds:
    """A Pod's speed is its own times all that it is multiplied by at the moment."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._own = np.array(state.pods["speed"])
        self._factors: dict[int, list[float]] = {}

    def begin(self, pod: int, speed: float) -> None:
        """A new Pod has this speed of its own."""
        self._own[pod] = speed
        self._set(pod)

    def multiply(self, pod: int, factor: float) -> None:
        """From now on it is multiplied by this, too."""
        self._factors.setdefault(pod, []).append(factor)
        self._set(pod)

    def release(self, pod: int, factor: float) -> None:
        """From now on it is not."""
        self._factors[pod].remove(factor)
        self._set(pod)

    def _set(self, pod: int) -> None:
        """Anew from all factors, in order: quotients would drift."""
        factors = sorted(self._factors.get(pod, ()))
        self._state.pods["speed"][pod] = self._own[pod] * prod(factors)
