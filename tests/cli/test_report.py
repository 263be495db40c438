"""emu report: the page's path on standard output, one sentence where something is wrong."""

import sys
from importlib import util

import pytest

import emu
from emu.__main__ import main
from tests.cli.conftest import NODEPORT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a short run."""
    overrides = {"spec.duration": "2s", "spec.warmup": "0s"}
    return emu.run(NODEPORT, overrides=overrides, out=tmp_path_factory.mktemp("runs")).path


@pytest.fixture
def called(monkeypatch, capsys):
    """Runs emu with these arguments: exit status, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["emu", *map(str, arguments)])
        try:
            main()
        except SystemExit as end:
            return end.code or 0, *capsys.readouterr()
        return 0, *capsys.readouterr()

    return call


def test_it_prints_where_the_page_is(called, folder, tmp_path):
    """And nothing else; without -o the page is report.html in the current folder."""
    page = tmp_path / "page.html"
    assert called("report", folder, "-o", page) == (0, f"{page}\n", "")
    assert page.read_text().startswith("<!doctype html>")


def test_the_default_page(called, folder, tmp_path, monkeypatch):
    """It stands in the current folder."""
    monkeypatch.chdir(tmp_path)
    assert called("report", folder) == (0, "report.html\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_wrong_folder(called, tmp_path):
    """One sentence, status 2, no page."""
    status, output, errors = called("report", tmp_path, "-o", tmp_path / "page.html")
    assert (status, output) == (2, "")
    assert errors == f"{tmp_path} holds no run, comparison, sweep or search for a capacity\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "missing", "message"),
    [
        (("report",), "altair", "emu report needs altair: pip install 'emu[report]'\n"),
        (("query", "select 1"), "duckdb", "emu query needs duckdb: pip install 'emu[query]'\n"),
    ],
)
def test_without_the_extra(called, folder, monkeypatch, command, missing, message):
    """One sentence says how to get it."""
    find = util.find_spec
    monkeypatch.setattr(
        "emu.extras.find_spec", lambda name: None if name == missing else find(name)
    )
    assert called(*command, folder) == (2, "", message)
