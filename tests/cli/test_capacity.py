"""``emu capacity``: its answer, its document, and what it refuses.

The transcript beside this file is what the command prints on 80 columns, but for the folder. After
a change that is meant: RENEW_TRANSCRIPTS=1 .venv/bin/pytest tests/cli/test_capacity.py
"""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app
from emu.errors import EmuError

NODEPORT = str(Path(__file__).parents[2] / "scenarios" / "nodeport.yaml")
TRANSCRIPT = Path(__file__).with_name("capacity.txt")
SHORT = ("--set", "spec.duration=10s", "--set", "spec.warmup=1s", "--engine", "process")
RATE = ("--vary", "spec.clients[0].arrivals.poisson.rate=100/s..420/s:80/s")
SLO = ("--slo", "p90<150ms and errors<1%")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A results folder."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def search(out):
    """The result of a short ``emu capacity``, in this process."""

    def invoke(*arguments):
        line = ["capacity", NODEPORT, *SHORT, "--replications", "6", "--out", str(out), *arguments]
        return CliRunner(env={"COLUMNS": "80"}).invoke(app, line, catch_exceptions=False)

    return invoke


def test_the_transcript(search, out):
    """Word for word, and nothing wider than a terminal."""
    done = search(*SLO, *RATE)
    assert (done.exit_code, done.stderr) == (0, "")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    end = len(lines) - 1 - lines[::-1].index("")
    assert Path("".join(lines[end:])).parent == out / "nodeport"
    assert max(map(len, lines[:end])) <= 80
    if "RENEW_TRANSCRIPTS" in os.environ:
        TRANSCRIPT.write_text("\n".join(lines[:end]) + "\n", encoding="utf-8")
    assert lines[:end] == TRANSCRIPT.read_text(encoding="utf-8").splitlines()


def test_one_document_for_scripts(search):
    """With --json there is nothing else on standard output, and it says where the folder is."""
    done = search(*SLO, *RATE, "--json")
    said = json.loads(done.stdout)
    assert (said["wanted"], done.stderr) == ("greatest", "")
    assert json.loads((Path(said.pop("capacity_dir")) / "capacity.json").read_text()) == said


def test_without_an_answer_the_status_is_1(search):
    """Scripts are told without reading the text."""
    done = search("--slo", "p50<1ms", *RATE)
    assert done.exit_code == 1
    assert "No value of the range surely meets the objectives" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--slo", "p98<1s", *RATE), "unknown measure 'p98'"),
        (("--slo", "p99<fast", *RATE), "must be a duration"),
        ((*SLO, "--vary", "spec.seed=1..9"), "each replication has a seed of its own"),
        ((*SLO, *RATE, "--replications", "0"), "must be at least 1"),
    ],
)
def test_wrong_input_is_refused(search, arguments, says):
    """With one message for each mistake, before anything is run."""
    with pytest.raises(EmuError, match=says):
        search(*arguments)
