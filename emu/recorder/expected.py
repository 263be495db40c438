"""What a scenario implies for a run: part of every file's header."""

from pydantic import BaseModel, ConfigDict


class Expected(BaseModel):
    """What the scenario implies for a run, to hold the run against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nodes: dict[str, float] = {}
    """Share of the load-balanced connections that each node should get, by name."""
    pods: dict[str, float] = {}
    """Share of the requests that each Pod should get, by name."""
    utilisation: dict[str, float] = {}
    """Load that each Pod is offered, by name: arrival rate x mean service time over
    its workers, or its CPU limit where that is less."""
    workers: dict[str, int] = {}
    """Workers of each Pod, by name."""
    limits: dict[str, float] = {}
    """Cores of each Pod whose CPU limit is below its workers, by name."""
    warmup_ns: int = 0
    """Requests meant to be sent before this moment are left out of the statistics."""
    warmup_found: bool = False
    """The moment is found from the run; until it is over it is 0."""
    duration_ns: int = 0
    """How long the run is; 0 where a number of requests ends it."""
    requests: int = 0
    """How many requests end the run; 0 where a duration does."""
