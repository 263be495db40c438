"""``emu lab``: what the kernel made of the connections, on a terminal and for scripts."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app, main
from emu.lab import Verdict, missing

NODEPORT = str(Path(__file__).parents[2] / "scenarios" / "nodeport.yaml")


def lab(*arguments):
    """The result of ``emu lab`` with these arguments."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["lab", NODEPORT, *arguments])


@pytest.fixture
def verdicts(monkeypatch):
    """Stand in the kernel's place: one connection agrees, the other does or does not."""

    def stand_in(agrees):
        found = [
            Verdict("node-1", "Service web", "a:1", "a:1", True),
            Verdict("outside", "node node-1", "refused", "silence", agrees),
        ]
        monkeypatch.setattr("emu.lab.check", lambda *_: found)

    return stand_in


def test_the_real_thing():
    """All agree on the reference cluster, and the last line says so."""
    lacking = missing("iptables")
    if lacking:
        pytest.skip("; ".join(lacking))
    done = lab("--connections", "20")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "17 of 17 agree with the kernel")


def test_what_differs_ends_with_status_1(verdicts):
    """It is marked, with what was expected; the document has every field."""
    verdicts(agrees=False)
    done = lab()
    assert done.exit_code == 1
    assert "expected: refused" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 of 2 agree with the kernel"
    assert json.loads(lab("--json").stdout)[1]["seen"] == "silence"


def test_where_all_agree_the_status_is_0(verdicts):
    """Nothing is marked."""
    verdicts(agrees=True)
    done = lab()
    assert done.exit_code == 0
    assert "expected" not in done.stdout


def test_where_it_cannot_run_it_says_why(monkeypatch, capsys):
    """A message and status 2."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["emu", "lab", NODEPORT])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith("the lab cannot run here: only root may make network namespaces")
