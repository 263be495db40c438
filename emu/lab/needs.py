"""What the lab cannot do without."""

import os
import shutil
import subprocess
from collections.abc import Iterator

from emu.errors import EmuError


class LabError(EmuError):
    """The lab cannot be built here, or not for this cluster."""


_TOOLS = {
    "iptables": ("iptables-restore", "iptables", "iptables-save -t nat"),
    "nftables": ("nft", "nftables", "nft list ruleset"),
}
"""By mode: a program, the Debian package that has it, and what it must be able to do."""


def missing(mode: str) -> list[str]:
    """What is missing here for a lab with nodes in this mode, in words; empty where nothing is."""
    if mode not in _TOOLS:
        return [f"mode {mode} cannot be built; known: {', '.join(_TOOLS)}"]
    program, package, trial = _TOOLS[mode]
    lacking = [
        f"there is no {needed} (Debian package {of})"
        for needed, of in (("ip", "iproute2"), ("unshare", "util-linux"), (program, package))
        if shutil.which(needed) is None
    ]
    if os.geteuid() != 0:
        lacking.append("only root may make network namespaces")
    return lacking or list(_refused(trial))


def unseen() -> list[str]:
    """What is missing here to see conntrack's entries, in words; the lab runs without."""
    if shutil.which("conntrack") is None:
        return ["there is no conntrack (Debian package conntrack)"]
    return []


def _refused(trial: str) -> Iterator[str]:
    """What the kernel does not allow, tried in a namespace that is gone at once."""
    name = f"emu{os.getpid()}-trial"
    links = "ip link add emu0 type veth && ip link add emu1 type bridge"
    commands = (
        ["unshare", "-n", "sh", "-c", f"{links} && {trial}"],
        ["sh", "-c", f"ip netns add {name} && ip netns delete {name}"],
    )
    try:
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                yield f"{command[-1]}: {done.stderr.strip()}"
    finally:  # for Ctrl-C, which ends the shell as well
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
