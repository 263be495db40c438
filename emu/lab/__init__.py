"""The scenario's cluster in real Linux network namespaces, with the real kernel as judge.

Every node, every Pod and one client outside is a namespace; nodes have the rules that
`emu.printing` writes. Real connections are opened, and what their sockets saw is compared with what
the emulator says. Needs root, ``ip``, and ``iptables`` or ``nft``; nothing outside the namespaces
made here is touched, and they are taken down whatever happens.
"""

from emu.lab.checking import Verdict, check
from emu.lab.needs import LabError, missing

__all__ = ["LabError", "Verdict", "check", "missing"]
