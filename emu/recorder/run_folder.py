"""The folder of a run, ``<root>/<scenario>/<run>/``: made in hiding, shown when it is whole.

A run writes into a hidden folder beside its final place, ``.<run>.<random>.unfinished``, and holds
a lock on it (``flock``), so that what a killed run left behind can be told from what a living one
is at. `RunFolder.finish` gives the folder its final name in one step; it is whole then, also after
a kill, though not after a power cut. Nothing is written outside the root.
"""

import errno
import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from emu.errors import ResultsError
from emu.recorder.columns import TABLES
from emu.recorder.table_file import refusals

SUMMARY: Final = "summary.json"
"""The numbers of a run. The same scenario, seed and versions give the same bytes."""
SCENARIO: Final = "scenario.yaml"
"""The resolved scenario."""
TIMING: Final = "timing.json"
"""What differs from one time to the next: ``wall_seconds`` and ``requests_per_second``."""
FILES: Final = (*(f"{table}.parquet" for table in TABLES), SUMMARY, SCENARIO, TIMING)
"""What a run leaves."""

_UNFINISHED: Final = ".unfinished"
_NAME: Final = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._]{0,199}")


class RunFolder:
    """The folder of a run while it is written; ``path`` is where to write."""

    def __init__(self, path: Path, final: Path, files: Sequence[str]) -> None:
        self.path = path
        self._final, self._files = final, files

    def write_text(self, name: str, text: str) -> None:
        """Write one of the text files."""
        with refusals(self.path / name):
            (self.path / name).write_text(text, encoding="utf-8")

    def write_json(self, name: str, document: Mapping[str, Any]) -> None:
        """Write one of the JSON files, keys in the order given."""
        self.write_text(name, json.dumps(document, indent=2, allow_nan=False) + "\n")

    def finish(self) -> Path:
        """Give the folder its final name and return it.

        An earlier run of that name is replaced, unless it is complete and this one is partial.
        Raises ValueError where one of its files was not written.
        """
        missing = [name for name in self._files if not (self.path / name).is_file()]
        if missing:
            raise ValueError(f"the folder is not whole: {', '.join(missing)} not written")
        if not is_complete(self.path) and is_complete(self._final):
            return self._final
        with refusals(self._final):
            while not _renamed(self.path, self._final):
                with _hidden(self._final) as old, suppress(FileNotFoundError):
                    self._final.rename(old / "replaced")
        return self._final


@contextmanager
def run_folder(
    root: Path, scenario: str, run: str, files: Sequence[str] = FILES
) -> Iterator[RunFolder]:
    """A `RunFolder` to write a run into; unless it is finished, nothing of it stays.

    What is made of several runs has a folder beside theirs, with other ``files``. Raises
    ResultsError for a name that is no plain file name, and where the system refuses.
    """
    final = _place(root, scenario, run)
    with refusals(final.parent):
        final.parent.mkdir(parents=True, exist_ok=True)
        _check_inside(root, final)
        _sweep(final.parent)
    with _hidden(final) as path:
        yield RunFolder(path, final, files)


def find_complete(root: Path, scenario: str, run: str) -> Path | None:
    """The folder of this run where it is there, whole and not partial; else None."""
    final = _place(root, scenario, run)
    return final if is_complete(final) else None


def is_complete(folder: Path) -> bool:
    """Whether the folder holds every file of a run that went on to its end."""
    try:
        partial = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))["partial"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return partial is False and all((folder / name).is_file() for name in FILES)


def _place(root: Path, scenario: str, run: str) -> Path:
    for name in (scenario, run):
        if not _NAME.fullmatch(name):
            raise ResultsError(
                f"{name!r} cannot name a results folder: only letters, digits, '-', '_' and '.', "
                "beginning with a letter or digit"
            )
    return root / scenario / run


def _check_inside(root: Path, final: Path) -> None:
    """Refuse a folder that a symbolic link would put outside the root."""
    if not final.parent.resolve().is_relative_to(root.resolve()) or final.is_symlink():
        raise ResultsError(f"{final} leads outside {root}")


def _renamed(path: Path, final: Path) -> bool:
    """Rename the folder; False where the new name is taken by another folder."""
    try:
        path.rename(final)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


@contextmanager
def _hidden(final: Path) -> Iterator[Path]:
    """A new hidden locked folder beside ``final``, removed at the end unless it was renamed."""
    path, lock = _make_hidden(final)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        _unlock(lock)


def _make_hidden(final: Path) -> tuple[Path, int | None]:
    with refusals(final.parent):
        while True:
            path = final.with_name(f".{final.name}.{secrets.token_hex(4)}{_UNFINISHED}")
            path.mkdir()
            lock = _lock(path)
            if path.exists():  # else another run's sweep had the lock first
                return path, lock
            _unlock(lock)


def _sweep(parent: Path) -> None:
    """Remove the hidden folders of runs that were killed: those whose lock nobody holds."""
    for path in parent.glob(f".*{_UNFINISHED}"):
        if path.is_symlink() or not path.is_dir():
            continue
        lock = _lock(path, fcntl.LOCK_NB)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            _unlock(lock)


def _lock(path: Path, flags: int = 0) -> int | None:
    """Lock the folder: the open descriptor; None where it is held, gone, or cannot be locked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _unlock(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
