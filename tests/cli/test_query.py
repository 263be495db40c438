"""emu query: a table, JSON or CSV; what DuckDB says of a wrong question, and status 2."""

import csv
import io
import json
import sys

import pytest
import yaml

import emu
from emu.__main__ import main
from tests.cli.conftest import NODEPORT

ASKED = "select pod, count(*) as n from requests where outcome = 'ok' group by pod order by pod"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short run."""
    overrides = {"spec.duration": "2s", "spec.warmup": "0s"}
    return emu.run(NODEPORT, overrides=overrides, out=tmp_path_factory.mktemp("runs"))


@pytest.fixture
def called(monkeypatch, capsys):
    """Runs emu query with these arguments: exit status, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["emu", "query", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "80")
        try:
            main()
        except SystemExit as end:
            return end.code or 0, *capsys.readouterr()
        return 0, *capsys.readouterr()

    return call


def expected(run):
    """What the question asks, from the table of the run."""
    rows = [row for row in run.requests.to_pylist() if row["outcome"] == "ok"]
    return {pod: sum(row["pod"] == pod for row in rows) for pod in run.summary.pods}


def test_a_table(called, run):
    """For people."""
    status, output, errors = called(ASKED, run.path)
    assert (status, errors) == (0, "")
    head, _, *rows, foot = output.splitlines()
    assert head.split() == ["pod", "n"]
    assert {row.split()[0]: int(row.split()[1]) for row in rows} == expected(run)
    assert foot == "2 rows"


@pytest.mark.parametrize(("log", "share"), [("summary", "none"), ("{sample: 50%}", "50 %")])
def test_what_has_no_rows_is_said(called, tmp_path, log, share):
    """On standard error: an answer from a sample, or from nothing, is not one from all."""
    overrides = {"spec.duration": "1s", "spec.warmup": "0s", "spec.log": yaml.safe_load(log)}
    made = emu.run(NODEPORT, overrides=overrides, out=tmp_path)
    status, _, errors = called(ASKED, made.path)
    assert (status, errors) == (0, f"note: {share} of the requests of {made.path} have rows\n")


def test_json_and_csv(called, run):
    """For scripts: one document, or a line for each row; nothing else on standard output."""
    status, output, _ = called(ASKED, run.path, "--json")
    assert (status, dict(json.loads(output)["rows"])) == (0, expected(run))
    status, output, _ = called(ASKED, run.path, "--csv")
    head, *rows = csv.reader(io.StringIO(output))
    assert (status, head) == (0, ["pod", "n"])
    assert {pod: int(number) for pod, number in rows} == expected(run)


def test_a_wrong_question(called, run):
    """DuckDB says what is wrong with it, and no traceback."""
    status, output, errors = called("select pdo from requests", run.path)
    assert (status, output) == (2, "")
    assert '"pdo"' in errors and "Candidate bindings" in errors
    assert "Traceback" not in errors


def test_a_wrong_folder(called, tmp_path):
    """One sentence."""
    status, output, errors = called("select 1", tmp_path)
    assert (status, output, errors) == (
        2, "", f"{tmp_path} holds no run: it has no requests.parquet\n",
    )  # fmt: skip


def test_both_forms_at_once(called, run):
    """Are refused."""
    status, output, errors = called("select 1", run.path, "--json", "--csv")
    assert (status, output) == (2, "")
    assert "--json or --csv" in errors
