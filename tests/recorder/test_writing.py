"""The record of a run."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emu.errors import ResultsError
from emu.recorder import columns, writing
from emu.recorder.header import from_metadata
from emu.recorder.rows import ROW, Outcome
from emu.recorder.writing import Recording


@pytest.fixture
def small_row_groups(monkeypatch):
    """Row groups of 100 rows, so that a small run has several."""
    monkeypatch.setattr(writing, "ROW_GROUP", 100)


def test_every_row_is_written_once_in_order(synthetic, tmp_path, small_row_groups):
    """What goes in comes out: every request once, and as many of each outcome."""
    rows = synthetic.rows(1234)
    table = pq.read_table(synthetic.record(tmp_path, rows) / "requests.parquet")
    assert table["request"].to_pylist() == list(range(1234))
    counted = {
        pair["values"]: pair["counts"] for pair in table["outcome"].value_counts().to_pylist()
    }
    for outcome in (Outcome.OK, Outcome.REFUSED, Outcome.IN_FLIGHT):
        assert counted[outcome.name.lower()] == np.count_nonzero(rows["outcome"] == outcome)
    for field in ("intended_ns", "done_ns", "service_end_ns", "queue_length", "client_port"):
        assert table[field].fill_null(-1).to_pylist() == rows[field].tolist()


def test_files_have_their_schema_and_header(synthetic, tmp_path):
    """Each file has the columns of its definition, units and meanings included, and the header."""
    synthetic.record(tmp_path, synthetic.rows(10), end_ns=99, partial=True)
    for table in columns.TABLES:
        file = pq.ParquetFile(tmp_path / f"{table}.parquet")
        assert file.schema_arrow.equals(columns.schema(table))
        for field, expected in zip(file.schema_arrow, columns.schema(table), strict=True):
            assert expected.metadata.items() <= field.metadata.items()
        header = from_metadata(file.metadata.metadata, table)
        assert header == synthetic.header(end_ns=99, partial=True)


def test_bytes_do_not_depend_on_how_rows_come(synthetic, tmp_path, small_row_groups):
    """Two writings of the same rows, in chunks of any size, give equal files."""
    rows = synthetic.rows(777)
    for name, chunk in (("one", 777), ("small", 7), ("even", 100)):
        folder = tmp_path / name
        folder.mkdir()
        with Recording(folder, synthetic.places, synthetic.header()) as recording:
            for start in range(0, len(rows), chunk):
                recording.write_requests(rows[start : start + chunk])
            recording.write_hops([(1, 0, 1, 5, "forward", "edge", "a", 1, "b", 80, "DNAT")])
            recording.write_metrics(5, "in_flight", ["edge"], np.array([3.0]))
            recording.write_event(5, "rule_sync", "node-1")
            recording.close(1000)
    for table in columns.TABLES:
        files = [(tmp_path / name / f"{table}.parquet").read_bytes() for name in ("one", "small")]
        assert files[0] == files[1] == (tmp_path / "even" / f"{table}.parquet").read_bytes()


def test_the_callers_array_may_be_reused(synthetic, tmp_path):
    """Rows are taken when they are given, whatever becomes of the array afterwards."""
    buffer = synthetic.rows(10)
    with Recording(tmp_path, synthetic.places, synthetic.header()) as recording:
        recording.write_requests(buffer)
        buffer["request"] = 77
        recording.write_requests(buffer)
        recording.close(1)
    table = pq.read_table(tmp_path / "requests.parquet")
    assert table["request"].to_pylist() == [*range(10), *([77] * 10)]


def test_small_tables_keep_their_values(synthetic, tmp_path):
    """Hops, metrics and events come back as they were given, nulls included."""
    hop = (3, 0, 1, 17, "forward", "node-1", "203.0.113.10", 40000, "10.244.1.2", 8080, "KUBE-SEP")
    refusal = (3, 0, 2, 18, "back", "node-1", None, None, None, None, "REJECT")
    with Recording(tmp_path, synthetic.places, synthetic.header()) as recording:
        recording.write_hops([hop, refusal])
        recording.write_metrics(5, "queue", ["default/web-1"], np.array([4.0]))
        recording.write_event(6, "health", "node-2", "probe failed", "3 in a row")
        recording.write_event(7, "rule_sync", "node-2")
        recording.close(1)

    def read(table):
        rows = pq.read_table(tmp_path / f"{table}.parquet").to_pylist()
        return [tuple(row.values()) for row in rows]

    assert read("hops") == [hop, refusal]
    assert read("metrics") == [(5, "queue", "default/web-1", 4.0)]
    assert read("events") == [
        (6, "health", "node-2", "probe failed", "3 in a row"),
        (7, "rule_sync", "node-2", None, None),
    ]
    assert read("requests") == []


def test_a_small_table_larger_than_a_row_group_is_whole(synthetic, tmp_path):
    """More samples than one row group holds are all there, in order."""
    with Recording(tmp_path, synthetic.places, synthetic.header()) as recording:
        for at in range(40_000):
            recording.write_metrics(at, "in_flight", [f"pod-{at // 10_000}"], np.array([float(at)]))
        recording.close(1)
    table = pq.read_table(tmp_path / "metrics.parquet")
    assert table["value"].to_pylist() == list(range(40_000))
    assert table["object"].to_pylist()[::10_000] == [f"pod-{i}" for i in range(4)]


def test_memory_does_not_grow_with_the_number_of_requests(synthetic, tmp_path):
    """What Arrow holds after twenty row groups is what it held after two."""
    rows = synthetic.rows(writing.ROW_GROUP // 8)
    held = []
    with Recording(tmp_path, synthetic.places, synthetic.header()) as recording:
        for chunk in range(20 * 8):
            recording.write_requests(rows)
            if chunk % 8 == 7:
                held.append(pa.total_allocated_bytes())
        recording.close(1)
    assert max(held[2:]) < held[1] + 8_000_000
    assert pq.read_metadata(tmp_path / "requests.parquet").num_rows == 20 * 8 * len(rows)


def test_a_row_group_is_small():
    """What waits for a row group to be full takes less than 32 MB."""
    assert writing.ROW_GROUP * ROW.itemsize < 32_000_000


def test_an_abandoned_recording_says_nothing_and_has_no_header(synthetic, tmp_path):
    """An exception passes through, and no file claims to be a whole one."""
    with (
        pytest.raises(KeyboardInterrupt),
        Recording(tmp_path, synthetic.places, synthetic.header()) as recording,
    ):
        recording.write_requests(synthetic.rows(10))
        raise KeyboardInterrupt
    with pytest.raises(ResultsError, match="was not written by emu"):
        from_metadata(pq.read_metadata(tmp_path / "requests.parquet").metadata, "requests.parquet")


def test_a_full_disk_is_said_plainly(synthetic, tmp_path):
    """No space left is a message with the file's name, and not a traceback."""
    (tmp_path / "requests.parquet").symlink_to("/dev/full")
    with (
        pytest.raises(ResultsError, match=r"cannot write .*requests.parquet: no space left"),
        Recording(tmp_path, synthetic.places, synthetic.header()) as recording,
    ):
        recording.write_requests(synthetic.rows(200_000))
        recording.close(1)


