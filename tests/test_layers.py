"""Imports go one way; the contract stands in pyproject.toml."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copy(tmp_path):
    """A copy of the package and its settings, which may be spoilt."""
    shutil.copytree(ROOT / "emu", tmp_path / "emu", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder):
    """Exit status and output of import-linter over the package in this folder."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=folder, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def append(path, line):
    """Add a line at the end of a source."""
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_the_package_keeps_its_layers(copy):
    """No room imports one above it, and every room has its place."""
    status, output = lint(copy)
    assert status == 0, output
    assert "0 broken" in output


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("emu/units.py", "import emu.registry"),
        ("emu/distributions/constant.py", "import emu.hops.balancer"),
        ("emu/hops/pod.py", "import emu.hops.dns"),
        ("emu/analysis/__init__.py", "import emu.engines"),
        ("emu/analysis/__init__.py", "import emu.model"),
        ("emu/scenario/__init__.py", "import emu.cli"),
        ("emu/new_room.py", "import emu.units"),
    ],
)
def test_an_import_that_goes_the_wrong_way_is_found(copy, source, line):
    """A room that imports one above or beside it, or has no place at all, breaks the contract."""
    (copy / source).touch()
    append(copy / source, line)
    status, output = lint(copy)
    assert status == 1, output
