"""Every shipped scenario prints what its transcript says: the summary, and the path both ways.

A transcript is what the commands in it print on 80 columns, but for the wall-clock time and the
run's folder. After a change that is meant, renew them all and read the difference:

    RENEW_TRANSCRIPTS=1 .venv/bin/pytest tests/scenarios
    git diff tests/scenarios/transcripts
"""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app
from tests.conftest import seconds_of

ROOT = Path(__file__).parents[2]
TRANSCRIPTS = Path(__file__).with_name("transcripts")
SCENARIOS = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
RENEW = "RENEW_TRANSCRIPTS" in os.environ

COMMANDS = (
    "run scenarios/{name}.yaml --engine process"
    " --set spec.duration={seconds}s --set spec.warmup=1s",
    "trace scenarios/{name}.yaml",
    "trace scenarios/{name}.yaml --wire",
)


def printed(line, out):
    """What a command prints, without what differs from one time to the next."""
    arguments = line.split()
    if arguments[0] == "run":
        arguments += ["--out", str(out)]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    if arguments[0] == "run":
        (took,) = (i for i, text in enumerate(lines) if text.startswith("took "))
        assert str(out) in "".join(lines[took + 1 :])
        del lines[took - 1 :]
    return lines


def transcript(name, out):
    """The commands about a scenario, each with what it prints."""
    parts, seconds = [], seconds_of(ROOT / "scenarios" / f"{name}.yaml", 10)
    for command in COMMANDS:
        line = command.format(name=name, seconds=seconds)
        parts.append("\n".join([f"$ emu {line}", *printed(line, out)]))
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_transcript(name, tmp_path, monkeypatch):
    """Word for word, and nothing wider than a terminal."""
    monkeypatch.chdir(ROOT)
    now = transcript(name, tmp_path)
    assert max(len(line) for line in now.splitlines() if not line.startswith("$ ")) <= 80
    file = TRANSCRIPTS / f"{name}.txt"
    if RENEW:
        file.write_text(now, encoding="utf-8")
    assert now.splitlines() == file.read_text(encoding="utf-8").splitlines()


def test_none_is_missing_and_none_is_left():
    """A transcript for each scenario, and no other file beside them."""
    if RENEW:
        for file in TRANSCRIPTS.iterdir():
            if file.stem not in SCENARIOS:
                file.unlink()
    else:
        assert sorted(file.name for file in TRANSCRIPTS.iterdir()) == [
            f"{name}.txt" for name in SCENARIOS
        ]
