"""How slow loops tell what has happened: each action is a row of events.parquet."""

from typing import Protocol


class WriteEvent(Protocol):
    """Takes one thing that happened to the cluster; in order of time."""

    def __call__(self, at_ns: int, kind: str, object_: str, cause: str, detail: str) -> None:
        """When, what has happened, to what, its cause and a detail."""
