"""Every shipped scenario, run shortened once for all tests of a process."""

from pathlib import Path

import numpy as np
import pytest

import emu
from emu.engines import process
from emu.model.build import build
from tests.conftest import Played, seconds_of

S = 1_000_000_000
ROOT = Path(__file__).parents[2]
SHORTENED = {"spec.duration": "10s", "spec.warmup": "1s"}


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """Runs a scenario for as long as it says, by its name; with other values in its spec, and in
    the objects beside it."""
    out = tmp_path_factory.mktemp("whole")

    def run(name, objects=None, **overrides):
        overrides = {f"spec.{path.replace('__', '.')}": value for path, value in overrides.items()}
        overrides |= objects or {}
        return emu.run(ROOT / "scenarios" / f"{name}.yaml", overrides=overrides, out=out)

    return run


@pytest.fixture(scope="session")
def shipped(tmp_path_factory):
    """Runs a scenario of the folder ``scenarios``, by its name."""
    out = tmp_path_factory.mktemp("shipped")

    def run(name):
        file = ROOT / "scenarios" / f"{name}.yaml"
        shortened = SHORTENED | {"spec.duration": f"{seconds_of(file, 10)}s"}
        return emu.run(file, overrides=shortened, out=out)

    return run


def happened(run, kind):
    """The events of a kind in their order: (second, object, cause, detail)."""
    return [(row["at_ns"] / S, row["object"], row["cause"], row["detail"])
            for row in run.events.to_pylist() if row["kind"] == kind]  # fmt: skip


def lost(run):
    """Which rows are of requests that failed."""
    return ~np.isin(run.requests["outcome"].to_pylist(), ["ok", "in_flight"])


def seconds(run, column="intended_ns"):
    """A column of times, in seconds; NaN where it did not happen."""
    return run.requests[column].to_numpy() / S


@pytest.fixture(scope="session")
def dealt():
    """How many connections each Pod has after the first seconds of keep-alive, by the seed, with a
    caller at each address of these networks."""

    def run(seed, networks):
        overrides = {"spec.duration": "3s", "spec.warmup": "0s", "spec.clients": [
            {
                "name": f"callers-{number}",
                "addresses": f"198.51.{number}.0{size}",
                "url": "https://example.com/",
                "connections": {"protocol": "HTTP/2"},
                "arrivals": {"constant": {"rate": "20/s"}},
            }
            for number, size in enumerate(networks)
        ]}  # fmt: skip
        scenario = emu.load(ROOT / "scenarios" / "keep-alive.yaml", seed, overrides)
        rows = Played(build(scenario), process).run().rows
        rows = rows[rows["pod"] >= 0]
        pairs = {(row["connection"], row["pod"]) for row in rows}
        counts = [0] * 5
        for _, pod in pairs:
            counts[pod] += 1
        return counts

    return run
