"""``emu compare``: its table, its document, what it refuses, and how it ends early.

The transcript beside this file is what the command prints on 80 columns, but for the folder. After
a change that is meant: RENEW_TRANSCRIPTS=1 .venv/bin/pytest tests/cli/test_compare.py
"""

import json
import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import emu
from emu.analysis.log_linear import QUANTILE_ERROR
from emu.cli import app, main
from tests.cli.test_run import Terminal

ROOT = Path(__file__).parents[2]
NODEPORT = str(ROOT / "scenarios" / "nodeport.yaml")
TRANSCRIPT = Path(__file__).with_name("compare.txt")
SHORT = ("--set", "spec.duration=3s", "--set", "spec.warmup=1s", "--engine", "process")
VARIED = ("--vary", "spec.loadBalancers[0].strategy=round_robin,{power_of_d_choices: {d: 2}}")
WORKERS = ("--vary", "spec.behaviours[0].workers=4,5")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A results folder."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def run(out):
    """The result of a short ``emu compare``, in this process."""

    def invoke(*arguments):
        line = ["compare", NODEPORT, *SHORT, "--out", str(out), *arguments]
        return CliRunner(env={"COLUMNS": "80"}).invoke(app, line, catch_exceptions=False)

    return invoke


def test_the_transcript(run, out):
    """Word for word, and nothing wider than a terminal."""
    done = run(*VARIED, *WORKERS, "--replications", "3")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    end = lines.index("", lines.index("") + 1)
    folder = "".join(lines[end:])
    assert sorted(path.name for path in Path(folder).iterdir()) == [
        "comparison.json", "replications.parquet",
    ]  # fmt: skip
    assert Path(folder).parent == out / "nodeport"
    assert max(map(len, lines[:end])) <= 80
    if "RENEW_TRANSCRIPTS" in os.environ:
        TRANSCRIPT.write_text("\n".join(lines[:end]) + "\n", encoding="utf-8")
    assert lines[:end] == TRANSCRIPT.read_text(encoding="utf-8").splitlines()


def test_json_is_one_document(run, out):
    """The same numbers as from Python, and nothing else on standard output."""
    done = run(*WORKERS, "--replications", "2", "--json", "--confidence", "0.9", "--seed", "9")
    document = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (0, "")
    same = emu.compare(
        NODEPORT, {"spec.behaviours[0].workers": [4, 5]}, 2, seed=9, confidence=0.9, out=out,
        overrides={"spec.duration": "3s", "spec.warmup": "1s"},
    )  # fmt: skip
    assert document == same.document()
    assert (document["seed"], document["confidence"]) == (9, 0.9)


def test_one_replication_says_that_it_has_no_intervals(run):
    """There is a difference, and a word of caution."""
    lines = run(*WORKERS, "--replications", "1").stdout.splitlines()
    assert lines[0] == "nodeport  1 replication of each of 2 variants, seed 3"
    assert "One replication has no intervals: any difference may be chance." in lines


def test_exact_quantiles_where_the_rows_are_asked_for(run):
    """--set spec.log=requests writes rows, and no interval is wider for the histogram."""
    rough, exact = (
        json.loads(run(*WORKERS, "--replications", "2", "--json", *more).stdout)
        for more in ((), ("--set", "spec.log=requests"))
    )
    assert [one["quantile_error"] for one in rough["variants"]] == [QUANTILE_ERROR] * 2
    assert [one["quantile_error"] for one in exact["variants"]] == [0.0] * 2
    folder = Path(exact["comparison_dir"])
    assert emu.open_run(newest_run(folder.parent)).requests.num_rows > 500


def newest_run(folder):
    """The run that was made last."""
    return max(folder.glob("*-s*"), key=lambda path: path.stat().st_mtime_ns)


def test_warnings_are_said_once(tmp_path):
    """However many variants there are."""
    file = tmp_path / "scenario.yaml"
    more = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    file.write_text(Path(NODEPORT).read_text() + more)
    line = ["compare", str(file), *SHORT, *WORKERS, "--replications", "1", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, line, catch_exceptions=False)
    assert done.stderr == "warning: 1 x ConfigMap (v1), which is not modelled: passed over\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--vary", "spec.wormup=1s,2s"), "override: spec.wormup: is not a field here; known: "),
        (("--vary", "Foo/x.y=1,2"), "override: Foo/x.y: leads to nothing; known: Node/node-1"),
        (("--vary", "spec.behaviours[0].workers=4,,5"), "vary: spec.behaviours[0].workers=4,,5: h"),
        (("--vary", "spec.behaviours[0].workers=4"), "vary: spec.behaviours[0].workers: must have"),
        (("--vary", "spec.behaviours[0].workers=4,4"), "vary: spec.behaviours[0].workers: has 4 t"),
        ((*WORKERS, *WORKERS), "vary: spec.behaviours[0].workers: is varied twice"),
        ((*WORKERS, "--set", "spec.behaviours[0].workers=3"), "vary: spec.behaviours[0].workers: "),
        (("--vary", "spec.seed=1,2"), "vary: spec.seed: cannot be varied: each replication has a"),
        ((*WORKERS, "--replications", "0"), "replications = 0: must be at least 1"),
        ((*WORKERS, "--confidence", "95"), "confidence = 95.0: must be from 0.5 to 0.9999"),
        ((*WORKERS, "--engine", "warp"), "unknown engine 'warp'; known: auto, compiled, process"),
        ((*WORKERS, "--out", "/dev/null"), "cannot write /dev/null/nodeport: "),
    ],
)
def test_what_is_refused(monkeypatch, capsys, arguments, message):
    """A line on standard error, nothing on standard output, status 2 and no traceback."""
    monkeypatch.setattr(sys, "argv", ["emu", "compare", NODEPORT, *SHORT, *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    output, errors = capsys.readouterr()
    assert (end.value.code, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(message)


def test_without_anything_to_vary(monkeypatch, capsys):
    """The usage, and status 2."""
    monkeypatch.setattr(sys, "argv", ["emu", "compare", NODEPORT])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "Missing option '--vary'" in capsys.readouterr().err


def test_progress_and_ctrl_c_on_a_terminal(tmp_path):
    """It shows how many runs are done; Ctrl-C keeps them, says so, and ends with status 130."""
    long = ("--set", "spec.duration=3m", "--engine", "process", "--out", str(tmp_path))
    long = (*long, "--workers", "1")
    terminal = Terminal("compare", NODEPORT, *WORKERS, "--replications", "50", *long)
    terminal.until("1 of 100 runs done", 300).press(b"\x03")
    assert terminal.status() == 130
    assert " left  " in terminal.text
    assert "Traceback" not in terminal.text
    assert "interrupted after 1 of 100 runs; these will be found again" in terminal.text
    partial = [emu.open_run(p).summary.partial for p in (tmp_path / "nodeport").iterdir()]
    assert sorted(partial) == [False, True]


def test_workers_change_no_byte(run, tmp_path):
    """Two processes leave what one leaves."""
    found = []
    for workers in ("1", "2"):
        more = ("--workers", workers, "--out", str(tmp_path / workers), "--json")
        document = json.loads(run(*WORKERS, "--replications", "2", *more).stdout)
        folder = Path(document["comparison_dir"])
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert found[0] == found[1]


def test_a_range_is_compared(run):
    """Values may be a range, as in a sweep."""
    line = ("--vary", "spec.behaviours[0].workers=4..6:2", "--replications", "1", "--json")
    names = [variant["name"] for variant in json.loads(run(*line).stdout)["variants"]]
    assert names == ["4", "6"]
