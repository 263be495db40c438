"""Questions in SQL: answered from the runs' files, and from nothing else."""

import numpy as np
import pytest

from emu.errors import QueryError, ResultsError
from emu.querying import ask
from emu.recorder.columns import TABLES


@pytest.fixture
def folder(synthetic, tmp_path):
    """The folder of a synthetic run of 2,000 requests."""
    return synthetic.record(tmp_path / "it's a run", synthetic.rows(2000))


def rows(sql, *folders):
    """All rows of the answer."""
    with ask(sql, folders) as answer:
        return [tuple(row.values()) for batch in answer.batches for row in batch.to_pylist()]


def test_rows_are_those_of_the_run(folder, synthetic):
    """Names as text, times as whole nanoseconds, null where nothing was."""
    found = rows(
        "select pod, count(*), sum(done_ns - intended_ns) from requests group by pod", folder
    )
    made = synthetic.rows(2000)
    for name, number, total in found:
        which = made["pod"] == [pod for pod, _, _ in synthetic.places.pods].index(name)
        assert number == which.sum()
        ended = which & (made["done_ns"] >= 0)
        assert int(total) == int(np.sum(made["done_ns"][ended] - made["intended_ns"][ended]))


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_a_view(folder, table):
    """With the columns that emu schema --results explains."""
    with ask(f"select * from {table}", [folder]) as answer:
        assert answer.columns == [column.name for column in TABLES[table]]


def test_several_runs_have_a_column_with_their_name(folder, synthetic, tmp_path):
    """The last of the path, or all of it where these are the same."""
    other = synthetic.record(tmp_path / "other", synthetic.rows(30, seed=2))
    counts = rows("select run, count(*) from requests group by run order by 2", folder, other)
    assert counts == [("other", 30), ("it's a run", 2000)]
    twin = synthetic.record(tmp_path / "b/other", synthetic.rows(7))
    counts = rows("select run, count(*) from requests group by run order by 2", twin, other)
    assert counts == [(str(twin), 7), (str(other), 30)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selct 1", "syntax error"),
        ("select pdo from requests", "Candidate bindings"),
        ("select * from nothing", "does not exist"),
        ("select error('late') from requests", "late"),
        ("", "asks for no rows"),
    ],
)
def test_what_cannot_be_answered_is_told(folder, sql, message):
    """In DuckDB's words, also where it finds out while it answers."""
    with pytest.raises(QueryError, match=message):
        rows(sql, folder)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{secret}')",
        "select * from '{secret}'",
        "select * from read_csv('{secret}')",
        "select * from glob('{folder}/*')",
        "select * from read_parquet('{folder}/it''s a run/requests.parquet')",
        "copy (select 1) to '{folder}/written'",
        "copy requests to '{folder}/it''s a run/requests.parquet'",
        "attach '{folder}/written' as other",
        "export database '{folder}/written'",
        "set enable_external_access = true",
        "set temp_directory = '{folder}'",
        "install httpfs",
        "load httpfs",
        "select * from folder",
        "select getenv('HOME')",
    ],
)
def test_nothing_else_is_read_or_written(folder, tmp_path, sql):
    """No file by a path, no database, no setting, no extension, no variable of the program."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(QueryError):
        rows(sql.format(secret=secret, folder=tmp_path), folder)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_folder_without_a_run(folder, tmp_path):
    """Is refused, and so is one that lacks a table."""
    with pytest.raises(ResultsError, match="holds no run"):
        rows("select 1", tmp_path / "nowhere")
    (folder / "events.parquet").unlink()
    with pytest.raises(ResultsError, match=r"cannot read .*events\.parquet"):
        rows("select 1", folder)
