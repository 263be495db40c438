"""A fixed duration."""

from typing import Any

from numpy.typing import NDArray

from emu.kernel import kernel
from emu.quantities import Duration
from emu.registry import OptionsModel


class Options(OptionsModel):
    """Always the same duration."""

    value: Duration
    """The duration."""


def parameters(options: Options) -> tuple[float, ...]:
    """The value in nanoseconds."""
    return (float(options.value),)


def mean(options: Options) -> float:
    """The value itself."""
    return float(options.value)


@kernel
def draw(
    parameters: NDArray[Any], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """The value."""
    return parameters[first]
