"""A run that is over, as scripts, terminals, notebooks and other processes see it."""

import io
import json
import pickle
from pathlib import Path

import pytest
from rich.console import Console

import emu
from emu.results import Interrupted, Run

NODEPORT = Path(__file__).parents[1] / "scenarios" / "nodeport.yaml"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short run in a folder whose name means something in HTML."""
    out = tmp_path_factory.mktemp("results") / "<b>&[red]"
    overrides = {"spec.duration": "1s", "spec.warmup": "0s", "spec.record.hops": 1}
    return emu.run(NODEPORT, overrides=overrides, out=out)


def test_tables_are_read_when_they_are_asked_for(run):
    """Each once, and the first only then."""
    fresh = Run(run.path)
    assert "requests" not in vars(fresh)
    assert fresh.requests is fresh.requests
    assert fresh.requests.num_rows == fresh.summary.requests.sent
    assert set(fresh.hops["request"].to_pylist()) == set(fresh.requests["request"].to_pylist())
    assert fresh.metrics.num_rows > 0
    assert set(fresh.events["kind"].to_pylist()) == {"rules_synced"}


def test_columns_carry_unit_and_meaning(run):
    """In the metadata of each field."""
    metadata = run.requests.schema.field("intended_ns").metadata
    assert metadata[b"unit"] == b"ns"
    assert b"meant to send" in metadata[b"description"]


def test_the_document(run):
    """What --json prints has everything that a script asks for."""
    document = json.loads(json.dumps(run.document()))
    assert {"scenario", "seed", "engine", "run_dir", "requests", "outcomes", "latency_seconds",
            "nodes", "pods", "wall_seconds", "requests_per_second"} <= set(document)  # fmt: skip
    assert list(document["requests"]) == ["sent", "ok", "failed", "in_flight"]
    for pod in document["pods"].values():
        assert {"requests", "share", "utilisation"} <= set(pod)
    assert document["run_dir"] == str(run.path)
    assert document["requests_per_second"] == run.requests_per_second
    assert run.wall_seconds * run.requests_per_second == pytest.approx(document["requests"]["sent"])


def test_a_terminal_shows_the_summary(run):
    """The head first, the folder last, brackets and all."""
    console = Console(file=io.StringIO(), width=300)
    console.print(run)
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("nodeport  seed 3")
    assert lines[-1].strip() == str(run.path)


def test_jupyter_shows_text_and_html(run):
    """HTML is escaped; the plain text is what a terminal of 80 columns shows."""
    shown = run._repr_mimebundle_(include=None, exclude=None)
    assert set(shown) == {"text/plain", "text/html"}
    assert "<b>&[red]" in shown["text/plain"].replace("\n", "")
    assert "<b>" not in shown["text/html"]
    assert "&lt;b&gt;&amp;[red]" in shown["text/html"].replace("\n", "")
    assert "color:" in shown["text/html"]
    console = Console(file=io.StringIO(), width=80)
    console.print(run)
    assert shown["text/plain"] == console.file.getvalue()


def test_a_pickle_is_the_folder(run, tmp_path, monkeypatch):
    """It stays small, however large the tables, and opens in another working directory."""
    monkeypatch.chdir(run.path.parent)
    here = Run(Path(run.path.name))
    assert here.requests.num_rows
    pickled = pickle.dumps(here)
    assert len(pickled) < 1000 + len(str(run.path))
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(pickled) == run
    assert pickle.loads(pickled).summary == run.summary


def test_an_interruption_is_pickled_with_its_run(run):
    """It can cross to another process."""
    copy = pickle.loads(pickle.dumps(Interrupted(run)))
    assert isinstance(copy, KeyboardInterrupt)
    assert copy.run == run


def test_what_is_missing_or_broken_is_said(run, tmp_path):
    """A folder without tables, and a table that is none, name the file."""
    with pytest.raises(emu.ResultsError, match=r"cannot read .*requests\.parquet"):
        Run(tmp_path).requests  # noqa: B018
    (tmp_path / "hops.parquet").write_bytes(b"nothing")
    with pytest.raises(emu.ResultsError, match=r"cannot read .*hops\.parquet"):
        Run(tmp_path).hops  # noqa: B018
    (tmp_path / "summary.json").write_text('{"scenario": 1}')
    with pytest.raises(emu.ResultsError, match="holds no run"):
        emu.open_run(tmp_path)
    (tmp_path / "timing.json").write_text("[]")
    with pytest.raises(emu.ResultsError, match="holds no run"):
        Run(tmp_path).wall_seconds  # noqa: B018


def test_tables_outlive_their_folder(tmp_path):
    """A table that was read stays whole when the run is made anew in its place."""
    overrides = {"spec.duration": "1s", "spec.warmup": "0s"}
    run = emu.run(NODEPORT, overrides=overrides, out=tmp_path)
    before = run.requests
    sums = before["done_ns"].to_pylist()
    emu.run(NODEPORT, overrides=overrides, out=tmp_path, again=True)
    assert before["done_ns"].to_pylist() == sums
    assert list((tmp_path / "nodeport").iterdir()) == [run.path]
