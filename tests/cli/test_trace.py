"""``emu trace``: the path of one request on a terminal and for scripts."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app, main

ROOT = Path(__file__).parents[2]
NODEPORT = str(ROOT / "scenarios" / "nodeport.yaml")


def trace(*arguments, file=NODEPORT):
    """The result of ``emu trace`` with these arguments."""
    return CliRunner().invoke(app, ["trace", file, *arguments], catch_exceptions=False)


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """All kernels are compiled, so that nothing is said about it."""
    trace()


def test_the_five_steps():
    """One table of five rows, and how it ended."""
    done = trace()
    lines = done.stdout.splitlines()
    assert (done.exit_code, done.stderr) == (0, "")
    assert lines[0].rstrip() == "From internet to http://example.com/: ok"
    steps = [line.split() for line in lines if line[:4].strip().isdigit()]
    assert [step[:5] for step in steps] == [
        ["1", "client", "any", "192.168.1.1", "80"],
        ["2", "192.168.1.1", "80", "192.168.1.100", "30001"],
        ["3", "192.168.1.100", "30001", "10.96.0.1", "8080"],
        ["4", "10.96.0.1", "8080", "10.244.1.2", "8080"],
        ["5", "10.244.1.2", "8080", "client", "any"],
    ]
    assert lines[-1].startswith("The answer was there after ")
    assert max(map(len, lines)) <= 80


def test_the_wire():
    """Every rule's name stands whole in 80 columns; the virtual address is nowhere."""
    lines = trace("--wire").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    words = " ".join(lines).split()
    for rule in ("KUBE-NODEPORTS", "KUBE-EXT-LOLE4ISW44XBNF3G", "KUBE-SVC-LOLE4ISW44XBNF3G",
                 "KUBE-SEP-PXJ2U7QYT2QW5545", "MASQUERADE", "0.5000000000", "DNAT"):  # fmt: skip
        assert rule in words
    assert "10.96.0.1" not in words


def test_json_is_one_document():
    """Both lists, whatever else is asked; the keys are those that a script may rely on."""
    done = trace("--json", "--wire")
    document = json.loads(done.stdout)
    assert len(document["logical"]) == 5
    assert len(document["wire"]) == 12
    assert list(document["logical"][0]) == ["src", "src_port", "dst", "dst_port", "what"]
    assert set(document["wire"][0]) == {
        "at_ns", "direction", "place", "src", "src_port", "dst", "dst_port", "what",
    }  # fmt: skip
    assert json.loads(trace("--json").stdout) == document


def test_from_to_and_set():
    """The ends by name, and the file's values replaced."""
    to_pod = json.loads(trace("--from", "node-2", "--to", "10.244.1.3:8080", "--json").stdout)
    assert [step["dst"] for step in to_pod["logical"]] == ["10.244.1.3", "192.168.1.101"]
    refused = trace("--set", "spec.behaviours[0].appPort=9")
    assert "listens on 9 and refuses" in " ".join(refused.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "x"), "unknown source 'x'; known: outside, internet, node-1, node-2, "
                          "default/web-1, default/web-2\n"),
        (("--to", "x"), "unknown destination 'x'; known: example.com, edge, node-1, node-2, "
                        "default/web-1, default/web-2\n"),
        (("--to", "edge:http"), "destination = edge:http: must have a port between 1 and 65535\n"),
        (("--set", "spec.x=1"), "override: spec.x: "),
    ],
)  # fmt: skip
def test_what_is_refused(arguments, message, monkeypatch, capsys):
    """A line on standard error with the known names, status 2, and no traceback."""
    monkeypatch.setattr(sys, "argv", ["emu", "trace", NODEPORT, *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    output, errors = capsys.readouterr()
    assert (end.value.code, output) == (2, "")
    assert errors.startswith(message)


def test_silence_ends_and_is_said():
    """A ClusterIP does not exist outside: the client gives up, and the command ends well."""
    done = trace("--from", "outside", "--to", "10.96.0.1")
    assert done.exit_code == 0
    assert "connect_timeout" in done.stdout.splitlines()[0]
    assert done.stdout.rstrip().endswith("No answer came: the client gave up after 127 s.")


def test_warnings_go_to_standard_error(tmp_path):
    """As of every command that loads a scenario."""
    file = tmp_path / "scenario.yaml"
    more = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    file.write_text(Path(NODEPORT).read_text() + more)
    done = trace("--json", file=str(file))
    assert done.stderr.startswith("warning: 1 x ConfigMap (v1)")
    assert json.loads(done.stdout)["outcome"] == "ok"


def test_the_version():
    """``emu --version`` says which one it is, without a command."""
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, "emu 0.1.0\n")
