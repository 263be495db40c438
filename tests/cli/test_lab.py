"""``emu lab``: what the kernel made of the connections, on a terminal and for scripts."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app, main
from emu.lab import Verdict, missing, unseen

NODEPORT = str(Path(__file__).parents[2] / "scenarios" / "nodeport.yaml")


def lab(*arguments):
    """The result of ``emu lab`` with these arguments."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["lab", NODEPORT, *arguments])


@pytest.fixture
def verdicts(monkeypatch):
    """Stand in the kernel's place: one connection agrees, the other does or does not."""

    def stand_in(agrees):
        entry = "none" if agrees else "b:2 -> c:3"
        found = [
            Verdict("node-1", "Service web", "a:1", "a:1", True),
            Verdict("outside", "node node-1", "refused", "silence", agrees, "none", entry),
        ]
        monkeypatch.setattr("emu.lab.check", lambda *_: found)

    return stand_in


def test_the_real_thing():
    """All agree on the reference cluster, and the last line says so."""
    lacking = missing("iptables")
    if lacking:
        pytest.skip("; ".join(lacking))
    done = lab("--connections", "20")
    entries = "" if unseen() else ", with their entries in conntrack"
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == f"17 of 17 agree with the kernel{entries}"


def test_what_differs_ends_with_status_1(verdicts):
    """It is marked, with what was expected, of the entry too; the document has every field."""
    verdicts(agrees=False)
    done = lab()
    assert done.exit_code == 1
    assert "expected: refused" in done.stdout
    assert "conntrack: b:2 -> c:3" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 of 2 agree with the kernel")
    assert json.loads(lab("--json").stdout)[1]["seen"] == "silence"


def test_where_all_agree_the_status_is_0(verdicts):
    """Nothing is marked."""
    verdicts(agrees=True)
    done = lab()
    assert done.exit_code == 0
    assert "expected" not in done.stdout


def refusal(monkeypatch, capsys):
    """What the command says where it ends with status 2."""
    monkeypatch.setattr(sys, "argv", ["emu", "lab", NODEPORT])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_without_root_it_says_so(monkeypatch, capsys):
    """A message and status 2, whatever else is missing."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    message = refusal(monkeypatch, capsys)
    assert message.startswith("the lab cannot run here: ")
    assert "only root may make network namespaces" in message


@pytest.mark.parametrize("user", [0, 1000])
def test_without_the_tools_it_names_their_packages(monkeypatch, capsys, tmp_path, user):
    """A message and status 2, for root and for others."""
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setenv("PATH", str(tmp_path))
    message = refusal(monkeypatch, capsys)
    assert "there is no ip (Debian package iproute2)" in message
    assert "there is no iptables-restore (Debian package iptables)" in message
    assert ("only root" in message) == (user != 0)


def test_without_conntrack_it_says_what_was_not_compared(verdicts, monkeypatch, tmp_path):
    """The connections are compared all the same."""
    verdicts(agrees=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = lab()
    assert done.exit_code == 0
    assert done.stderr == (
        "conntrack's entries were not compared: there is no conntrack (Debian package conntrack)\n"
    )
    assert done.stdout.splitlines()[-1].startswith("2 of 2 agree with the kernel")
