"""A Dask cluster of real processes on loopback: the same bytes, a worker lost in the middle."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import emu

pytest.importorskip("distributed", reason="the extra 'distributed' is not installed")

ROOT = Path(__file__).parents[2]
NODEPORT = ROOT / "scenarios" / "nodeport.yaml"
VARY = {"spec.behaviours[0].workers": "4..5"}
OVERRIDES = {"spec.duration": "10s", "spec.warmup": "1s"}
REPLICATIONS = 8


def dask(*arguments):
    """A command of Dask in a process of its own, without a dashboard."""
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def wait_for(condition, seconds=60):
    """Wait until it holds."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a scheduler, and the processes of its two workers."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    processes = [dask("scheduler", "--port", "0", "--scheduler-file", str(file))]
    try:
        wait_for(lambda: file.exists() and file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--local-directory",
                  str(file.parent))  # fmt: skip
        processes += [dask(*worker), dask(*worker)]
        wait_for(lambda: len(workers_at(address)) == 2)
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait(30)


def workers_at(address):
    """The workers that a scheduler has."""
    from distributed import Client

    with Client(address, timeout=30, set_as_default=False) as client:
        return client.scheduler_info()["workers"]


def sweep(out, **options):
    """Sixteen runs of a tenth of a second or two."""
    return emu.sweep(
        NODEPORT, VARY, REPLICATIONS, overrides=OVERRIDES, engine="process", out=out, **options
    )


def content(folder):
    """Every file of a folder, byte for byte."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The same sweep, made here."""
    return sweep(tmp_path_factory.mktemp("local"), workers=1)


def test_a_worker_lost_in_the_middle_changes_no_byte(cluster, local, tmp_path_factory):
    """Its run is made by the other; nothing fails, and the files are those of this process."""
    address, workers = cluster
    out = tmp_path_factory.mktemp("clusr")
    killed = []

    def kill_one(done, of):
        if done >= 3 and not killed:
            killed.append(of)
            os.kill(workers[0].pid, signal.SIGKILL)

    made = sweep(out, scheduler=address, progress=kill_one)
    assert killed == [16]
    assert workers[0].wait(30) == -signal.SIGKILL
    assert made.failed == ()
    assert content(made.path) == content(local.path)
    for run in made.table["run"].to_pylist():
        folder = Path(local.path).parents[2]
        assert (out / run / "summary.json").read_bytes() == (
            folder / run / "summary.json"
        ).read_bytes()


def test_results_go_to_a_url(cluster, local, tmp_path):
    """Workers put them there themselves; the numbers are the same."""
    address, _ = cluster
    made = sweep(f"file://{tmp_path}", scheduler=address)
    assert made.points.equals(local.points)
    assert len(list((tmp_path / "nodeport").glob("[!.]*-s*/summary.json"))) == 16


def test_a_point_that_fails_on_the_cluster(cluster, tmp_path):
    """Is told as one that fails here."""
    file = tmp_path / "own.py"
    file.write_text("def pick(backends, memory, now, key, seed, request, attempt):\n    1 / 0\n")
    vary = {"spec.loadBalancers[0].strategy": ["random", {"file": str(file)}]}
    overrides = {"spec.duration": "1s", "spec.warmup": "0s"}
    there, here = (
        emu.sweep(NODEPORT, vary, 1, overrides=overrides, out=tmp_path / name, **by)
        for name, by in (("a", {"scheduler": cluster[0]}), ("b", {"workers": 1}))
    )
    (failed,) = there.failed
    assert "ZeroDivisionError" in failed.failed
    assert failed == here.failed[0]


def test_the_page_on_dask(cluster, tmp_path):
    """Its commands are Dask's own, and its sweep runs on the cluster that they make."""
    page = (ROOT / "docs/how-to/dask.md").read_text()
    assert "\ndask scheduler --host 127.0.0.1 --port 8786\n" in page
    assert "\ndask worker tcp://127.0.0.1:8786 --nworkers 2 --nthreads 1\n" in page
    (line,) = (line for line in page.splitlines() if "--scheduler" in line)
    words = shlex.split(line.replace("tcp://127.0.0.1:8786", cluster[0]))[1:]
    line = [sys.executable, "-m", "emu", *words, "--out", str(tmp_path)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 replications of each of 4 points" in done.stdout


def test_no_scheduler_answers(tmp_path, monkeypatch):
    """A message with the address, and no run."""
    monkeypatch.setattr("emu.experiments.execution.cluster._PATIENCE", 1)
    with pytest.raises(emu.ScenarioError, match=r"scheduler = tcp://127\.0\.0\.1:9: no Dask sched"):
        sweep(tmp_path, scheduler="tcp://127.0.0.1:9")
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra(monkeypatch, tmp_path):
    """One sentence says how to install it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(emu.EmuError, match=r"pip install 'emu\[distributed\]'"):
        sweep(tmp_path, scheduler="tcp://127.0.0.1:9")
