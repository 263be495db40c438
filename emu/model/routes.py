"""The routes of a run, numbered: from which sender to which address and port."""

from typing import NamedTuple


class Route(NamedTuple):
    """What the ports of a host or Pod are kept apart by."""

    source: int
    destination: str
    port: int
    protocol: str = "TCP"


class Routes:
    """Numbers routes; ``count`` is how many there are."""

    def __init__(self) -> None:
        self.count = 0
        self._numbers: dict[Route, int] = {}

    def number(self, route: Route, sources: int = 1) -> int:
        """The number of a route; those of ``sources`` senders from its own on are in a row."""
        if route not in self._numbers:
            self._numbers[route] = self.count
            self.count += sources
        return self._numbers[route]
