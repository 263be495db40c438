"""Requests at the times of a trace: those of a file, or a list of them.

Time k of the trace, which counts from its first, is divided by ``speed`` and rounded to the nearest
nanosecond. With ``share`` each request is kept with that chance, by a draw keyed by the client and
the place in the trace, so that thinning makes a Poisson process of one. With ``repeat`` the trace
begins again a mean gap after its last request, at which the mean rate stays the same. Times up to
2^53 ns (104 days) after the first are floats without loss.
"""

import math
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, model_validator

from emu.kernel import kernel
from emu.quantities import Duration, Fraction
from emu.random_streams import THINNING, uniform
from emu.registry import OptionsModel
from emu.units import SECOND
from emu.workload._access_log import format_of, logged_times
from emu.workload._changing_rate import check_mean
from emu.workload._end import NO_MORE
from emu.workload._packing import LATEST, packed, unpacked
from emu.workload._trace_column import column_times

EXAMPLE = {
    "times": ["0s", "1ms", "1ms", "5ms", "6500us", "9ms"],
    "share": "80%",
    "repeat": True,
}

MOST_TIMES: Final = 5_000_000
"""So many packed times fit into a resolved scenario that can still be read."""
MOST_LISTED: Final = 10_000

_HIGHEST_MEAN: Final = 1e8

# Places of the parameters: what is remembered, then the options, then the times.
_CLIENT: Final = 0
_PLACE: Final = 1
_SHARE: Final = 2
_PERIOD: Final = 3
_COUNT: Final = 4
_TIMES: Final = 5


class Options(OptionsModel):
    """Requests at the times of a trace.

    Once a file is read, its times stand in its place, counted from the first.
    """

    file: str | None = None
    """A Parquet or CSV file or an access log, by its path from the scenario's folder; CSV files and
    logs may end in ``.gz``."""
    format: Literal["parquet", "csv", "nginx", "envoy"] | None = None
    """What the file is; by default what its name ends in, and where that is neither ``.parquet``
    nor ``.csv``, an access log, of Envoy if its first line begins with ``[``, else of nginx (common
    or combined)."""
    column: str | None = None
    """The column of a Parquet or CSV file that holds the times: numbers, or timestamps."""
    unit: Literal["ns", "us", "ms", "s"] | None = None
    """What a column of numbers counts; none for a column of timestamps."""
    sort: bool = False
    """Whether a column may be out of order; the times are sorted then, as those of a log always
    are."""
    times: Annotated[tuple[Duration, ...], Field(min_length=1, max_length=MOST_LISTED)] | None = (
        None
    )
    """Instead of a file: the times themselves from the start of the run, at most 10,000."""
    packed: str | None = None
    """Instead of a list: more times than 10,000, as a run writes them into its scenario."""
    speed: Annotated[float, Field(ge=0.01, le=1_000_000)] = 1.0
    """How much faster than the trace time passes: with 2 the rate doubles."""
    share: Annotated[Fraction, Field(ge=1e-6)] = 1.0
    """The share of the requests that is kept, drawn for each."""
    repeat: bool = False
    """Whether the trace begins again after its end."""

    @model_validator(mode="after")
    def _one_source(self, info: ValidationInfo) -> "Options":
        if [self.file, self.times, self.packed].count(None) != 2:
            raise ValueError("must have either file or times")
        if self.file is None:
            if self.sort or {self.format, self.column, self.unit} != {None}:
                raise ValueError("must have a file where there is format, column, unit or sort")
            _check(self)
            return self
        times = _read(self, Path((info.context or {}).get("folder", ""), self.file))
        found = Options.model_construct(
            times=tuple(times.tolist()) if len(times) <= MOST_LISTED else None,
            packed=packed(times) if len(times) > MOST_LISTED else None,
            speed=self.speed,
            share=self.share,
            repeat=self.repeat,
        )
        _check(found)
        return found


