"""What a run says of itself in the metadata of each of its Parquet files, under the key ``emu``."""

import json
import platform
from importlib.metadata import version
from typing import Final

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from emu.errors import ResultsError
from emu.recorder.columns import SCHEMA_VERSION
from emu.recorder.expected import Expected

KEY: Final = b"emu"


class Header(BaseModel):
    """Where a file comes from. The same scenario, seed and versions give the same header."""

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA_VERSION
    scenario: str
    """The scenario's name."""
    scenario_digest: str
    """Digest of the resolved scenario."""
    seed: int
    engine: str
    """The engine that ran it."""
    versions: dict[str, str] = {}
    """Versions of what can change a result; see `versions`."""
    expected: Expected = Expected()
    log: str = "requests"
    """What ``spec.log`` asks for: ``requests``, ``sample`` or ``summary``."""
    log_share: float = 1.0
    """Share of the requests that requests.parquet has rows of."""
    end_ns: int = 0
    """Simulated time at which the run ended."""
    partial: bool = False
    """The run was ended before its time."""
    busy_ns: dict[str, int] = {}
    """Of each Pod whose workers share cores or a CPU quota, by name: for how long they ran after
    the warm-up, all workers together; a row tells how long its request was in service, and not what
    it had."""


def versions() -> dict[str, str]:
    """Versions of emu, Python and the libraries that can change a run's bytes."""
    return {
        "emu": version("emu"),
        "numpy": np.__version__,
        "pyarrow": pa.__version__,
        "python": platform.python_version(),
    }


def to_metadata(header: Header) -> dict[bytes, bytes]:
    """The header as Parquet key-value metadata: one JSON document."""
    document = header.model_dump(mode="json")
    return {KEY: json.dumps(document, allow_nan=False).encode()}


def from_metadata(metadata: dict[bytes, bytes] | None, file: str) -> Header:
    """The header of ``file``, whose metadata this is. Raises ResultsError where there is none."""
    if not metadata or KEY not in metadata:
        raise ResultsError(f"{file} was not written by emu")
    document = json.loads(metadata[KEY])
    if document.get("schema_version") != SCHEMA_VERSION:
        raise ResultsError(
            f"{file} has schema version {document.get('schema_version')}; "
            f"this version of emu reads {SCHEMA_VERSION}"
        )
    return Header.model_validate(document)
