"""What a run says of itself."""

import pyarrow as pa

import emu
from emu.recorder.header import from_metadata, to_metadata, versions


def test_a_header_comes_back_as_it_was(synthetic):
    """Through the file's metadata and back nothing is lost, and the order of places is kept."""
    header = synthetic.header(end_ns=5, partial=True)
    read = from_metadata(to_metadata(header), "requests.parquet")
    assert read == header
    assert list(read.expected.nodes) == ["node-1", "node-2", "node-3"]


def test_versions_are_those_installed():
    """The versions name what can change a result."""
    assert versions()["emu"] == emu.__version__
    assert versions()["pyarrow"] == pa.__version__
    assert set(versions()) == {"emu", "numpy", "pyarrow", "python"}
