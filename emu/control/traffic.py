"""What control loops ask of an engine: what becomes of the requests under way.

Control loops change the arrays of `emu.model.state.State` themselves; these are the things that
only an engine can do, since it alone knows where each request is.
"""

from collections.abc import Callable
from typing import Protocol


class Traffic(Protocol):
    """The requests of a run."""

    def reset(self, pod: int) -> None:
        """A Pod's process has ended: its host answers all connections to it with RST.

        Requests that wait or are served there end (`reset`), kept connections to it are closed.
        """

    def silence(self, pod: int) -> None:
        """A Pod has gone without a word, with its node or its address.

        Requests that wait or are served there are never answered, and their senders are not told.
        """

    def drain(self, pod: int) -> None:
        """A Pod's process ends in order: it closes the kept connections that are idle, and each
        other one with the answer to its last request."""

    def watch_memory(self, tell: Callable[[int], None]) -> None:
        """Let somebody hear of each Pod that is out of memory, with the request that is too much
        for it; that one meets what has become of the Pod at the end of the instant."""

    def refresh(self) -> None:
        """Arrays of the state were replaced by others, or its endpoints lead elsewhere."""
