"""Reading requests.parquet."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emu.analysis.reading import Requests
from emu.errors import ResultsError
from emu.recorder.header import to_metadata


def test_columns_come_back_as_engines_wrote_them(synthetic, tmp_path):
    """Times are what they were with -1 for null, and codes stand for the places' names."""
    rows = synthetic.rows(500)
    requests = Requests(synthetic.record(tmp_path, rows))
    (chunk,) = requests.chunks("pod", "done_ns", "outcome")
    assert chunk["done_ns"].tolist() == rows["done_ns"].tolist()
    names = [requests.names["pod"][code] for code in chunk["pod"]]
    assert names == [synthetic.places.pods[pod][0] for pod in rows["pod"]]
    assert chunk["outcome"][0] == requests.code("outcome", requests.names["outcome"][0])
    assert requests.header == synthetic.header(end_ns=requests.header.end_ns)


def test_codes_mean_the_same_in_every_row_group(synthetic, tmp_path):
    """Row groups with different dictionaries, as other writers make them, are brought together."""
    parts = [["a", "b", None], ["c", "a"], ["b", "b"]]
    table = pa.schema([("node", pa.dictionary(pa.int32(), pa.string()))])
    with pq.ParquetWriter(tmp_path / "requests.parquet", table) as writer:
        for part in parts:
            array = pa.array(part).dictionary_encode()
            writer.write_table(pa.table({"node": array.cast(table.field("node").type)}))
        writer.add_key_value_metadata(to_metadata(synthetic.header()))
    requests = Requests(tmp_path)
    read = []
    for chunk in requests.chunks("node"):
        names = [*requests.names["node"], None]
        read.append([names[code] for code in chunk["node"]])
    assert read == parts
    assert requests.names["node"] == ["a", "b", "c"]
    assert requests.code("node", "z") not in range(3)


def test_a_folder_without_a_run_is_said_plainly(tmp_path):
    """An empty folder is no run."""
    with pytest.raises(ResultsError, match="holds no run"):
        Requests(tmp_path)


def test_a_damaged_file_is_said_plainly(tmp_path):
    """A file that is no Parquet cannot be read."""
    (tmp_path / "requests.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(ResultsError, match=r"cannot read .*requests.parquet"):
        Requests(tmp_path)


def test_somebody_elses_parquet_is_said_plainly(tmp_path):
    """A Parquet file of other origin is not taken for a run."""
    pq.write_table(pa.table({"request": [1]}), tmp_path / "requests.parquet")
    with pytest.raises(ResultsError, match="was not written by emu"):
        Requests(tmp_path)


def test_a_newer_schema_is_said_plainly(synthetic, tmp_path):
    """A run of another schema version is refused by its number."""
    synthetic.record(tmp_path, synthetic.rows(1), schema_version=99)
    with pytest.raises(ResultsError, match="has schema version 99"):
        Requests(tmp_path)
