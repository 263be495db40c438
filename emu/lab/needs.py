"""What the lab cannot do without."""

import os
import shutil
import subprocess
from collections.abc import Iterator

from emu.errors import EmuError


class LabError(EmuError):
    """The lab cannot be built here, or not for this cluster."""


_TOOLS = {
    "iptables": ("iptables-restore", "iptables"),
    "nftables": ("nft", "nftables"),
}
"""By mode: a program, and the Debian package that has it."""


def missing(mode: str) -> list[str]:
    """What is missing here for a lab with nodes in this mode, in words; empty where nothing is."""
    return list(_missing(mode))


def _missing(mode: str) -> Iterator[str]:
    if mode not in _TOOLS:
        yield f"mode {mode} cannot be built; known: {', '.join(_TOOLS)}"
        return
    if os.geteuid() != 0:
        yield "only root may make network namespaces"
    for program, package in (("ip", "iproute2"), _TOOLS[mode]):
        if shutil.which(program) is None:
            yield f"there is no {program} (Debian package {package})"
    if shutil.which("unshare") and os.geteuid() == 0:
        done = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
        if done.returncode != 0:
            yield f"network namespaces are not allowed: {done.stderr.decode().strip()}"
