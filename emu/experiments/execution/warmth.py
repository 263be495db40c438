"""Whether an engine's kernels have been compiled before."""

from typing import Final

import numba

from emu.kernel import cache_folder

_KEPT: Final = {"compiled": "compiled_*/*.nbi", "process": "hops_*/*.nbi"}
"""Where numba keeps what it compiles of a package: in folders named after it."""


def is_cold(engine: str) -> bool:
    """Whether the cache has nothing of the engine, so that its first run compiles for long."""
    return not numba.config.DISABLE_JIT and not any(cache_folder().glob(_KEPT[engine]))
