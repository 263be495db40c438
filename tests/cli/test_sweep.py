"""``emu sweep``: its table, its files, what it refuses, and how it goes on after whatever ends it.

The transcript beside this file is what the command prints on 80 columns, but for the folder. After
a change that is meant: RENEW_TRANSCRIPTS=1 .venv/bin/pytest tests/cli/test_sweep.py
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import emu
from emu.cli import app, main
from tests.cli.test_run import ROOT, Terminal, command

NODEPORT = str(ROOT / "scenarios" / "nodeport.yaml")
TRANSCRIPT = Path(__file__).with_name("sweep.txt")
SHORT = ("--set", "spec.duration=3s", "--set", "spec.warmup=1s", "--engine", "process")
WORKERS = ("--vary", "spec.behaviours[0].workers=4..5")
RATE = ("--vary", "spec.clients[0].arrivals.poisson.rate=100/s..300/s:100/s")
STRATEGY = ("--vary", "spec.loadBalancers[0].strategy=round_robin,{power_of_d_choices: {d: 2}}")
FAILING = ("--vary", "spec.behaviours[0].workers=4,-1")
TWICE = ("--replications", "2")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A results folder."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def run(out):
    """The result of a short ``emu sweep``, in this process."""

    def invoke(*arguments, file=NODEPORT):
        line = ["sweep", str(file), *SHORT, "--out", str(out), *arguments]
        return CliRunner(env={"COLUMNS": "80"}).invoke(app, line, catch_exceptions=False)

    return invoke


def test_the_transcript(run, out):
    """Word for word, and nothing wider than a terminal, with three paths that vary."""
    done = run(*WORKERS, *STRATEGY, *RATE, "--replications", "3")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    end = lines.index("", lines.index("") + 1)
    assert Path("".join(lines[end:])).parent == out / "nodeport" / "sweeps"
    assert max(map(len, lines[:end])) <= 80
    if "RENEW_TRANSCRIPTS" in os.environ:
        TRANSCRIPT.write_text("\n".join(lines[:end]) + "\n", encoding="utf-8")
    assert lines[:end] == TRANSCRIPT.read_text(encoding="utf-8").splitlines()


def test_json_is_one_document(run, out):
    """The same numbers as from Python and in sweep.json, and nothing else on standard output."""
    done = run(*WORKERS, *TWICE, "--json", "--confidence", "0.9", "--seed", "9")
    document = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (0, "")
    same = emu.sweep(
        NODEPORT, {"spec.behaviours[0].workers": "4..5"}, 2, seed=9, confidence=0.9, out=out,
        overrides={"spec.duration": "3s", "spec.warmup": "1s"},
    )  # fmt: skip
    assert document == same.document()
    written = json.loads((Path(document.pop("sweep_dir")) / "sweep.json").read_text())
    assert document == written


def test_many_points_are_not_all_shown(run):
    """Forty rows, and how many more the files have."""
    rates = ("--vary", "spec.clients[0].arrivals.poisson.rate=1/s..43/s")
    lines = run(*rates, "--replications", "1").stdout.splitlines()
    assert sum(line.startswith(tuple("123456789")) for line in lines) == 40
    assert "and 3 more points: see points.parquet" in lines


def test_a_failed_point_is_told(run):
    """Below the table, with its values and the rule; the status is 1, in --json too."""
    done = run(*FAILING, *TWICE)
    assert done.exit_code == 1
    assert "1 point failed" in done.stdout
    assert "spec.behaviours[0].workers=-1: override: " in done.stdout.replace("\n", " ")
    document = json.loads((json_ := run(*FAILING, *TWICE, "--json")).stdout)
    assert json_.exit_code == 1
    assert [point["failed"] is None for point in document["points"]] == [True, False]


SWEEP = """\
apiVersion: emu/v1
kind: Sweep
metadata: {name: workers}
spec:
  scenario: nodeport.yaml
  vary:
    spec.behaviours[0].workers: 4..5
    spec.loadBalancers[0].strategy: [round_robin, {power_of_d_choices: {d: 2}}]
  replications: 2
  seed: 5
  set: {spec.duration: 1s, spec.warmup: 0s}
