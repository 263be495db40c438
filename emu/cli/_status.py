"""Exit statuses beside 0, 1 for a command that says no, and 2 for a wrong input."""

from typing import Final

INTERRUPTED: Final = 130
"""After Ctrl-C, as shells have it: 128 + SIGINT."""
