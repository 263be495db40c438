"""How slow loops tell what has happened: each action is a row of events.parquet."""

from collections.abc import Callable

WriteEvent = Callable[[int, str, str, str, str], None]
"""Takes the time, what has happened, to what, its cause and a detail; in order of time."""
