"""Every shipped scenario, run shortened once for all tests of a process."""

from pathlib import Path

import pytest

import emu

ROOT = Path(__file__).parents[2]
SHORTENED = {"spec.duration": "10s", "spec.warmup": "1s"}


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """Runs a scenario for as long as it says, by its name."""
    out = tmp_path_factory.mktemp("whole")

    def run(name, **overrides):
        overrides = {f"spec.{path.replace('__', '.')}": value for path, value in overrides.items()}
        return emu.run(ROOT / "scenarios" / f"{name}.yaml", overrides=overrides, out=out)

    return run


@pytest.fixture(scope="session")
def shipped(tmp_path_factory):
    """Runs a scenario of the folder ``scenarios``, by its name."""
    out = tmp_path_factory.mktemp("shipped")

    def run(name):
        return emu.run(ROOT / "scenarios" / f"{name}.yaml", overrides=SHORTENED, out=out)

    return run
