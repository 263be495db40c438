"""Where compiled code is kept: a folder for exactly these sources.

Numba's own cache does not notice an edited callee, so the folder is named by a digest of every
source that a run depends on: an edit compiles anew, and nothing stale is ever loaded.
"""

import contextlib
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Set
from functools import cache
from pathlib import Path
from typing import Final

import numba
import numpy as np

_PACKAGE = Path(__file__).parents[1]
_ABOVE_RUNS: Final = frozenset(
    {"cli", "experiments", "lab", "printing", "probing", "report", "tracing"}
)
"""Rooms that have no kernels, and that nothing in what a run leaves depends on."""

_STALE_AFTER = 30 * 24 * 3600  # seconds after which another version's cache is swept


@cache
def source_digest() -> str:
    """Digest of the sources that a run depends on and of what compiles them, 16 hex digits."""
    return digest_of(_PACKAGE, _ABOVE_RUNS)


def digest_of(package: Path, without: Set[str] = frozenset()) -> str:
    """Digest of the source files under a folder and of what compiles them, 16 hex digits.

    Those of its folders named in ``without`` are left out.
    """
    digest = hashlib.sha256(f"{sys.version} {numba.__version__} {np.__version__}".encode())
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        if place.parts[0] in without:
            continue
        digest.update(place.as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path:
    """The folder of compiled kernels for exactly these sources, made if need be.

    It lies in ``$XDG_CACHE_HOME/emu`` (``~/.cache/emu``), or in the temporary folder where that
    cannot be written.
    """
    name = source_digest()
    with contextlib.suppress(OSError, RuntimeError):  # no place to write; no home at all
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "emu"
        folder = home / name
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            with contextlib.suppress(OSError):  # another process may sweep at the same time
                _sweep(home, keep=folder)
            return folder
    return _temporary(name)


def _temporary(name: str) -> Path:
    """A folder of this user's own under the temporary folder: what lies in it will be executed."""
    home = Path(tempfile.gettempdir()) / f"emu-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
    status = home.lstat()
    if status.st_uid != os.getuid() or status.st_mode != stat.S_IFDIR | 0o700:
        home = Path(tempfile.mkdtemp(prefix="emu-"))
    folder = home / name
    folder.mkdir(exist_ok=True)
    return folder


def _sweep(home: Path, keep: Path) -> None:
    """Remove compiled kernels of other versions that nobody has used for a month."""
    os.utime(keep)
    oldest = time.time() - _STALE_AFTER
    for other in home.iterdir():
        if other != keep and other.stat().st_mtime < oldest:
            shutil.rmtree(other, ignore_errors=True)
