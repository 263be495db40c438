"""Network namespaces that this process made, and takes down again."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emu.lab.needs import LabError

_AGENT = Path(__file__).with_name("agent.py")


def run(*command: str, text: str = "") -> None:
    """Run a program; its last words are the message of a LabError where it fails."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(command[:6])}: {done.stderr.strip()}")


class Namespace:
    """One network namespace with an agent in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        run("ip", "netns", "add", name)
        self._agent: subprocess.Popen[str] | None = None

    def ip(self, *words: str) -> None:
        """``ip`` inside."""
        run("ip", "-n", self.name, *words)

    def execute(self, *command: str, text: str = "") -> None:
        """Run a program inside."""
        run("ip", "netns", "exec", self.name, *command, text=text)

    def set(self, name: str, value: str) -> None:
        """Set a kernel parameter inside, by its path below net."""
        self.execute("sh", "-c", f"echo {value} > /proc/sys/net/{name}")

    def ask(self, **order: Any) -> dict[str, Any]:
        """Let the agent listen or connect, and wait for what it says."""
        if self._agent is None:
            self._agent = subprocess.Popen(
                ["ip", "netns", "exec", self.name, sys.executable, "-S", "-E", str(_AGENT)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self._agent.stdin is not None and self._agent.stdout is not None
        self._agent.stdin.write(json.dumps(order) + "\n")
        self._agent.stdin.flush()
        line = self._agent.stdout.readline()
        if not line:
            raise LabError(f"the agent in {self.name} has ended")
        return dict(json.loads(line))

    def remove(self) -> None:
        """End the agent and delete the namespace, with all interfaces in it."""
        if self._agent is not None:
            self._agent.kill()
            self._agent.communicate()
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)


class Namespaces:
    """Namespaces by short names; a context that removes them all."""

    def __init__(self) -> None:
        self._prefix = f"emu{os.getpid()}-"
        self._made: dict[str, Namespace] = {}

    def add(self, name: str) -> Namespace:
        """Make one."""
        number = len(self._made)
        self._made[name] = Namespace(f"{self._prefix}{number}")
        self._made[name].ip("link", "set", "lo", "up")
        return self._made[name]

    def __getitem__(self, name: str) -> Namespace:
        return self._made[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for namespace in self._made.values():
            namespace.remove()