"""


@pytest.fixture
def file(tmp_path):
    """A document of kind Sweep, beside its scenario."""
    (tmp_path / "nodeport.yaml").write_text(Path(NODEPORT).read_text())
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    return tmp_path / "sweep.yaml"


def test_a_file_is_a_sweep(file):
    """Its scenario is found from the file's folder, whatever the present one is."""
    line = ["sweep", str(file), "--out", str(file.parent), "--json"]
    document = json.loads(CliRunner().invoke(app, line, catch_exceptions=False).stdout)
    assert (document["seed"], document["replications"], len(document["points"])) == (5, 2, 4)
    assert document["points"][1]["settings"] == {
        "spec.behaviours[0].workers": 4,
        "spec.loadBalancers[0].strategy": {"power_of_d_choices": {"d": 2}},
    }


def test_options_replace_what_a_file_says(run, file):
    """Fields one by one; values that are set are added."""
    more = ("--vary", "spec.behaviours[0].workers=3", "--seed", "8", "--confidence", "0.8")
    document = json.loads(run(*more, "--replications", "1", "--json", file=file).stdout)
    assert (document["seed"], document["replications"], document["confidence"]) == (8, 1, 0.8)
    assert [point["settings"] for point in document["points"]] == [
        {"spec.behaviours[0].workers": 3}
    ]
    folder = Path(document["sweep_dir"])
    assert "spec.duration: 3s" in (folder / "sweep.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("replications: 2", "replications: 0", ":9: spec.replications = 0: must be at least 1"),
        ("seed: 5", "sead: 5", ":10: spec.sead: is not a field here; known: seed, "),
        ("4..5", "5..4", ':7: spec.vary["spec.behaviours[0].workers"] = 5..4: must not end below'),
        ("4..5", "3", ':7: spec.vary["spec.behaviours[0].workers"] = 3: must be a list or a str'),
        ("seed: 5", "design: star", ":10: spec.design = star: unknown design 'star'; known: grid"),
        ("kind: Sweep", "kind: Sweep\nspec: {}", ": is given twice"),
        ("scenario: nodeport", "scenario: other", "other.yaml: cannot be read: No such file"),
    ],
)
def test_mistakes_in_a_file(file, monkeypatch, capsys, old, new, message):
    """With file, line, path, value and rule."""
    file.write_text(SWEEP.replace(old, new, 1))
    monkeypatch.setattr(sys, "argv", ["emu", "sweep", str(file), "--out", str(file.parent)])
    with pytest.raises(SystemExit) as end:
        main()
    output, errors = capsys.readouterr()
    assert (end.value.code, output) == (2, "")
    assert message in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "vary: nothing is varied: give a path and its values"),
        (("--vary", "spec.behaviours[0].workers=1..x"), "vary: spec.behaviours[0].workers=1..x: m"),
        (("--vary", "spec.behaviours[0].workers=4,,5"), "vary: spec.behaviours[0].workers=4,,5: h"),
        ((*WORKERS, *WORKERS), "vary: spec.behaviours[0].workers: is varied twice"),
        (("--vary", "spec.wormup=1s,2s"), "override: spec.wormup: is not a field here; known: "),
        ((*WORKERS, "--replications", "0"), "replications = 0: must be at least 1"),
        ((*WORKERS, "--workers", "0"), "workers = 0: must be at least 1"),
        ((*WORKERS, "--design", "star"), "unknown design 'star'; known: grid, lhs"),
        ((*WORKERS, "--design", "lhs"), "points: is required with the design lhs"),
        ((*WORKERS, "--engine", "warp"), "unknown engine 'warp'; known: auto, compiled, process"),
        ((*WORKERS, "--out", "/dev/null"), "cannot write /dev/null/nodeport: "),
        ((*WORKERS, "--out", "/dev/null", "--workers", "2"), "cannot write /dev/null/nodeport: "),
    ],
)
def test_what_is_refused(monkeypatch, capsys, arguments, message):
    """A line on standard error, nothing on standard output, status 2 and no traceback."""
    monkeypatch.setattr(sys, "argv", ["emu", "sweep", NODEPORT, *SHORT, *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    output, errors = capsys.readouterr()
    assert (end.value.code, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(message)


LONG = ("--set", "spec.duration=20s", "--set", "spec.warmup=1s", "--engine", "process",
        "--replications", "6", "--workers", "2")  # fmt: skip


def runs_in(out):
    """The whole runs below a results folder, with the time of each."""
    folders = (out / "nodeport").glob("[!.]*-s*-v*")
    return {path.name: path.stat().st_mtime_ns for path in folders}


def begun(out, *arguments):
    """A sweep in a process group of its own, when it has made two of its runs."""
    process = subprocess.Popen(
        command("sweep", NODEPORT, *WORKERS, *LONG, "--out", str(out), *arguments),
        cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    give_up = time.monotonic() + 120
    while len(runs_in(out)) < 2:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return process


def finished(out):
    """The same sweep from its beginning to its end; its files."""
    line = command("sweep", NODEPORT, *WORKERS, *LONG, "--out", str(out), "--json")
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    folder = Path(json.loads(done.stdout)["sweep_dir"])
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The files of a sweep that nothing interrupted."""
    return finished(tmp_path_factory.mktemp("whole0"))


def test_killed_it_goes_on_where_it_was(tmp_path_factory, whole):
    """kill -9 of everything: what is there is whole, is not run again, and the end is the same."""
    out = tmp_path_factory.mktemp("killed")
    process = begun(out)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    before = runs_in(out)
    assert 2 <= len(before) < 12
    assert not (out / "nodeport" / "sweeps").exists()
    assert all(not emu.open_run(out / "nodeport" / name).summary.partial for name in before)
    assert finished(out) == whole
    after = runs_in(out)
    assert {name: after[name] for name in before} == before
    assert len(after) == 12
    assert not list((out / "nodeport").glob(".*"))


def test_its_own_death_alone_leaves_no_workers(tmp_path):
    """kill -9 of the sweep, not of its workers: they end with what they are at."""
    process = begun(tmp_path)
    workers = children_of(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.wait(60)
    give_up = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_a_killed_worker_costs_nothing(tmp_path_factory, whole):
    """kill -9 of one worker: its run is made again, and the end is the same."""
    out = tmp_path_factory.mktemp("worker")
    process = begun(out)
    os.kill(children_of(process.pid)[0], signal.SIGKILL)
    output, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")
    assert "failed" not in output
    assert finished(out) == whole


def children_of(pid):
    """The worker processes of a process."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            with contextlib.suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


@pytest.mark.parametrize("done", [0, 2])
def test_progress_and_ctrl_c_on_a_terminal(tmp_path, done):
    """It shows how many runs are done; Ctrl-C ends all of it at once, with status 130."""
    long = ("--set", "spec.duration=1m", "--engine", "process", "--out", str(tmp_path))
    terminal = Terminal(
        "sweep", NODEPORT, *WORKERS, "--replications", "50", "--workers", "2", *long
    )
    if done:
        terminal.until(f"{done} of 100 runs done", 300)
    while len(children_of(terminal._process.pid)) < 2:
        time.sleep(0.02)
    workers = children_of(terminal._process.pid)
    began = time.monotonic()
    terminal.press(b"\x03")
    assert terminal.status() == 130
    assert time.monotonic() - began < 20
    assert (" left  " in terminal.text) is bool(done)
    assert "Traceback" not in terminal.text, terminal.text
    assert " of 100 runs; these will be found again" in terminal.text
    assert len(workers) == 2
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert not (tmp_path / "nodeport" / "sweeps").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for a few runs; a function makes room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no mount: {error}")
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")

    def enlarge():
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)

    yield folder, enlarge
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk(small_disk, workers):
    """It says so, with status 2 and nothing half written; it goes on when there is room."""
    out, enlarge = small_disk
    line = ["sweep", NODEPORT, *SHORT, *WORKERS, "--replications", "12", "--out", str(out)]
    line = command(*line, "--workers", workers)
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"cannot write {out}/nodeport/")
    assert done.stderr.endswith(": no space left on device\n")
    before = runs_in(out)
    assert 0 < len(before) < 24
    for name in before:
        assert not emu.open_run(out / "nodeport" / name).summary.partial
    enlarge()
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    after = runs_in(out)
    assert {name: after[name] for name in before} == before
    assert len(after) == 24
