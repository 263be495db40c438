"""A Pod whose workers share, their cores or a CPU quota, as a process."""

from collections.abc import Generator
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from emu.engines.process.moments import Moment
from emu.engines.process.pod import Pod
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.pod import Admission
from emu.hops.sharing import CORES
from emu.recorder.rows import ABSENT, Outcome

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation


class _Service(NamedTuple):
    """A request in service, done when virtual time reaches ``finish``."""

    finish: int
    ticket: int


class SharingPod(Pod):
    """Pod number ``number`` of the model, whose workers share (see `emu.hops.sharing`).

    An end is awaited for the first to be done alone. Who comes meanwhile puts it off, so it may be
    awaited too early, and never too late: when it is there too early, it is awaited anew, or, where
    another comes first now, not until that one has left.
    """

    def __init__(self, emulation: "Emulation", number: int) -> None:
        super().__init__(emulation, number)
        self._pass_time, self._finish_of, self._completion = emulation.sharing_kernels
        self._load = emulation.state.pods[number]
        self._all_at_once = bool(self._load["shared"] & CORES)
        self._services: list[_Service] = []
        self._ends: dict[int, Moment] = {}
        self._awaited: set[int] = set()

    def _serve(self, request: Request) -> Generator[Moment, None, bool]:
        """Serve a request that is here, or refuse it."""
        arrival = request.pod_ns = self.env.now
        request.queue_length = int(self._load["queued"])
        met = self._present()
        self._pass_time(self.number, arrival)
        admission = self._arrive(self.number)
        if admission == Admission.REFUSED:
            request.outcome = Outcome.BACKLOG_FULL
            return False
        end = Moment(self.env, Kind.SERVICE_END, request.ticket)
        if admission == Admission.SERVED and self._is_stale(request):
            self._leave(self.number)
            return self._shed(request)
        if admission == Admission.SERVED or self._all_at_once:
            self._begin(request, end)
            self._await_first()
        else:
            self._waiting.append((request, end))
        if not (yield from self._be_served(request, end)):
            return False
        if request.service_start_ns == ABSENT:
            return self._shed(request)
        self._depart()
        request.service_end_ns = self.env.now
        self._answered(met, arrival)
        request.outcome = Outcome.OK
        return True

    def _be_served(self, request: Request, end: Moment) -> Generator[Moment, None, bool]:
        """Wait until the request is done or shed; false where it is cut short."""
        while True:
            request.waits = end
            yield end
            request.waits = None
            if request.cut or request.service_start_ns == ABSENT or self._is_done(request):
                return not request.cut
            end = self._another_end(request)

    def forget(self) -> None:
        """All requests here have been cut short; the ends that were awaited are void."""
        self._pass_time(self.number, self.env.now)
        self._services.clear()
        self._ends.clear()
        self._awaited.clear()
        super().forget()

    def idle(self) -> bool:
        """Whether no request is here."""
        return not (self._services or self._ends or self._awaited or self._waiting)

    def _begin(self, request: Request, served: Moment) -> None:
        """The request is in service from now on; its end is not awaited yet."""
        request.service_start_ns = self.env.now
        finish = self._finish_of(self.number, self._service_time(request))
        heappush(self._services, _Service(finish, request.ticket))
        self._ends[request.ticket] = served

    def _is_done(self, request: Request) -> bool:
        """Whether a request is done whose end was awaited for now."""
        self._awaited.remove(request.ticket)
        first = self._services[0]
        return first.ticket == request.ticket and self._done_at(first) == self.env.now

    def _another_end(self, request: Request) -> Moment:
        """The end of a request that was put off."""
        end = self._ends[request.ticket] = Moment(self.env, Kind.SERVICE_END, request.ticket)
        self._await_first()
        return end

    def _depart(self) -> None:
        """The first is done, and the first in the backlog that is not stale begins."""
        self._pass_time(self.number, self.env.now)
        del self._ends[heappop(self._services).ticket]
        if self._all_at_once:
            self._leave(self.number)
        else:
            self._begin_next()
        self._await_first()

    def _await_first(self) -> None:
        """Await the end of the first to be done, unless that is awaited."""
        if self._services and self._services[0].ticket not in self._awaited:
            first = self._services[0]
            self._awaited.add(first.ticket)
            self._ends[first.ticket].schedule(self._done_at(first))

    def _done_at(self, service: _Service) -> int:
        return self._completion(self.number, service.finish)
