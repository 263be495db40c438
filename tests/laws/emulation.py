"""Queues in the emulator: a load balancer before Pods, without any delay but waiting and service.

Runs are in memory, by the compiled engine; each seed is one of a model that is built once.
"""

import dataclasses
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.analysis.division import division_of
from emu.analysis.streaming import Streaming
from emu.analysis.totals import Totals
from emu.engines import compiled
from emu.model import Model
from emu.model.build import build
from emu.recorder.rows import ROW
from emu.scenario import load

SERVICE_NS = 10_000_000
"""The mean service time of all queues here, in nanoseconds."""
EXPONENTIAL = "{exponential: {mean: 10ms}}"

_TEXT = """
apiVersion: emu/v1
kind: Scenario
metadata: {{name: law}}
spec:
  requests: {requests}
  warmup: {warmup}
  network: {{internal: 0s, external: 0s, local: 0s}}
  nodePools: [{{name: node, nodes: {nodes}}}]
  record: {{interval: 1h}}
  kernel: {{ruleCost: 0s, sysctls: {{net.ipv4.tcp_tw_reuse: 1}}}}
  loadBalancers:
    - name: edge
      address: 192.168.1.1
      target: pod
      strategy: {strategy}
      {balancer}
      listeners: [{{service: default/web}}]
  behaviours:
    - workers: {workers}
      backlog: 1000000
      serviceTime: {service}
      discipline: {discipline}
  clients:
    - name: c
      addresses: {addresses}
      url: "http://192.168.1.1/"
      arrivals: {{poisson: {{rate: {rate}/s}}}}
      {client}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {pods}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web}}]}}
"""


@lru_cache(maxsize=4)
def model(
    load_each: float,
    requests: int,
    pods: int = 1,
    workers: int = 1,
    service: str = EXPONENTIAL,
    strategy: str = "round_robin",
    discipline: str = "fifo",
    cut: bool = False,
    addresses: str = "198.51.100.0/24",
    balancer: str = "",
    client: str = "",
) -> Model:
    """A queue whose every worker has this load.

    ``cut`` leaves about the first tenth of the requests out of what is counted as they pass.
    """
    rate = load_each * pods * workers * 1e9 / SERVICE_NS
    text = _TEXT.format(
        requests=requests, pods=pods, workers=workers, service=service, strategy=strategy,
        discipline=discipline, rate=f"{rate:.9f}", addresses=addresses, nodes=-(-pods // 100),
        warmup=f"{requests / rate / 10 if cut else 0:.6f}s",
        balancer=balancer, client=client,
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        file = Path(folder) / "law.yaml"
        file.write_text(text)
        return build(load(file))


class _Sink:
    """Takes what an engine hands on, and makes nothing of the metrics."""

    def write_metrics(self, *sample: Any) -> None:
        """Forget a sample."""

    write_event = add_pod = add_endpoint = write_metrics

    def progress(self, now_ns: int, sent: int) -> None:
        """Hear how far the run has come."""


class _Rows(_Sink):
    def __init__(self) -> None:
        self.chunks = [np.zeros(0, ROW)]

    def write_requests(self, rows: NDArray[Any]) -> None:
        """Keep a copy."""
        self.chunks.append(rows.copy())


class _Totals(_Sink):
    def __init__(self, of: Model) -> None:
        self.streaming = Streaming(of.places, division_of(of.expected, 0))

    def write_requests(self, rows: NDArray[Any]) -> None:
        """Count them."""
        self.streaming.add(rows)


def rows_of(of: Model, seed: int) -> NDArray[Any]:
    """The rows of one run, in the order of requests and attempts."""
    sink = _Rows()
    compiled.run(dataclasses.replace(of, seed=seed), sink, False)
    rows = np.concatenate(sink.chunks)
    return rows[np.lexsort((rows["attempt"], rows["request"]))]


def totals_of(of: Model, seeds: range) -> Iterator[Totals]:
    """The totals of a run for each seed, counted as rows pass."""
    for seed in seeds:
        sink = _Totals(of)
        ending = compiled.run(dataclasses.replace(of, seed=seed), sink, False)
        yield sink.streaming.totals(ending.end_ns)
