"""What an arrival process gives where no more requests come."""

from typing import Final

NO_MORE: Final = 2**62
"""The time of a request that never comes, in nanoseconds: not before the end of any run."""
