"""A node's rules as text, as the tools of the node itself show them: one file a mode.

A mode is a module in ``modes/`` with ``text(view) -> str``.
"""

from typing import cast

from emu.hops.kubeproxy.view import NodeView
from emu.printing import modes
from emu.registry import Registry

PRINTERS = Registry(modes, "mode with rules to print")


def text(mode: str, view: NodeView) -> str:
    """The rules that kube-proxy in this mode writes on the node. Raises UnknownNameError."""
    return cast(str, PRINTERS[mode].text(view))
