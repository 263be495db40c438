"""A sweep of compiled runs with one worker against two, on two cores.

The digest of the numbers is asserted before times are reported. At least 1.7 is wanted.
"""

import hashlib
import os
import statistics
import tempfile
import time
from pathlib import Path

import pyarrow as pa

import emu

ROUNDS = 2
SCENARIO = Path(__file__).with_name("scenario.yaml")
REQUESTS = 1_500_000
DIGEST = "075d33cbe3ab"


def swept(requests: int, workers: int) -> emu.Sweep:
    """Sixteen runs that are nowhere found again."""
    with tempfile.TemporaryDirectory() as out:
        return emu.sweep(
            SCENARIO,
            {"spec.behaviours[0].workers": "2..5"},
            replications=4,
            seed=1,
            overrides={"spec.requests": requests},
            out=out,
            engine="compiled",
            workers=workers,
        )


def digest(points: pa.Table) -> str:
    """Of all numbers of a table of points."""
    columns = [
        points[name] for name in points.column_names if pa.types.is_floating(points[name].type)
    ]
    return hashlib.sha256(repr([column.to_pylist() for column in columns]).encode()).hexdigest()[
        :12
    ]


def seconds(workers: int) -> float:
    """How long it takes, its numbers checked."""
    began = time.perf_counter()
    sweep = swept(REQUESTS, workers)
    took = time.perf_counter() - began
    found = digest(sweep.points)
    assert found == DIGEST, f"{workers} workers: {found}"
    return took


def main() -> None:
    """Measure and report."""
    swept(1_000, 1)  # compiles
    rounds = [(seconds(1), seconds(2)) for _ in range(ROUNDS)]
    ratio = statistics.median(one / two for one, two in rounds)
    one, two = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"{len(os.sched_getaffinity(0))} cores; load {os.getloadavg()[0]:.1f}")
    print(f"one worker {one:.1f} s, two workers {two:.1f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
