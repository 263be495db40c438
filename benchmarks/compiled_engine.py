"""Requests per second of the compiled engine, beside a plain SimPy model of the same path.

Each size runs several times, alternating with the plain model; once more with every request
written to Parquet. Event counts and digests of the results are asserted before times are reported.
"""

import hashlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray
from plain_simpy import simulate

import emu
from emu.engines import compiled
from emu.model import Model
from emu.model.build import build
from emu.recorder.header import Header
from emu.recorder.writing import Recording

ROUNDS = 5
SCENARIO = Path(__file__).with_name("scenario.yaml")
PLAIN_REQUESTS = 20_000


class Size(NamedTuple):
    """A cluster, and what its run must give: events, and a digest of the rows."""

    nodes: int
    pods: int
    requests: int
    events: int
    digest: str


SIZES = (
    Size(4, 8, 1_000_000, 6_003_342, "a86bbaa29d2b"),
    Size(100, 1_000, 1_000_000, 6_000_034, "ea48cda91feb"),
    Size(1_000, 10_000, 1_000_000, 6_000_010, "d266ebcfadae"),
)


class Forget:
    """A sink that keeps nothing: logging off."""

    def write_requests(self, rows: NDArray[Any]) -> None:
        """Forget the rows."""

    def write_metrics(self, *sample: Any) -> None:
        """Forget the sample."""

    def write_event(self, *event: Any) -> None:
        """Forget the event."""

    def add_pod(self, *pod: Any) -> None:
        """Forget the Pod."""

    def add_endpoint(self, *endpoint: Any) -> None:
        """Forget the endpoint."""

    def progress(self, now_ns: int, sent: int) -> None:
        """Nobody watches."""


class Digest(Forget):
    """A sink that keeps a digest of the rows."""

    def __init__(self) -> None:
        self.sum = hashlib.sha256()

    def write_requests(self, rows: NDArray[Any]) -> None:
        """Add the rows to the digest."""
        self.sum.update(rows.tobytes())


class Write(Forget):
    """A sink that writes every request to Parquet."""

    def __init__(self, recording: Recording) -> None:
        self.write_requests = recording.write_requests
        self.write_metrics = recording.write_metrics
        self.write_event = recording.write_event
        self.add_pod, self.add_endpoint = recording.add_pod, recording.add_endpoint


def modelled(size: Size) -> Model:
    """The scenario at this size, at the same utilisation."""
    return build(
        emu.load(
            SCENARIO,
            overrides={
                "spec.requests": size.requests,
                "spec.nodePools[0].nodes": size.nodes,
                "Deployment/web.spec.replicas": size.pods,
                "spec.clients[0].arrivals": {"poisson": {"rate": f"{75 * size.pods}/s"}},
            },
        )
    )


def silent(model: Model) -> float:
    """Seconds with logging off."""
    began = time.perf_counter()
    compiled.run(model, Forget())
    return time.perf_counter() - began


def written(model: Model) -> float:
    """Seconds with every request in Parquet."""
    header = Header(scenario=model.name, scenario_digest=model.digest, seed=1, engine="compiled")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with Recording(Path(folder), model.places, header) as recording:
            ending = compiled.run(model, Write(recording))
            recording.close(ending.end_ns)
        return time.perf_counter() - began


def plain(size: Size) -> float:
    """Seconds that the plain model takes for its requests."""
    began = time.perf_counter()
    latencies = simulate(
        PLAIN_REQUESTS, rate=75.0 * size.pods, nodes=size.nodes, pods=size.pods, workers=2,
        service_time=0.020, seed=1,
    )  # fmt: skip
    assert len(latencies) == PLAIN_REQUESTS
    return time.perf_counter() - began


def measure(size: Size) -> None:
    """Check one size, then time it."""
    model, digest = modelled(size), Digest()
    ending = compiled.run(model, digest)
    found = (ending.events, digest.sum.hexdigest()[:12])
    assert found == (size.events, size.digest), f"{size.nodes} nodes: {found}"
    rounds = [(plain(size), silent(model), written(model)) for _ in range(ROUNDS)]
    slow, off, on = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratios = [a / PLAIN_REQUESTS / b * size.requests for a, b, _ in rounds]
    shares = [b / c for _, b, c in rounds]
    rates = (PLAIN_REQUESTS / slow, size.requests / off)
    print(
        f"{size.nodes:6,} {size.pods:7,} {rates[0]:10,.0f} {rates[1]:12,.0f}"
        f" {statistics.median(ratios):7.1f} {size.requests / on:12,.0f}"
        f" {100 * statistics.median(shares):6.0f} %"
    )


def main() -> None:
    """Measure and report."""
    silent(modelled(SIZES[0]._replace(requests=1000)))
    print(" nodes    Pods   plain/s   compiled/s   ratio     logged/s   share")
    for size in SIZES:
        measure(size)


if __name__ == "__main__":
    main()
