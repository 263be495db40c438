"""A Pod as a process: it queues requests and serves them with its workers."""

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING

from emu.engines.process.moments import Moment
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.pod import Admission
from emu.recorder.rows import ABSENT, Outcome

if TYPE_CHECKING:
    from emu.engines.process.connection import Connection
    from emu.engines.process.emulation import Emulation


class Pod:
    """Pod number ``number`` of the model: workers, and a FIFO backlog in front of them."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.model, self.env, self.number = emulation.model, emulation.env, number
        self._arrive, self._leave, self._sample = emulation.pod_kernels
        description = emulation.state.pods[number]
        self.vertex = int(description["node"])
        self._row = description
        self._failures = emulation.failures
        self._reporting = emulation.report_kernels if emulation.state.probed else None
        self._stale = emulation.stale_kernel
        self._slowed = emulation.contention_kernel if len(self.model.competitors) else None
        self._waiting: deque[tuple[Request, Moment]] = deque()

    @property
    def app_port(self) -> int:
        """The port at which its process listens; `CLOSED` or `GONE` where none does."""
        return int(self._row["app_port"])

    @property
    def epoch(self) -> int:
        """How many processes it has had before."""
        return int(self._row["epoch"])

    def serve(
        self, request: Request, connection: "Connection", arrival: int
    ) -> Generator[Moment, None, bool]:
        """Wait for the request to come, be served or refused; true when it was served."""
        yield Moment(self.env, Kind.POD_REQUEST, request.ticket, arrival)
        if self._failures is not None:
            yield from self._failures.reach_pod(request, connection)
            if request.outcome != Outcome.IN_FLIGHT:
                return False
        return (yield from self._serve(request))

    def _serve(self, request: Request) -> Generator[Moment, None, bool]:
        """Serve a request that is here, or refuse it."""
        arrival = request.pod_ns = self.env.now
        request.queue_length = len(self._waiting)
        met = self._present()
        admission = self._arrive(self.number)
        if admission == Admission.REFUSED:
            request.outcome = Outcome.BACKLOG_FULL
            return False
        served = Moment(self.env, Kind.SERVICE_END, request.ticket)
        if admission == Admission.SERVED:
            if self._is_stale(request):
                self._leave(self.number)
                return self._shed(request)
            self._begin(request, served)
        else:
            self._waiting.append((request, served))
        request.waits = served
        yield served
        request.waits = None
        if request.cut:
            return False
        if request.service_start_ns == ABSENT:
            return self._shed(request)
        self._begin_next()
        self._answered(met, arrival)
        request.outcome = Outcome.OK
        return True

    def forget(self) -> None:
        """All requests here have been cut short."""
        self._waiting.clear()

    def _begin_next(self) -> None:
        """The worker turns to the first in the backlog that is not stale, if there is one."""
        while self._leave(self.number):
            request, served = self._waiting.popleft()
            if not self._is_stale(request):
                self._begin(request, served)
                return
            served.fire()

    def _is_stale(self, request: Request) -> bool:
        """Whether a request is shed whose turn has come."""
        if self._stale is None:
            return False
        now = self.env.now
        return bool(self._stale(self.number, request.pod_ns, request.deadline_ns, now))

    def _shed(self, request: Request) -> bool:
        """Answer that the request is not served."""
        request.outcome, request.service_end_ns = Outcome.SHED, self.env.now
        return True

    def idle(self) -> bool:
        """Whether no request is here."""
        return not self._waiting

    def _present(self) -> int:
        """How many requests are here, if somebody may ask."""
        return self._reporting[0](self.number) if self._reporting else 0

    def _answered(self, met: int, arrival: int) -> None:
        """Remember, if somebody may ask, a request that met so many others when it came."""
        if self._reporting:
            self._reporting[1](self.number, self.env.now, met, self.env.now - arrival)

    def _begin(self, request: Request, served: Moment) -> None:
        """A worker turns to the request."""
        start = self.env.now
        end = start + self._service_time(request)
        request.service_start_ns, request.service_end_ns = start, end
        served.schedule(end)

    def _service_time(self, request: Request) -> int:
        """How long a worker takes for it if it begins now: by the request, the Pod's speed and,
        where Pods compete for cores, its share of them."""
        draw = (self.model.seed, request.request, request.attempt)
        service = self._sample(self.number, request.its.service_time, *draw)
        return self._slowed(self.number, service) if self._slowed else service
