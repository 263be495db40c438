"""A folder behind a URL, by fsspec: object stores, other machines' files, memory."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emu.errors import ResultsError
from emu.extras import need


class Remote:
    """One folder. Raises ResultsError for a URL that cannot be used."""

    def __init__(self, url: str) -> None:
        self._url = url
        need("results behind a URL", "distributed", "fsspec")
        import fsspec

        with self._refusals():
            files, self._path = fsspec.core.url_to_fs(url)
            self._files: Any = files

    def text(self, name: str) -> str | None:
        """The text of a file; None where it is not there."""
        with self._refusals():
            try:
                content: bytes = self._files.cat_file(f"{self._path}/{name}")
            except FileNotFoundError:
                return None
            return content.decode()

    def bring(self, folder: Path, names: Sequence[str]) -> None:
        """Copy files from a folder of this machine.

        They come under another name beside it first, and are moved when all are there, in their
        order: stores have no folders that could be renamed at once.
        """
        parent, _, name = self._path.rpartition("/")
        hidden = f"{parent}/.{name}.{secrets.token_hex(4)}.unfinished"
        with self._refusals():
            try:
                self._files.makedirs(hidden, exist_ok=True)
                for file in names:
                    self._files.put_file(str(folder / file), f"{hidden}/{file}")
                self._files.makedirs(self._path, exist_ok=True)
                for file in names:
                    self._files.mv(f"{hidden}/{file}", f"{self._path}/{file}")
            finally:
                if self._files.exists(hidden):
                    self._files.rm(hidden, recursive=True)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Whatever a store refuses, in its own words: each has errors of its own."""
        try:
            yield
        except (ImportError, ValueError, OSError) as error:
            raise ResultsError(f"cannot use {self._url}: {error}") from error
