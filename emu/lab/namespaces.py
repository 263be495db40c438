"""Network namespaces that this process made, and takes down again."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, NoReturn, Self, TypeAlias

from emu.lab.needs import LabError

_AGENT: Final = Path(__file__).with_name("agent.py")
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Handler: TypeAlias = Callable[[int, FrameType | None], Any] | int | None


def run(*command: str, text: str = "") -> str:
    """What a program prints; its last words are the message of a LabError where it fails."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(command[:6])}: {done.stderr.strip()}")
    return done.stdout


class Namespace:
    """One network namespace with an agent in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._agent: subprocess.Popen[str] | None = None

    def make(self) -> None:
        """Let there be one, with its loopback up."""
        run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words: str) -> None:
        """``ip`` inside."""
        run("ip", "-n", self.name, *words)

    def execute(self, *command: str, text: str = "") -> str:
        """What a program prints that runs inside."""
        return run("ip", "netns", "exec", self.name, *command, text=text)

    def set(self, values: dict[str, int]) -> None:
        """Set kernel parameters inside, by their paths below net."""
        lines = [f"echo {value} > /proc/sys/net/{name}\n" for name, value in values.items()]
        self.execute("sh", "-e", text="".join(lines))

    def ask(self, **order: Any) -> dict[str, Any]:
        """Let the agent listen or connect, and wait for what it says."""
        if self._agent is None:
            self._agent = subprocess.Popen(
                ["ip", "netns", "exec", self.name, sys.executable, "-S", "-E", str(_AGENT)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                start_new_session=True,  # Ctrl-C is for the lab, which ends it
            )  # fmt: skip
        assert self._agent.stdin is not None and self._agent.stdout is not None
        try:
            self._agent.stdin.write(json.dumps(order) + "\n")
            self._agent.stdin.flush()
            line = self._agent.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise LabError(f"the agent in {self.name} has ended")
        return dict(json.loads(line))

    def end(self) -> None:
        """End the agent."""
        if self._agent is not None:
            self._agent.kill()

    def remove(self) -> None:
        """Delete the namespace, with all interfaces in it; also one that is half made."""
        if self._agent is not None:
            self._agent.kill()
            self._agent.communicate()
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)


class Namespaces:
    """Namespaces by short names; a context that removes them all, also when it is told to end.

    Signals that would end the process become exceptions in the meantime, and wait while namespaces
    are removed.
    """

    def __init__(self) -> None:
        self._prefix = f"emu{os.getpid()}-"
        self._made: dict[str, Namespace] = {}
        self._before: dict[signal.Signals, _Handler] = {}

    def add(self, name: str) -> Namespace:
        """Make one; it is known before it is there, so that none is forgotten."""
        made = self._made[name] = Namespace(f"{self._prefix}{len(self._made)}")
        made.make()
        return made

    def __getitem__(self, name: str) -> Namespace:
        return self._made[name]

    def end(self) -> None:
        """End all agents: who waits for one gets a LabError."""
        for namespace in self._made.values():
            namespace.end()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {its: signal.getsignal(its) for its in _ENDING}
            signal.signal(signal.SIGTERM, _end)
            signal.signal(signal.SIGHUP, _end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for its in self._before:
            signal.signal(its, signal.SIG_IGN)
        for namespace in self._made.values():
            namespace.remove()
        for its, handler in self._before.items():
            signal.signal(its, handler)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
