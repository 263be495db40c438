"""A Markov-modulated Poisson process: Poisson arrivals at the rate of a state that changes.

A state lasts for an exponential time; the next one is any of the others with the same chance, so
that with two they take turns. All are then entered equally often, and the share of time that a
state has is in proportion to how long it lasts in the mean: so the first one is drawn. Within its
states the process is that of `emu.workload._changing_rate`: a request comes when as many are
expected since the one before as its exponential draw says. Draws of states are keyed by the client
and the number of the sojourn. Times are rounded to the nearest nanosecond.

Source: W. Fischer, K. Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook",
Performance Evaluation 18 (1993).
"""

import math
from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from emu.kernel import kernel
from emu.quantities import Duration, RateOrZero
from emu.random_streams import ARRIVAL, NEXT_STATE, SOJOURN, uniform
from emu.registry import OptionsModel
from emu.units import SECOND, YEAR
from emu.workload._changing_rate import check_mean

EXAMPLE = {
    "states": [
        {"rate": "100/s", "lasting": "100ms"},
        {"rate": "1000/s", "lasting": "20ms"},
        {"rate": "0/s", "lasting": "10ms"},
    ]
}

_FEWEST_IN_A_STATE: Final = 1e-6
_SHORTEST: Final = 1_000
_LONGEST: Final = 100 * YEAR

# Places of the parameters: what is remembered, then the number of states, then those of each state.
_CLIENT: Final = 0
_STATE: Final = 1
_LEFT: Final = 2
_SOJOURN: Final = 3
_COUNT: Final = 4
_STATES: Final = 5
_SIZE: Final = 2


class State(OptionsModel):
    """A state of the process."""

    rate: RateOrZero
    """The rate of requests while it lasts."""
    lasting: Annotated[Duration, Field(gt=0, le=YEAR)]
    """How long it lasts, in the mean."""


class Options(OptionsModel):
    """Requests at random moments, at a rate that changes at random moments too."""

    states: Annotated[tuple[State, ...], Field(min_length=2, max_length=1_000)]
    """The states, each of which is left for any of the others with the same chance."""

    @field_validator("states")
    @classmethod
    def _is_a_rate(cls, states: tuple[State, ...]) -> tuple[State, ...]:
        if min(state.lasting for state in states) < _SHORTEST:
            raise ValueError("must have states that last 1us at least")
        check_mean(_mean_rate(states))
        if _requests(states) / len(states) < _FEWEST_IN_A_STATE:
            raise ValueError("must change the state at most a million times a request")
        return states


def parameters(options: Options) -> tuple[float, ...]:
    """Room for the client, its state, the time left in it and its number; then the states.

    Of each the requests per nanosecond, and the mean time in nanoseconds.
    """
    numbers = [0.0, 0.0, 0.0, 0.0, float(len(options.states))]
    for state in options.states:
        numbers += [state.rate / SECOND, float(state.lasting)]
    return tuple(numbers)


def rate(options: Options) -> float:
    """The mean rate per second: that of each state by its share of the time."""
    return _mean_rate(options.states)


def _mean_rate(states: Sequence[State]) -> float:
    return _requests(states) / (sum(state.lasting for state in states) / SECOND)


def _requests(states: Sequence[State]) -> float:
    """How many are expected while each of the states lasts once."""
    return math.fsum(state.rate * (state.lasting / SECOND) for state in states)


@kernel
def following(
    parameters: NDArray[np.float64], first: int, seed: int, request: int, index: int, previous: int
) -> int:
    """When as many requests are expected since the previous one as an exponential draw says."""
    if index == 0:
        _begin(parameters, first, seed, request)
    expected, time = -math.log(1.0 - uniform(seed, ARRIVAL, request, 0)), previous
    while time - previous < _LONGEST:
        stay = parameters[first + _LEFT]
        rate = parameters[first + _STATES + _SIZE * int(parameters[first + _STATE])]
        if expected < rate * stay:
            gap = min(math.floor(expected / rate + 0.5), stay)
            parameters[first + _LEFT] = stay - gap
            return time + int(gap)
        expected -= rate * stay
        time += int(stay)
        _change(parameters, first, seed)
    return time


@kernel
def _begin(parameters: NDArray[np.float64], first: int, seed: int, client: int) -> None:
    """Enter the first state, each with the chance that it has at any time."""
    count, total = int(parameters[first + _COUNT]), 0.0
    for state in range(count):
        total += parameters[first + _STATES + _SIZE * state + 1]
    left, state = uniform(seed, NEXT_STATE, client, 0) * total, 0
    while state < count - 1 and left >= parameters[first + _STATES + _SIZE * state + 1]:
        left -= parameters[first + _STATES + _SIZE * state + 1]
        state += 1
    parameters[first + _CLIENT], parameters[first + _SOJOURN] = client, 0
    _enter(parameters, first, seed, state)


@kernel
def _change(parameters: NDArray[np.float64], first: int, seed: int) -> None:
    """Enter any of the other states."""
    others, sojourn = int(parameters[first + _COUNT]) - 1, int(parameters[first + _SOJOURN]) + 1
    parameters[first + _SOJOURN] = sojourn
    client, state = int(parameters[first + _CLIENT]), 0
    if others > 1:
        state = int(uniform(seed, NEXT_STATE, client, sojourn) * others)
    if state >= parameters[first + _STATE]:
        state += 1
    _enter(parameters, first, seed, state)


@kernel
def _enter(parameters: NDArray[np.float64], first: int, seed: int, state: int) -> None:
    """Be in this state for an exponential time, in whole nanoseconds."""
    client, sojourn = int(parameters[first + _CLIENT]), int(parameters[first + _SOJOURN])
    mean = parameters[first + _STATES + _SIZE * state + 1]
    stay = -mean * math.log(1.0 - uniform(seed, SOJOURN, client, sojourn))
    parameters[first + _STATE], parameters[first + _LEFT] = state, math.floor(stay + 0.5)
