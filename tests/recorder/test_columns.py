"""The columns of the Parquet files."""

import pyarrow as pa

from emu.recorder import columns
from emu.recorder.rows import ROW


def test_every_column_has_a_meaning_and_times_have_their_unit():
    """Each column says what it means, and a name in ``_ns`` is int64 nanoseconds."""
    for table in columns.TABLES.values():
        for column in table:
            assert column.meaning
            assert (column.unit == "ns") == column.name.endswith("_ns")
            if column.unit == "ns":
                assert column.type == pa.int64()


def test_field_metadata_carries_unit_and_meaning():
    """What the definition says of a column stands in the Arrow field."""
    for table, definitions in columns.TABLES.items():
        for column, field in zip(definitions, columns.schema(table), strict=True):
            assert (field.name, field.type, field.nullable) == (
                column.name, column.type, column.nullable,
            )  # fmt: skip
            assert field.metadata == {
                b"unit": column.unit.encode(), b"description": column.meaning.encode(),
            }  # fmt: skip


def test_every_field_of_an_engine_row_is_a_column():
    """Nothing that an engine fills is left out of requests.parquet; an endpoint is its address and
    its port, and a request's class is called class alone.
    """
    names = {column.name for column in columns.REQUESTS}
    assert {"endpoint_address", "endpoint_port", "class"} <= names
    assert set(ROW.names) - {"endpoint", "request_class"} <= names


def test_describe_lists_every_column_once():
    """The list for people has one line for each column of each file."""
    lines = columns.describe()
    assert len(lines) == len({line[:2] for line in lines})
    assert len(lines) == sum(len(table) for table in columns.TABLES.values())
    assert ("requests", "node", "name?", "", "the node that translates the connection") in lines
    assert ("hops", "step", "int32", "", "place in the way of this attempt, from 1") in lines
