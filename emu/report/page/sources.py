"""What a folder of results holds."""

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from emu.errors import ResultsError
from emu.recorder.run_folder import SUMMARY


class Kind(StrEnum):
    """What can be told of by a page, each by a file that only such a folder has."""

    RUN = SUMMARY
    COMPARISON = "comparison.json"
    SWEEP = "points.parquet"
    CAPACITY = "curve.parquet"


def kind_of(folder: Path) -> Kind:
    """What the folder holds. Raises ResultsError where it is nothing that a page can tell of."""
    if not folder.is_dir():
        raise ResultsError(f"{folder} is no folder")
    for kind in Kind:
        if (folder / kind).is_file():
            return kind
    raise ResultsError(f"{folder} holds no run, comparison, sweep or search for a capacity")


def expanded(folders: Iterable[Path]) -> list[Path]:
    """The folders, with those of sweeps in place of the folder ``sweeps`` that holds them."""
    found: list[Path] = []
    for folder in folders:
        inner = sorted(path.parent for path in folder.glob(f"*/{Kind.SWEEP}"))
        found += inner or [folder]
    return found


def document(path: Path) -> Any:
    """A JSON file. Raises ResultsError where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultsError(f"cannot read {path}: {error}") from error


def table(path: Path) -> pa.Table:
    """A small Parquet file. Raises ResultsError where it cannot be read."""
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise ResultsError(f"cannot read {path}: {error}") from error
