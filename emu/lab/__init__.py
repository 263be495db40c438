"""The scenario's cluster in real Linux network namespaces, with the real kernel as judge.

Every node, every Pod and one client outside is a namespace; nodes have the rules that
`emu.printing` writes. Real connections are opened, and what their sockets and the nodes' conntrack
saw is compared with what the emulator says, over IPv4, by TCP and UDP. Needs root, ``ip``, and
``iptables`` or ``nft``, and ``conntrack`` to see entries; nothing outside the namespaces made here
is touched, and they are taken down whatever happens.
"""

from emu.lab.checking import Verdict, check
from emu.lab.needs import LabError, missing, unseen

__all__ = ["LabError", "Verdict", "check", "missing", "unseen"]
