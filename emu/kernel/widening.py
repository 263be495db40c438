"""A kernel is compiled once for all integers."""

from typing import Any

import numba


def once(compiled: Any) -> Any:
    """Let the kernel be compiled once, and not anew for every constant argument.

    Numba types a constant as itself. What is compiled into its callers is folded all the same.
    """
    template = compiled.get_call_template

    def widened(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return template(tuple(map(_widened, arguments)), keywords)

    compiled.get_call_template = widened
    return compiled


def _widened(argument: Any) -> Any:
    if isinstance(argument, numba.types.Integer) and argument.signed:
        return numba.int64
    return argument
