"""A Pod whose workers are shared by all requests at it, as a process."""

from collections.abc import Generator
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from emu.engines.process.moments import Moment
from emu.engines.process.pod import Pod
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.pod import Admission
from emu.recorder.rows import Outcome

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation


class _Service(NamedTuple):
    """A request in service, done when virtual time reaches ``finish``."""

    finish: int
    ticket: int


class SharingPod(Pod):
    """Pod number ``number`` of the model, under processor sharing (see `emu.hops.sharing`).

    An end is awaited for the first to be done alone. Who comes meanwhile puts it off, so it may be
    awaited too early, and never too late: when it is there too early, it is awaited anew, or, where
    another comes first now, not until that one has left.
    """

    def __init__(self, emulation: "Emulation", number: int) -> None:
        super().__init__(emulation, number)
        self._pass_time, self._finish_of, self._completion = emulation.sharing_kernels
        self._load = emulation.state.pods[number]
        self._services: list[_Service] = []
        self._ends: dict[int, Moment] = {}
        self._awaited: set[int] = set()

    def _serve(self, request: Request) -> Generator[Moment, None, bool]:
        """Serve a request that is here, or refuse it."""
        arrival = request.pod_ns = self.env.now
        request.queue_length = int(self._load["queued"])
        met = self._present()
        self._pass_time(self.number, arrival)
        if self._arrive(self.number) == Admission.REFUSED:
            request.outcome = Outcome.BACKLOG_FULL
            return False
        request.service_start_ns = arrival
        yield from self._share(request)
        if request.cut:
            return False
        request.service_end_ns = self.env.now
        self._answered(met, arrival)
        request.outcome = Outcome.OK
        return True

    def forget(self) -> None:
        """All requests here have been cut short; the ends that were awaited are void."""
        self._pass_time(self.number, self.env.now)
        self._services.clear()
        self._ends.clear()
        self._awaited.clear()

    def idle(self) -> bool:
        """Whether no request is here."""
        return not (self._services or self._ends or self._awaited)

    def _share(self, request: Request) -> Generator[Moment, None, None]:
        """Be in service until it is done."""
        finish = self._finish_of(self.number, self._service_time(request))
        mine = _Service(finish, request.ticket)
        heappush(self._services, mine)
        done = False
        while not done:
            self._ends[mine.ticket] = Moment(self.env, Kind.SERVICE_END, mine.ticket)
            self._await_first()
            request.waits = self._ends[mine.ticket]
            yield request.waits
            request.waits = None
            if request.cut:
                return
            self._awaited.remove(mine.ticket)
            done = self._services[0] == mine and self._done_at(mine) == self.env.now
        heappop(self._services)
        del self._ends[mine.ticket]
        self._pass_time(self.number, self.env.now)
        self._leave(self.number)
        self._await_first()

    def _await_first(self) -> None:
        """Await the end of the first to be done, unless that is awaited."""
        if self._services and self._services[0].ticket not in self._awaited:
            first = self._services[0]
            self._awaited.add(first.ticket)
            self._ends[first.ticket].schedule(self._done_at(first))

    def _done_at(self, service: _Service) -> int:
        return self._completion(self.number, service.finish)
