"""``emu rules``: a node's rules on standard output."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app, main

NODEPORT = str(Path(__file__).parents[2] / "scenarios" / "nodeport.yaml")


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("", "-A KUBE-SEP-PXJ2U7QYT2QW5545 -s 10.244.1.2/32 -m comment --comment "
             '"default/web" -j KUBE-MARK-MASQ'),
        ("nftables", "table ip kube-proxy {"),
        ("ipvs", "-a -t 192.168.1.100:30001 -r 10.244.1.2:8080 -m -w 1"),
    ],
)  # fmt: skip
def test_rules_of_each_mode(mode, line):
    """The configured mode, or another; the rules alone are on standard output."""
    arguments = ["rules", NODEPORT, "--node", "node-1"]
    done = CliRunner().invoke(app, [*arguments, *(["--mode", mode] if mode else [])])
    assert done.exit_code == 0
    assert line in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--node", "node-9"], "unknown node 'node-9'; known: node-1, node-2"),
        (["--node", "node-1", "--mode", "x"], "unknown mode with rules to print 'x'; known: "
         "iptables, ipvs, nftables"),
    ],
)  # fmt: skip
def test_unknown_names_are_refused(monkeypatch, capsys, arguments, message):
    """A message with the known names, and status 2."""
    monkeypatch.setattr(sys, "argv", ["emu", "rules", NODEPORT, *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.strip() == message
