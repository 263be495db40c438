"""The kept connections of a sender to one address and port, and the requests that wait for one."""

from collections import deque
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Final

from emu.engines.process.connection import Connection, Sender
from emu.engines.process.moments import Signal, do_at
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.conntrack import Closing
from emu.hops.pool import NEVER, OPEN, WAIT
from emu.recorder.rows import Outcome

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation

_HOW_IT_ENDS: Final = {
    Outcome.OK: Closing.TIME_WAIT,
    Outcome.REFUSED: Closing.CLOSE,
    Outcome.BACKLOG_FULL: Closing.CLOSE,
    Outcome.RESET: Closing.CLOSE,
}


def closing_by(outcome: int) -> Closing:
    """How a connection ends with a request of this outcome; one that nobody answered else."""
    return _HOW_IT_ENDS.get(Outcome(outcome), Closing.SYN_SENT)


class Pool:
    """Pool number ``number`` of the model, whose connections take their ports of a ``route``."""

    def __init__(
        self, emulation: "Emulation", number: int, route: int, sender: Sender, turn: int, tls: int
    ) -> None:
        self.emulation, self._number, self._route = emulation, number, route
        self._sender, self._turn, self._tls = sender, turn, tls
        settings = emulation.model.pools[number]["settings"]
        self.multiplexed = bool(emulation.model.pool_settings[settings]["streams"] > 1)
        self._waiting: deque[tuple[Request, bool, Signal]] = deque()

    def acquire(
        self, request: Request, heeds: bool
    ) -> Generator[Signal, None, tuple[Connection | None, bool]]:
        """Wait for a connection, and whether it is opened for this request.

        None where no port is free, or the client has given up, if the sender ``heeds`` that.
        """
        if heeds and request.given_up is not None:
            return None, False
        found = self.emulation.connections.check_out(self._number)
        if found == WAIT:
            signal = Signal()
            self._waiting.append((request, heeds, signal))
            yield signal
            if signal.value is None:
                return None, False
            found = signal.value
        if found != OPEN:
            return self.emulation.kept[found], False
        return self._open(request), True

    def _open(self, request: Request) -> Connection | None:
        emulation, now = self.emulation, self.emulation.env.now
        port = emulation.take_port(self._route, now)
        if port is None:
            request.outcome = Outcome.PORTS_EXHAUSTED
            return None
        kept = emulation.keep(self._number, request)
        connection = Connection(emulation, self._sender, self._turn, port, self._tls, kept)
        emulation.kept[kept], connection.pool = connection, self
        self._watch(connection, emulation.connections.first_look(kept))
        return connection

    def _watch(self, connection: Connection, at: int) -> None:
        """Look then whether it is to be closed."""
        if at < NEVER:
            number = self.emulation.number_of(connection.kept)
            look = partial(self._look, connection)
            do_at(self.emulation.env, Kind.CONNECTION_DUE, number, at, look)

    def _look(self, connection: Connection) -> None:
        if connection.is_over:
            return
        now = self.emulation.env.now
        at = self.emulation.connections.look(connection.kept, now)
        if at == now:
            self._close(connection, Closing.TIME_WAIT)
            self._serve()
        else:
            self._watch(connection, at)

    def done(self, connection: Connection, outcome: int) -> None:
        """A request on the connection has ended so; the next ones get what is free now."""
        broken = outcome not in (Outcome.OK, Outcome.SHED)
        if outcome == Outcome.BACKLOG_FULL and self.multiplexed:
            broken = False  # its stream alone is refused
        if broken and not connection.is_over:
            self._close(connection, closing_by(outcome))
        self._give_back(connection)

    def give_up(self, connection: Connection) -> None:
        """The client waits no longer for a request on it: with it ends its stream, which is the
        whole connection where that has but one."""
        if not self.multiplexed and not connection.is_over:
            self._close(connection, Closing.TIME_WAIT)
        self._give_back(connection)

    def hang_up(self, connection: Connection, in_order: bool) -> None:
        """The Pod's end of it is closed, if no request is on it; ``in_order``, otherwise with the
        last request that is."""
        now, state = self.emulation.env.now, self.emulation.state.pools
        it = state.connections[connection.kept]
        if in_order:
            it["ends_ns"] = now
            self.emulation.connections.look(connection.kept, now)
        if it["streams"] == 0:
            self._close(connection, Closing.TIME_WAIT if in_order else Closing.CLOSE)
            self._serve()

    def _give_back(self, connection: Connection) -> None:
        if self.emulation.connections.give_back(connection.kept, self.emulation.env.now):
            self._close(connection, Closing.TIME_WAIT)
        self._serve()

    def _close(self, connection: Connection, closing: Closing) -> None:
        self.emulation.connections.closed(connection.kept)
        connection.close(self.emulation.env.now, closing)

    def _serve(self) -> None:
        """Give the requests that wait what there is."""
        while self._waiting:
            request, heeds, signal = self._waiting[0]
            found = None
            if request.given_up is None or not heeds:
                found = self.emulation.connections.check_out(self._number)
                if found == WAIT:
                    return
            self._waiting.popleft()
            signal.fire(found)
