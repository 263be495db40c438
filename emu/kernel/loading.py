"""How compiled code comes back from the cache: without the compiler."""

from typing import Any

from numba.core.caching import FunctionCache


class Cache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of one function, that leaves the compiler alone where it need not compile.

    Numba's own imports all that it can compile, and scipy where that is installed, before it looks
    whether anything has to be: a quarter of a second at every start. Code that neither allocates
    nor counts references (see `emu.kernel`) needs nothing of that, and numba does it by itself
    before it does compile.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled code for a signature, None where there is none."""
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)
