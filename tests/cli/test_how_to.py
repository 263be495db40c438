"""Every command of the how-tos of reports and questions runs, in order, and ends well."""

import contextlib
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app

ROOT = Path(__file__).parents[2]


def commands(page):
    """The lines of its blocks of shell."""
    text = (ROOT / f"docs/how-to/{page}.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("page", ["report", "query"])
def test_commands_run(page, tmp_path):
    """In a folder with the scenarios and nothing else, as a shell would."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    lines = commands(page)
    assert len(lines) > 4
    with contextlib.chdir(tmp_path):
        for line in lines:
            words = []
            for word in shlex.split(line)[1:]:
                words += (
                    sorted(map(str, Path().glob(word))) if word.startswith("results/") else [word]
                )
            done = CliRunner(env={"COLUMNS": "80"}).invoke(app, words)
            assert done.exit_code == 0, (line, done.output, done.exception)
            assert done.stdout