def _read(options: Options, path: Path) -> NDArray[np.int64]:
    """The times of the file, from the first on. Raises ValueError."""
    form = options.format or _format_by_name(path) or format_of(path)
    if form in ("parquet", "csv"):
        if not options.column:
            raise ValueError(f"must have a column, for the file is one of format {form}")
        times = column_times(path, form, options.column, options.unit, options.sort, LATEST)
    else:
        if options.sort or options.column or options.unit:
            raise ValueError("must have no column, unit or sort, for the file is an access log")
        times = logged_times(path, form, MOST_TIMES)
    if not len(times):
        raise ValueError(f"must name a trace with requests; {str(path)!r} has none")
    if len(times) > MOST_TIMES:
        raise ValueError(f"must name a trace of at most {MOST_TIMES:,} requests")
    if times[-1] - times[0] > LATEST:
        raise ValueError(f"must name a trace of at most {LATEST / SECOND / 86400:.0f} days")
    since_first: NDArray[np.int64] = times - times[0]
    return since_first


def _format_by_name(path: Path) -> str:
    ending = path.suffixes[-2:-1] if path.suffix == ".gz" else [path.suffix]
    return {".parquet": "parquet", ".csv": "csv"}.get("".join(ending), "")


def _check(options: Options) -> None:
    """Raise ValueError where the times are in disorder or have no mean rate."""
    try:
        times = _times(options)
    except ValueError as error:
        raise ValueError(f"must have packed as a run wrote it, which {error}") from None
    early = np.diff(times) < 0
    if early.any():
        raise ValueError(
            f"must have times in order; number {early.argmax() + 2} is before the one before it"
        )
    if times[-1] > LATEST:
        raise ValueError(f"must have times of at most {LATEST / SECOND / 86400:.0f} days")
    if times[0] == times[-1]:
        raise ValueError("must be a trace with requests at two different times at least")
    mean = rate(options)
    check_mean(mean)
    if mean / options.share > _HIGHEST_MEAN:
        raise ValueError("must have a mean rate of at most 100000000/s")


def _times(options: Options) -> NDArray[np.int64]:
    """In nanoseconds, before they are scaled."""
    if options.packed is not None:
        return unpacked(options.packed)
    return np.array(options.times, np.int64)


def parameters(options: Options) -> NDArray[np.float64]:
    """Room for the client and its place; share, period (0: no repetition), number and times."""
    times = _times(options)
    period = round(len(times) * _mean_gap(times) / options.speed) if options.repeat else 0
    head = [0.0, 0.0, options.share, float(period), float(len(times))]
    return np.concatenate([head, np.rint(times / options.speed)])


def rate(options: Options) -> float:
    """The mean rate per second, from the first request to the last."""
    return options.share * options.speed * SECOND / _mean_gap(_times(options))


def most(options: Options) -> float:
    """The length of the trace, with infinite repetition infinite."""
    return math.inf if options.repeat else len(_times(options))


def lasts(options: Options) -> float:
    """The last time, scaled, in nanoseconds; with infinite repetition infinite."""
    return math.inf if options.repeat else float(_times(options)[-1]) / options.speed


def _mean_gap(times: NDArray[np.int64]) -> float:
    """In nanoseconds."""
    return int(times[-1] - times[0]) / (len(times) - 1)


@kernel
def following(
    parameters: NDArray[np.float64], first: int, seed: int, request: int, index: int, previous: int
) -> int:
    """The next time that is kept, or `NO_MORE` behind the end."""
    if index == 0:
        parameters[first + _CLIENT], parameters[first + _PLACE] = request, 0
    client, place = int(parameters[first + _CLIENT]), int(parameters[first + _PLACE])
    share = parameters[first + _SHARE]
    period, count = int(parameters[first + _PERIOD]), int(parameters[first + _COUNT])
    while place < count or period > 0:
        here = place
        place += 1
        if share >= 1.0 or uniform(seed, THINNING, client, here) < share:
            parameters[first + _PLACE] = place
            return here // count * period + int(parameters[first + _TIMES + here % count])
    parameters[first + _PLACE] = place
    return NO_MORE
