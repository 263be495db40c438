"""Requests per second of the process engine, beside a plain SimPy model of the same path.

Both run alternately in one process, the engine with NAT, conntrack and every request written to
Parquet. Event counts and digests of the results are asserted before times are reported.
"""

import hashlib
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from plain_simpy import simulate

import emu
import emu.results
from emu.engines import process
from emu.model.build import build
from emu.recorder.header import Header
from emu.recorder.writing import Recording

ROUNDS = 5
SCENARIO = Path(__file__).with_name("scenario.yaml")


class Sink:
    """Writes to Parquet, and keeps a digest of the rows."""

    def __init__(self, recording: Recording) -> None:
        self.write_requests = recording.write_requests
        self.write_metrics = recording.write_metrics
        self.write_event = recording.write_event
        self.add_pod, self.add_endpoint = recording.add_pod, recording.add_endpoint

    def progress(self, now_ns: int, sent: int) -> None:
        """Nobody watches."""


def plain(requests: int) -> tuple[float, str]:
    """Seconds and digest of the plain model."""
    began = time.perf_counter()
    latencies = simulate(
        requests, rate=600.0, nodes=4, pods=8, workers=2, service_time=0.020, seed=1
    )
    seconds = time.perf_counter() - began
    assert len(latencies) == requests
    return seconds, hashlib.sha256(np.array(latencies)).hexdigest()[:12]


def emulated(model: process.Model) -> tuple[float, str, int]:
    """Seconds, digest of the written times and number of events of the process engine."""
    header = Header(scenario=model.name, scenario_digest=model.digest, seed=1, engine="process")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with Recording(Path(folder), model.places, header) as recording:
            ending = process.run(model, Sink(recording))
            recording.close(ending.end_ns)
        seconds = time.perf_counter() - began
        done = emu.results.Run(Path(folder)).requests["done_ns"].to_numpy()
    assert len(done) == ending.sent == model.requests
    return seconds, hashlib.sha256(done).hexdigest()[:12], ending.events


def main() -> None:
    """Measure and report."""
    model = build(emu.load(SCENARIO))
    requests = model.requests or 0
    emulated(build(emu.load(SCENARIO, overrides={"spec.requests": 1000})))
    rounds = [(plain(requests), emulated(model)) for _ in range(ROUNDS)]
    digests = {(a[1], b[1], b[2]) for a, b in rounds}
    assert len(digests) == 1, f"the rounds differ: {digests}"
    ((plain_digest, digest, events),) = digests
    assert (plain_digest, digest, events) == EXPECTED, (plain_digest, digest, events)
    ratios = [a[0] / b[0] for a, b in rounds]
    print(f"{requests:,} requests, {events / requests:.2f} events a request, digest {digest}")
    for name, index in (("plain SimPy model", 0), ("process engine, to Parquet", 1)):
        rate = requests / statistics.median(r[index][0] for r in rounds)
        print(f"{name:28} {rate:10,.0f} requests/s")
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"{'ratio, median of pairs':28} {statistics.median(ratios):10.2f}   ({spread})")


EXPECTED = ("7f5a983d091d", "ee7e2da3e9d6", 300090)
"""Digests of the plain model and of the engine, and the engine's events: 6 a request."""

if __name__ == "__main__":
    main()
