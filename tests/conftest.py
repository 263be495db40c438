"""Synthetic runs, for tests that need a record and no engine; and engines that run in memory."""

from collections import Counter
from pathlib import Path
from textwrap import dedent, indent

import numpy as np
import pytest

from emu.engines import compiled, process
from emu.model.build import build
from emu.recorder.expected import Expected
from emu.recorder.header import Header
from emu.recorder.places import Places
from emu.recorder.rows import ABSENT, ROW, Outcome
from emu.recorder.writing import Recording
from emu.scenario import load

MS = 1_000_000


def seconds_of(file, least):
    """How long a shortened run of a scenario is: ``least`` seconds, or 3 beyond the last action of
    its timeline."""
    at = [its.at for _, its in load(file).spec.timeline]
    return max(least, *(3 + moment // 1_000_000_000 for moment in at)) if at else least


class Synthetic:
    """Rows of an imagined path over the places below, and their record."""

    places = Places(
        clients=[("internet", ("203.0.113.10",)), ("office", ("203.0.113.11",))],
        load_balancers=[("edge", "192.168.1.1")],
        nodes=[
            ("node-1", "192.168.1.100", "zone-a"),
            ("node-2", "192.168.1.101", "zone-b"),
            ("node-3", "192.168.1.102", ""),
        ],
        pods=[
            ("default/web-1", "10.244.1.2", 0),
            ("default/web-2", "10.244.2.2", 1),
            ("default/web-3", "10.244.3.2", 2),
        ],
        services=["default/web:http"],
        endpoints=[("10.244.1.2", 8080), ("10.244.2.2", 8080), ("10.244.3.2", 8080)],
    )
    expected = Expected(
        nodes={"node-1": 1 / 3, "node-2": 1 / 3, "node-3": 1 / 3},
        pods={"default/web-1": 1 / 3, "default/web-2": 1 / 3, "default/web-3": 1 / 3},
        utilisation={"default/web-1": 0.5, "default/web-2": 0.5, "default/web-3": 0.5},
        workers={"default/web-1": 2, "default/web-2": 2, "default/web-3": 2},
    )

    def header(self, **changes):
        """A header, with some fields changed."""
        fields = {
            "scenario": "nodeport",
            "scenario_digest": "0123456789abcdef",
            "seed": 7,
            "engine": "process",
            "versions": {"emu": "0.1.0"},
            "expected": self.expected,
        }
        return Header(**fields | changes)

    def rows(self, count, seed=1):
        """Rows of which about a tenth was refused and the last few are in flight at the end."""
        random = np.random.default_rng(seed)
        rows = np.full(count, ABSENT, dtype=ROW)
        rows["request"] = rows["connection"] = np.arange(count)
        rows["attempt"] = rows["load_balancer"] = rows["service"] = 0
        rows["new_connection"] = 1
        rows["client"] = random.integers(0, 2, count)
        rows["intended_ns"] = np.cumsum(random.integers(0, 10 * MS, count))
        rows["sent_ns"] = rows["intended_ns"] + random.integers(0, 2, count) * MS
        rows["lb_ns"] = rows["sent_ns"] + 10 * MS
        rows["node_ns"] = rows["lb_ns"] + MS
        rows["pod_ns"] = rows["node_ns"] + MS // 2
        rows["service_start_ns"] = rows["pod_ns"] + random.integers(0, 4 * MS, count)
        rows["service_end_ns"] = rows["service_start_ns"] + random.integers(1, 30 * MS, count)
        rows["lb_response_ns"] = rows["service_end_ns"] + MS
        rows["done_ns"] = rows["lb_response_ns"] + 10 * MS
        rows["node"] = random.integers(0, 3, count)
        rows["pod"] = random.integers(0, 3, count)
        rows["client_port"] = 32768 + np.arange(count) % 28232
        rows["lb_port"] = rows["client_port"]
        rows["masquerade_port"] = random.integers(1024, 65536, count)
        rows["endpoint"] = rows["pod"]
        rows["queue_length"] = random.integers(0, 5, count)
        rows["request_bytes"] = 512
        rows["response_bytes"] = 2048
        rows["outcome"] = Outcome.OK
        refused = random.random(count) < 0.1
        in_flight = rows["done_ns"] > self.end_of(rows)
        rows["outcome"][refused] = Outcome.REFUSED
        rows["outcome"][in_flight] = Outcome.IN_FLIGHT
        for field in ("service_start_ns", "service_end_ns", "response_bytes"):
            rows[field][refused] = ABSENT
        for field in ("service_end_ns", "lb_response_ns", "done_ns", "response_bytes"):
            rows[field][in_flight] = ABSENT
        return rows

    def with_attempts(self, rows, seed=1):
        """The rows as attempts, one to three of each request, of which the last alone may be ok;
        those in flight come last, in the order of their numbers, as engines hand them on."""
        random = np.random.default_rng(seed)
        requests = np.repeat(np.arange(len(rows)), random.integers(1, 4, len(rows)))[: len(rows)]
        attempts = rows.copy()
        attempts["request"] = requests
        first = np.searchsorted(requests, requests)
        attempts["attempt"] = np.arange(len(rows)) - first
        attempts["intended_ns"] = rows["intended_ns"][first]
        is_last = np.append(np.diff(requests) > 0, True)
        attempts["outcome"][(rows["outcome"] == Outcome.OK) & ~is_last] = Outcome.CANCELLED
        in_flight = attempts["outcome"] == Outcome.IN_FLIGHT
        return np.concatenate([attempts[~in_flight], attempts[in_flight]])

    def end_of(self, rows):
        """When the run of these rows ended: at the last arrival."""
        return int(rows["intended_ns"].max()) if len(rows) else 1

    def record(self, folder, rows, end_ns=None, partial=False, **changes):
        """Write the rows as a run's Parquet files into ``folder``; the folder."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        with Recording(folder, self.places, self.header(**changes)) as recording:
            recording.write_requests(rows)
            recording.close(self.end_of(rows) if end_ns is None else end_ns, partial)
        return folder


@pytest.fixture
def synthetic():
    """Maker of synthetic rows and records."""
    return Synthetic()


@pytest.fixture(scope="session")
def described(tmp_path_factory):
    """Loads a scenario from the text of its spec and of the Kubernetes objects beside it."""

    def scenario(spec, objects="", **overrides):
        file = tmp_path_factory.mktemp("scenario") / "scenario.yaml"
        head = "apiVersion: emu/v1\nkind: Scenario\nmetadata: {name: test}\nspec:\n"
        file.write_text(head + indent(dedent(spec), "  ") + "---\n" + dedent(objects))
        return load(file, {f"spec.{path}": value for path, value in overrides.items()})

    return scenario


class Played:
    """A run of an engine in memory: the engine's `Sink`, and what it was given.

    ``rows`` is a `ROW` array in the order of requests and attempts, ``written`` the same in the
    order in which they came, ``samples`` the metrics, ``events`` what happened to the cluster;
    ``pods`` and ``endpoints`` are those that came in the course of it.
    """

    def __init__(self, model, engine=process):
        self.model = model
        self.samples, self.events, self.pods, self.endpoints = [], [], [], []
        self._chunks = []
        self.emulation = engine.Emulation(model, self)

    def run(self):
        """Let the engine run."""
        self.ending = self.emulation.run()
        self.written = np.concatenate([np.zeros(0, ROW), *self._chunks])
        self.rows = np.sort(self.written, order=["request", "attempt"])
        return self

    def write_requests(self, rows):
        self._chunks.append(rows.copy())

    def write_metrics(self, at_ns, metric, objects, values):
        for object_, value in zip(objects, values, strict=True):
            self.samples.append((at_ns, metric, object_, value))

    def write_event(self, at_ns, kind, object_, cause=None, detail=None):
        self.events.append((at_ns, kind, object_, cause, detail))

    def add_pod(self, *pod):
        self.pods.append(pod)

    def add_endpoint(self, *endpoint):
        self.endpoints.append(endpoint)

    def progress(self, now_ns, sent):
        pass

    @property
    def outcomes(self):
        """How many requests ended in which way."""
        return Counter(Outcome(int(outcome)).name.lower() for outcome in self.rows["outcome"])

    @property
    def state(self):
        """What the run changed."""
        return self.emulation.state


def same(one, other):
    """Fail unless two runs gave the same rows in the same order, the same samples and end."""
    for field in ROW.names:
        different = np.flatnonzero(one.written[field] != other.written[field])
        assert not len(different), f"{field} differs first in row {different[0]}"
    assert one.samples == other.samples
    assert one.events == other.events
    assert (one.pods, one.endpoints) == (other.pods, other.endpoints)
    assert (one.ending.end_ns, one.ending.sent) == (other.ending.end_ns, other.ending.sent)
    assert one.ending.busy_ns == other.ending.busy_ns


@pytest.fixture(scope="session")
def play():
    """Runs a scenario in memory, by both engines, which must agree; the process engine's run.

    ``before`` may change an emulation before it starts.
    """

    def played(scenario, before=None):
        runs = [Played(build(scenario), engine) for engine in (process, compiled)]
        for run in runs:
            if before is not None:
                before(run.emulation)
            run.run()
        same(*runs)
        return runs[0]

    return played
