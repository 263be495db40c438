"""The pages on sweeps say what is so: their commands and snippets run."""

import contextlib
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app

ROOT = Path(__file__).parents[1]
SWEEP = (ROOT / "docs/how-to/sweep.md").read_text()
DASK = (ROOT / "docs/how-to/dask.md").read_text()


def blocks(text, language):
    """The fenced blocks of a language, without their fences."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


COMMANDS = [
    line
    for block in blocks(SWEEP, "sh") + blocks(DASK, "sh")
    for line in block.splitlines()
    if line.startswith("emu ") and "--scheduler" not in line
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the scenarios and the documents of the pages."""
    made = tmp_path_factory.mktemp("how-to")
    shutil.copytree(ROOT / "scenarios", made / "scenarios")
    for block in blocks(SWEEP, "yaml"):
        (made / block.split(maxsplit=2)[1]).write_text(block)
    return made


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_run(folder, line):
    """Each ends well and prints a table or a document."""
    words = shlex.split(line.replace("$PWD", str(folder)))[1:]
    with contextlib.chdir(folder):
        done = CliRunner(env={"COLUMNS": "80"}).invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "nodeport" in done.stdout


def test_snippets_run(folder, capsys):
    """The Python of the page prints a line for each point."""
    (snippet,) = blocks(SWEEP, "python")
    with contextlib.chdir(folder):
        exec(snippet, {})
    assert len(capsys.readouterr().out.splitlines()) == 4
