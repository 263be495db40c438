"""Namespaces are gone after the block, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emu.lab import LabError, missing
from emu.lab.namespaces import Namespaces

NODEPORT = str(Path(__file__).parents[2] / "scenarios" / "nodeport.yaml")


@pytest.fixture(autouse=True)
def tools():
    """What namespaces take."""
    lacking = missing("iptables")
    if lacking:
        pytest.skip("; ".join(lacking))


def namespaces(prefix="emu"):
    """The names of the namespaces that there are now."""
    done = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines() if line.startswith(prefix)]


def test_nothing_is_left_after_an_error():
    """An error in the block goes on, and its namespaces are gone."""
    with pytest.raises(LabError, match="RTNETLINK"), Namespaces() as spaces:
        spaces.add("a").ip("link", "add", "lo", "type", "dummy")
    assert namespaces(f"emu{os.getpid()}-") == []


def test_an_agent_that_has_ended_is_an_error():
    """It is named, and nobody waits for it."""
    with Namespaces() as spaces:
        order = {"do": "count", "times": 0}
        assert spaces.add("a").ask(**order) == {}
        spaces.end()
        with pytest.raises(LabError, match=r"the agent in emu.*-0 has ended"):
            spaces["a"].ask(**order)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("there", [1, 3, 6])
def test_nothing_is_left_after_a_signal(how, there):
    """Ended while namespaces are made, or while connections are opened, it takes them all down."""
    lab = subprocess.Popen(
        [sys.executable, "-m", "emu", "lab", NODEPORT, "--connections", "2000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # In the background of a script, SIGINT is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    prefix = f"emu{lab.pid}-"
    for _ in range(2000):
        if len(namespaces(prefix)) >= there or lab.poll() is not None:
            break
        time.sleep(0.01)
    time.sleep(0.5 if there == 6 else 0.0)
    assert lab.poll() is None
    lab.send_signal(how)
    _, errors = lab.communicate(timeout=60)
    assert lab.returncode != 0
    assert "Traceback" not in errors
    assert namespaces(prefix) == []