def test_a_missing_folder_is_said_plainly(synthetic, tmp_path):
    """A folder that is not there is a message with the file's name."""
    with pytest.raises(ResultsError, match=r"cannot write .*requests.parquet: no such file"):
        Recording(tmp_path / "gone", synthetic.places, synthetic.header())


def test_pods_that_come_have_their_names(synthetic, tmp_path, small_row_groups):
    """A Pod and an endpoint that come after 250 rows are named in the rows that know them, those
    of a row group that had begun before included, and every other row has the name it had."""
    rows = synthetic.rows(600)
    rows["pod"][250:] = 3
    rows["endpoint"][250:] = 3
    with Recording(tmp_path, synthetic.places, synthetic.header()) as recording:
        recording.write_requests(rows[:250])
        recording.add_pod("default/web-4", "10.244.2.3", 1)
        recording.add_endpoint("10.244.2.3", 9090)
        recording.write_requests(rows[250:])
        recording.close(1000)
    table = pq.read_table(tmp_path / "requests.parquet")
    names = [*synthetic.places.pod_names, "default/web-4"]
    assert table["pod"].to_pylist() == [names[pod] for pod in rows["pod"]]
    nodes = [0, 1, 2, 1]
    assert table["pod_node"].to_pylist() == [f"node-{nodes[pod] + 1}" for pod in rows["pod"]]
    assert set(table["endpoint_address"][250:].to_pylist()) == {"10.244.2.3"}
    assert set(table["endpoint_port"][250:].to_pylist()) == {9090}
