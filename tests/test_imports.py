"""What a command does not need it does not import: that is most of what a short one takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NODEPORT = "scenarios/nodeport.yaml"

COMMAND = """
import sys
from emu.cli import app
app(sys.argv[1:], standalone_mode=False)
print(*sorted(sys.modules), file=sys.stderr)
"""
API = f"""
import sys, emu
emu.load("{NODEPORT}")
print(*sorted(sys.modules), file=sys.stderr)
"""


def imported(code, *arguments):
    """The modules that there are after this code ran in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=True, timeout=300,
    )  # fmt: skip
    return set(done.stderr.splitlines()[-1].split())


def test_help_needs_no_library():
    """Neither numbers nor models: the commands are only named."""
    modules = imported(COMMAND, "--help")
    assert not modules & {"numpy", "numba", "pydantic", "pyarrow", "networkx", "rich.console"}


@pytest.mark.parametrize(
    ("code", "arguments"),
    [(COMMAND, ("check", NODEPORT)), (COMMAND, ("trace", NODEPORT)), (API, ())],
    ids=["check", "trace", "load"],
)
def test_what_writes_no_run_needs_no_parquet(code, arguments):
    """Nor networkx, where the network has no links of its own."""
    assert not imported(code, *arguments) & {"pyarrow", "networkx"}


def test_a_run_needs_one_engine_and_no_compiler(tmp_path):
    """Once its kernels are in the cache; and nothing that only finds ways over given links."""
    run = ("run", NODEPORT, "--set", "spec.duration=1s", "--set", "spec.warmup=0s", "--again")
    run = (*run, "--engine", "process", "--out", str(tmp_path))
    imported(COMMAND, *run)
    modules = imported(COMMAND, *run)
    assert "emu.engines.process" in modules
    assert not modules & {
        "emu.engines.compiled", "numba.np.linalg", "scipy.linalg", "networkx", "pyarrow.compute",
    }  # fmt: skip
