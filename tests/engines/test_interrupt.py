"""Ctrl-C: the run ends in order, and what finished is kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import emu

LONG = """
apiVersion: emu/v1
kind: Scenario
metadata: {name: long}
spec:
  duration: 24h
  behaviours: [{workers: 4, serviceTime: {exponential: {mean: 20ms}}}]
  clients: [{name: internet, arrivals: {poisson: {rate: 240/s}}, timeout: 1s}]
"""
WITH_CTRL_C = """
import os, signal
from emu.report.progress import RunProgress
from emu.__main__ import main

class Interrupted(RunProgress):
    pressed = False

    def update(self, now_ns, sent):
        super().update(now_ns, sent)
        if sent > 20_000 and not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)

import emu.report.progress
emu.report.progress.RunProgress = Interrupted
main()
"""
"""The command line, with a Ctrl-C in the midst of the run."""


@pytest.fixture(scope="module", params=["process", "compiled"])
def interrupted(request, tmp_path_factory):
    """``emu run`` of a day by each engine, interrupted after 20,000 requests: how it ended and what
    it left."""
    folder = tmp_path_factory.mktemp("interrupted")
    (folder / "long.yaml").write_text(LONG)
    out = folder / "results"
    done = subprocess.run(
        [
            sys.executable, "-c", WITH_CTRL_C, "run", "long.yaml", "--out", str(out), "--json",
            "--engine", request.param,
        ],
        cwd=folder, capture_output=True, text=True, timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path(emu.__file__).parents[1])},
    )  # fmt: skip
    document = json.loads(done.stdout)
    assert document["engine"] == request.param
    return done, document, out


def test_the_exit_status_is_that_of_ctrl_c(interrupted):
    """Status 130, as shells have it, without a traceback."""
    done, _, _ = interrupted
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_what_finished_is_kept_and_marked(interrupted):
    """The folder is whole under its final name, and says that it is partial."""
    _, document, out = interrupted
    folder = Path(document["run_dir"])
    assert folder.parent == out / "long"
    assert document["partial"] is True
    assert [path for path in (out / "long").iterdir() if path != folder] == []
    run = emu.open_run(folder)
    assert run.summary.partial
    header = json.loads(pq.read_metadata(folder / "requests.parquet").metadata[b"emu"])
    assert header["partial"] is True
    assert 0 < header["end_ns"] < 24 * 3600 * 10**9


def test_a_partial_run_is_conserved(interrupted):
    """Sent = ok + failed + in flight, a row for each, none sent after the end."""
    _, document, _ = interrupted
    run = emu.open_run(document["run_dir"])
    counts = run.summary.requests
    assert counts.sent == counts.ok + counts.failed + counts.in_flight == run.requests.num_rows
    assert counts.ok > 10_000
    assert counts.in_flight > 0
    assert document["requests"]["sent"] == counts.sent
    numbers = sorted(run.requests["request"].to_pylist())
    assert numbers == list(range(counts.sent))
    end_ns = run.summary.window.end_seconds * 1e9
    assert max(run.requests["intended_ns"].to_pylist()) <= end_ns
    assert max(run.metrics["at_ns"].to_pylist()) <= end_ns
