"""A closed loop: so many users, each of whom thinks, sends a request, and waits for its answer.

A user thinks before the first request too, so that not all come at once. What comes after a
failure, or after the user has given up, is the next thought as well. The engines let the time
between pass: here no request follows by itself.

Source: L. Kleinrock, "Queueing Systems", volume II, 1976, on finite populations.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.distributions import DISTRIBUTIONS, Distribution, mean_of
from emu.kernel import kernel
from emu.registry import Choice, OptionsModel
from emu.units import SECOND
from emu.workload._end import NO_MORE

EXAMPLE = {"users": 10}

_SHORTEST = 1e-3


class Options(OptionsModel):
    """Users who wait for each answer before they send again."""

    users: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    """How many users."""
    think_time: Distribution = DISTRIBUTIONS.chosen("exponential", mean="1s")
    """How long each thinks before a request."""


def users(options: Options) -> int:
    """How many users there are."""
    return options.users


def think_time(options: Options) -> Choice:
    """The distribution of the time for which a user thinks."""
    return options.think_time


def parameters(options: Options) -> tuple[float, ...]:
    """None: nothing follows by itself."""
    return ()


def rate(options: Options) -> float:
    """The rate per second if answers took no time, but 1 ms with the thought before: at most."""
    return options.users / max(mean_of(options.think_time) / SECOND, _SHORTEST)


@kernel
def following(
    parameters: NDArray[np.float64], first: int, seed: int, request: int, index: int, previous: int
) -> int:
    """Nothing follows by itself."""
    return NO_MORE
