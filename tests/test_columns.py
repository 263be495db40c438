"""Columns of files: as they are in Parquet, as text in CSV, and what is said of those not there."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emu.columns import csv_column, parquet_column


def test_a_parquet_column_keeps_its_type(tmp_path):
    """Of several columns the one that is named."""
    table = pa.table({"a": pa.array([1, 2], "uint8"), "b": ["x", "y"]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert parquet_column(tmp_path / "t.parquet", "a").equals(table["a"])


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_a_csv_column_is_text(tmp_path, name):
    """Nothing is taken for a number, a date or a null; quotes are."""
    text = 'b,"a, c"\n1,007\nNULL,""\n2,"2020-01-01"\n'
    content = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    (tmp_path / name).write_bytes(content)
    assert csv_column(tmp_path / name, "a, c").to_pylist() == ["007", "", "2020-01-01"]
    assert csv_column(tmp_path / name, "b").to_pylist() == ["1", "NULL", "2"]


@pytest.mark.parametrize(
    ("read", "kind"), [(parquet_column, "a Parquet file"), (csv_column, "a CSV file")]
)
def test_what_is_not_there_is_said(tmp_path, read, kind):
    """No file, a folder, a name that no file can have, and a file of another kind."""
    for path in (tmp_path / "none", tmp_path, tmp_path / ("a" * 300)):
        with pytest.raises(ValueError, match=f"^must name {kind}; there is no file '{path}'$"):
            read(path, "a")
    (tmp_path / "t").write_bytes(b"")
    with pytest.raises(ValueError, match=f"^must name {kind}; '.*/t' cannot be read: "):
        read(tmp_path / "t", "a")


def test_a_name_that_several_columns_have(tmp_path):
    """Nobody knows which of them is meant."""
    (tmp_path / "t.csv").write_text("a,a\n1,2\n")
    pq.write_table(pa.table([pa.array([1])] * 2, names=["a", "a"]), tmp_path / "t.parquet")
    for read, name in ((csv_column, "t.csv"), (parquet_column, "t.parquet")):
        with pytest.raises(ValueError, match=f"^must name one column; '.*/{name}' has 2 of 'a'$"):
            read(tmp_path / name, "a")


def test_an_unknown_column_of_a_csv_file(tmp_path):
    """The known ones are listed, safe for a terminal."""
    (tmp_path / "t.csv").write_text("at,\x1b[1m\n1,2\n")
    with pytest.raises(ValueError, match=r"^unknown column 'a'; known: at, '\\x1b\[1m', in '"):
        csv_column(tmp_path / "t.csv", "a")
