"""``emu probe``: reachability on a terminal, and flows for scripts."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app, main

NODEPORT = str(Path(__file__).parents[2] / "scenarios" / "nodeport.yaml")
FLOW = {
    "name": "from outside", "node": "node-1", "protocol": "TCP", "source": "203.0.113.10",
    "destination": "192.168.1.100", "port": 30001,
}  # fmt: skip


def probe(*arguments, file=NODEPORT):
    """The result of ``emu probe`` with these arguments."""
    return CliRunner().invoke(app, ["probe", file, *arguments], catch_exceptions=False)


@pytest.fixture
def flows(tmp_path):
    """The path of a file with the flow, and what it should meet."""

    def written(**expect):
        path = tmp_path / "flows.json"
        path.write_text(json.dumps([FLOW | {"expect": expect}]))
        return str(path)

    return written


def test_the_table_fits_and_names_every_place():
    """Each destination once, in 80 columns, with who reaches it."""
    done = probe()
    lines = done.stdout.splitlines()
    assert (done.exit_code, done.stderr) == (0, "")
    assert max(map(len, lines)) <= 80
    heads = [line.rstrip() for line in lines if line.startswith("to ")]
    assert heads == [
        "to domain example.com, 192.168.1.1 port 80",
        "to load balancer edge, 192.168.1.1 port 80",
        "to Service web.default, 10.96.0.1 port 8080",
        "to ClusterIP 10.96.0.1 port 8080",
        "to node node-1, 192.168.1.100 port 30001",
        "to node node-2, 192.168.1.101 port 30001",
        "to Pod default/web-1, 10.244.1.2 port 8080",
        "to Pod default/web-2, 10.244.1.3 port 8080",
    ]


def test_json_is_one_list():
    """A row for each source and destination."""
    rows = json.loads(probe("--json").stdout)
    assert len(rows) == 5 * 8
    assert rows[0]["source"] == "outside"
    assert rows[0]["endpoints"] == ["10.244.1.2:8080", "10.244.1.3:8080"]


def test_flows_are_answered_in_their_order(flows):
    """Name, action, endpoints, masquerade and reason; nothing about expectations that are met."""
    done = probe("--flows", flows(action="DNAT", masquerade=True), "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == [
        {
            "name": "from outside",
            "action": "DNAT",
            "endpoints": ["10.244.1.2:8080", "10.244.1.3:8080"],
            "masquerade": True,
            "hairpin": [],
            "reason": "default/web node port, externalTrafficPolicy Cluster: masqueraded",
        }
    ]


def test_what_is_not_as_expected_ends_with_status_1(flows):
    """The difference stands in the table and in the document."""
    path = flows(action="DROP")
    done = probe("--flows", path)
    assert done.exit_code == 1
    assert "✗ action DROP was expected" in done.stdout
    assert json.loads(probe("--flows", path, "--json").stdout)[0]["differs"]


def test_another_mode_can_be_asked(flows):
    """Under nftables a NodePort answers at the primary address all the same."""
    done = probe("--flows", flows(action="DNAT"), "--mode", "nftables")
    assert done.exit_code == 0


def test_an_unknown_mode_is_refused(monkeypatch, capsys):
    """A message that lists the modes, and status 2."""
    monkeypatch.setattr(sys, "argv", ["emu", "probe", NODEPORT, "--mode", "magic"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "unknown proxy mode 'magic'; known: ebpf, iptables" in capsys.readouterr().err
