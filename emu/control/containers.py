"""The containers of Pods: their processes start, listen, end, and are started again.

Of a Pod, the container that serves is what counts. Where its process does not listen, its host
answers with RST. What a container still has to do is void when its ``turn`` is another.
"""

from collections.abc import Generator
from typing import Final

import simpy

from emu.control import warming
from emu.control.api_server import PodObject
from emu.control.container import Container
from emu.control.probes import Prober
from emu.control.run import Run
from emu.control.work_queue import later
from emu.distributions import sample, table_of
from emu.hops.pod import CLOSED, GONE
from emu.random_streams import CREATION, STARTUP
from emu.scenario import Behaviour
from emu.scenario.behaviours import behaviour_of
from emu.units import SECOND

FIRST_BACK_OFF_NS: Final = 10 * SECOND
"""Between the second end of a process and its next start; the first time there is none."""
MOST_BACK_OFF_NS: Final = 300 * SECOND
RESET_NS: Final = 600 * SECOND
"""A process that has run for so long since it was started again is as good as new. Source of all
three: Kubernetes, pkg/kubelet (``MaxContainerBackOff``), and client-go, util/flowcontrol."""

Process = Generator[simpy.Event, None, None]


class Containers:
    """What kubelets do with containers."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._behaviours = run.live.spec.behaviours
        known = (*self._behaviours, Behaviour())
        times = [time for its in known for time in (its.creation, its.startup)]
        self._table, self._places = table_of(times)
        self._prober = Prober(run, self.crash, self.report)

    def of(self, pod: PodObject) -> Container:
        """A container that does not run yet."""
        behaviour = behaviour_of(pod.spec, self._behaviours)
        template = self._run.live.templates[pod.owner] if pod.owner else None
        return Container(pod, behaviour, 0 if template is None else int(template["app_port"]))

    def running(self, pod: PodObject) -> Container:
        """A container that has run for long."""
        port = int(self._run.state.pods["app_port"][pod.number])
        its = Container(
            pod, behaviour_of(pod.spec, self._behaviours), port, running=True, ready=pod.ready
        )
        self._prober.begin(its, has_started=True)
        return its

    def create(self, its: Container) -> Process:
        """A process until the container runs."""
        turn = its.turn
        yield self._run.env.timeout(self._draw(its, 0, CREATION))
        if its.turn == turn and not its.ending:
            self.start(its)

    def start(self, its: Container) -> None:
        """The container runs, and its process begins to start."""
        its.turn += 1
        its.running, its.starts = True, its.starts + 1
        self._run.env.process(self._listen(its))
        self._prober.begin(its)

    def crash(self, its: Container, cause: str) -> None:
        """The process ends by itself, or is killed; it is started again after a back-off."""
        self.end(its)
        if its.ending:
            self._run.tell("container_ended", its.pod.name, cause)
            return
        self.report(its, False)
        wait = self._back_off(its)
        turn = its.turn
        self._run.tell("container_ended", its.pod.name, cause, f"starts again in {wait // SECOND}s")
        later(self._run.env, wait, lambda: self._restart(its, turn))

    def end(self, its: Container) -> None:
        """The process is there no longer, and its host answers for it."""
        self._leave(its, CLOSED)
        self._run.traffic.reset(its.pod.number)

    def fail(self, its: Container) -> None:
        """The process is gone with its node."""
        self._leave(its, GONE)
        its.ending, its.node_failures = False, its.node_failures + 1
        self._run.traffic.silence(its.pod.number)

    def report(self, its: Container, ready: bool) -> None:
        """Let the API server know whether the Pod is ready."""
        its.ready = ready
        if self._run.is_heard(its.pod.node):
            self._run.api.write(lambda: self._write(its.pod, ready))

    def _write(self, pod: PodObject, ready: bool) -> None:
        if pod.ready == ready or pod.name not in self._run.api.pods:
            return
        pod.ready = ready
        if ready:
            pod.ready_since_ns = self._run.now
        self._run.tell("pod_ready" if ready else "pod_unready", pod.name)
        self._run.api.pod_changed(pod)

    def _leave(self, its: Container, port: int) -> None:
        its.turn += 1
        its.running = False
        self._run.listen(its.pod.number, port)

    def _listen(self, its: Container) -> Process:
        turn, number = its.turn, its.pod.number
        yield self._run.env.timeout(self._draw(its, 1, STARTUP))
        if its.turn != turn:
            return
        self._run.listen(number, its.port)
        self._run.tell("process_listens", its.pod.name)
        slow = its.behaviour.warming
        if slow is not None:
            speeds = self._run.speeds
            yield from warming.warm(self._run.env, speeds, number, slow, lambda: its.turn == turn)

    def _draw(self, its: Container, which: int, stream: int) -> int:
        """How long its creation (0) or its startup (1) takes this time."""
        known = (place for place, one in enumerate(self._behaviours) if one is its.behaviour)
        place = self._places[2 * next(known, len(self._behaviours)) + which]
        seed, number = self._run.live.spec.seed, its.pod.number
        return sample(self._table, place, seed, stream, number, its.starts)

    def _back_off(self, its: Container) -> int:
        """How long until the next start."""
        now = self._run.now
        if now - its.restarted_ns > RESET_NS:
            its.back_off_ns = 0
        wait = its.back_off_ns
        its.back_off_ns = min(max(2 * wait, FIRST_BACK_OFF_NS), MOST_BACK_OFF_NS)
        its.restarted_ns = now + wait
        return wait

    def _restart(self, its: Container, turn: int) -> None:
        if its.turn == turn and not its.ending:
            self._run.tell("container_restarted", its.pod.name)
            self.start(its)
