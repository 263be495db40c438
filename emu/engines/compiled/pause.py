"""Why the compiled loop returns before the run is over."""

from enum import IntEnum


class Pause(IntEnum):
    """Why the loop has returned."""

    DUE = 0
    """The next event is at or after the time given, or there is none."""
    ROWS = 1
    """There is no room for another row."""
    SLOTS = 2
    """There is no slot for another request."""
    ENLARGE = 3
    """What nodes keep of connections needs room."""
    PORTS = 4
    """The ports of routes need room."""
    CONNECTIONS = 5
    """Connections that are kept need room."""
    EVENTS = 6
    """There is no room for another event."""
    CALLS = 7
    """The requests of watched clients need room."""
    FINISHED = 8
    """As many requests as were to be sent are finished, or as there are."""
    OUT_OF_MEMORY = 9
    """The Pod of the number in ``counters[KILLED]`` is, now."""
