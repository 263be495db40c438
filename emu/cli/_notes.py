"""What commands say on standard error while they work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def compiling_is_said() -> Iterator[None]:
    """Say why the first command of a new version takes its time, where it does."""
    from emu.kernel import announced

    with announced(_say):
        yield


def _say() -> None:
    print("compiling kernels, once for this version ...", file=sys.stderr, flush=True)
