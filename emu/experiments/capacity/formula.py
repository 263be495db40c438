"""What exact formulas say of a scenario, to hold a search for capacity against.

Poisson arrivals at Pods of one kind, each with the same workers, first come first served for
exponential times, and nothing that changes the load: with one queue for all workers that is M/M/c
(Erlang C), the best that any load balancing could do for the mean; with a queue a Pod and Pods
chosen at random it is M/M/workers at each, at its share of the load. What a strategy can do lies
between. The time on the wires is taken from the runs: a formula knows queues alone.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from emu.analysis.queueing import mmc_mean_response, mmc_response_quantile
from emu.analysis.summary import Summary
from emu.distributions import mean_of
from emu.experiments.capacity.objectives import Objective
from emu.model.build import build
from emu.scenario import Scenario
from emu.scenario.behaviours import behaviour_of
from emu.scenario.checks.load import offered
from emu.units import SECOND

_SHARES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}

_EQUAL: Final = 1.000001
"""So far apart may shares be that are equal but for rounding."""

Response = Callable[[int, float, float], float]
"""The response time of M/M/c: of servers, arrival rate and mean service time."""


class Load(NamedTuple):
    """The queues of a scenario."""

    pods: int
    workers: int
    """Of each Pod."""
    rate: float
    """Requests a second, of all clients."""
    mean_service: float
    """Seconds."""

    def shared(self, response: Response) -> float:
        """With one queue for the workers of all Pods."""
        return response(self.pods * self.workers, self.rate, self.mean_service)

    def random(self, response: Response) -> float:
        """With a queue a Pod, and Pods chosen at random."""
        return response(self.workers, self.rate / self.pods, self.mean_service)


def load_of(scenario: Scenario) -> Load | str:
    """The queues that formulas know, or why they do not know these."""
    if why := _strange(scenario):
        return why
    expected = build(scenario).expected
    serving = {name for name, share in expected.pods.items() if share > 0}
    pods = [pod for pod in scenario.cluster.pods if f"{pod.namespace}/{pod.name}" in serving]
    behaviours = {
        id(one): one for one in (behaviour_of(pod, scenario.spec.behaviours) for pod in pods)
    }
    if len(behaviours) != 1:
        return "the Pods that serve are of several kinds" if pods else "no Pod serves"
    (behaviour,) = behaviours.values()
    if behaviour.service_time.name != "exponential":
        return f"service times are {behaviour.service_time.name}, not exponential"
    if behaviour.discipline != "fifo":
        return "workers are shared, and do not serve first come first served"
    if serving & expected.limits.keys():
        return "CPU limits hold workers up"
    shares = [expected.pods[name] for name in serving]
    if max(shares) > _EQUAL * min(shares):
        return "Pods get unequal shares"
    seconds = mean_of(behaviour.service_time) / behaviour.speed / SECOND
    return Load(len(pods), behaviour.workers, offered(scenario.spec), seconds)


def _strange(scenario: Scenario) -> str:
    """What of a scenario no formula here knows; nothing where there is nothing."""
    spec = scenario.spec
    if any(client.arrivals.name != "poisson" for client in spec.clients):
        return "arrivals are not Poisson"
    if any(client.retries or client.hedge or client.classes for client in spec.clients):
        return "clients try again, hedge, or mix classes of requests"
    if spec.slowdowns or spec.speeds.nodes or spec.speeds.pods:
        return "machines differ in speed"
    return ""


def response_of(objective: Objective) -> Response | None:
    """The formula for what an objective is about; None where there is none."""
    name = objective.metric.name.removeprefix("latency_").removesuffix("_seconds")
    if name == "mean":
        return mmc_mean_response
    share = _SHARES.get(name)
    if share is None:
        return None
    return lambda servers, rate, mean: mmc_response_quantile(servers, rate, mean, share)


def on_the_wires(runs: Sequence[Summary]) -> float:
    """The mean time that requests spent neither in a queue nor in service, in seconds."""
    spent = [
        run.latency_seconds.mean
        - sum(run.latency_by_hop_seconds[hop].mean or 0.0 for hop in ("queue", "service"))
        for run in runs
        if run.latency_seconds.mean is not None
    ]
    return sum(spent) / len(spent) if spent else 0.0
