"""What a kubelet asks of a container while it runs, and does before it ends: probes and hooks."""

import re
from typing import Annotated, Final

from pydantic import Field

from emu.scenario.fields import Whole
from emu.scenario.kubernetes.objects import Block
from emu.units import SECOND

Seconds = Annotated[Whole, Field(ge=0)]
AtLeastOne = Annotated[Whole, Field(ge=1)]


class PortHandler(Block):
    """A probe by ``httpGet``, ``tcpSocket`` or ``grpc``: the port, by number or name."""

    port: int | str = 0


class Exec(Block):
    """A command in the container."""

    command: tuple[str, ...] = ()


class Probe(Block):
    """A question that the kubelet asks a container again and again."""

    initial_delay_seconds: Seconds = 0
    timeout_seconds: AtLeastOne = 1
    period_seconds: AtLeastOne = 10
    success_threshold: AtLeastOne = 1
    failure_threshold: AtLeastOne = 3
    http_get: PortHandler | None = None
    tcp_socket: PortHandler | None = None
    grpc: PortHandler | None = None

    @property
    def port(self) -> int | str | None:
        """The port that it asks at; None for a command, which asks the process itself."""
        handler = self.http_get or self.tcp_socket or self.grpc
        return None if handler is None else handler.port


class Sleep(Block):
    """A pause."""

    seconds: Seconds = 0


class LifecycleHandler(Block):
    """What is done at a moment of a container's life."""

    sleep: Sleep | None = None
    exec: Exec | None = None

    @property
    def lasting(self) -> int:
        """How long it takes: its pause, or that of a ``sleep 5`` in its command; nanoseconds."""
        if self.sleep is not None:
            return self.sleep.seconds * SECOND
        found = _SLEEP.search(" ".join(self.exec.command)) if self.exec is not None else None
        return round(float(found[1]) * _UNITS[found[2]] * SECOND) if found else 0


_SLEEP: Final = re.compile(r"\bsleep ([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh]?)")
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600}


class Lifecycle(Block):
    """What is done at moments of a container's life; only ``preStop`` is read."""

    pre_stop: LifecycleHandler = LifecycleHandler()
