"""Both engines leave the same run: every table row for row, the summary but for the engine's name.

Run as a script with a folder, this file leaves there the runs that `PLAIN` lists; the test of the
JIT runs it once with the JIT off.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import emu
from emu.cli import app
from emu.distributions import DISTRIBUTIONS
from emu.engines import compiled
from emu.engines.compiled.pause import Pause
from emu.hops import ports
from emu.hops.balancer import PROBING, STRATEGIES
from emu.hops.kubeproxy import MODES
from emu.model import build as building
from emu.running import ENGINES, chosen_engine
from emu.workload import ARRIVALS
from tests.conftest import seconds_of

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
TABLES = ("requests", "hops", "metrics", "events")
RECORD = {"spec.record": {"hops": 0.2, "interval": "50ms"}}
SHORT = RECORD | {"spec.duration": "2s", "spec.warmup": "500ms"}
FEW = RECORD | {"spec.requests": 100, "spec.duration": None, "spec.warmup": "0s"}
PLAIN = ("clusterip", "nodeport", "overload")

SPEC = """
duration: 2s
nodePools: [{name: node, nodes: 3}]
loadBalancers:
  - {name: edge, address: 192.168.1.1, listeners: [{service: default/web}]}
behaviours: [{workers: 2, backlog: 20}]
clients:
  - {name: c, url: "http://192.168.1.1/", arrivals: {poisson: {rate: 300/s}}, timeout: 500ms}
  - {name: d, node: node-2, url: "http://web:8080/", arrivals: {constant: {rate: 50/s}}}
"""

OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""


def run(source, out, engine, overrides=None):
    """A run by this engine, in a folder of its own."""
    return emu.run(source, overrides=overrides, out=out / engine, engine=engine)


def said_of_itself(made, table):
    """The header in a table's file, but for the engine; and the engine."""
    header = json.loads(pq.read_metadata(made.path / f"{table}.parquet").metadata[b"emu"])
    return header, header.pop("engine")


def assert_equal(one, other):
    """Fail unless two runs left the same tables and numbers."""
    for name in TABLES:
        assert getattr(one, name).num_rows > 0, name
        assert getattr(one, name).equals(getattr(other, name)), name
        assert said_of_itself(one, name)[0] == said_of_itself(other, name)[0]
    summaries = [made.summary.document() for made in (one, other)]
    assert summaries[0] | {"engine": None} == summaries[1] | {"engine": None}


@pytest.fixture
def agreed(tmp_path):
    """Runs a scenario by both engines, which must agree; the compiled engine's run."""

    def both(source, overrides=None):
        one, other = (run(source, tmp_path, engine, overrides) for engine in ENGINES)
        assert (one.summary.engine, other.summary.engine) == tuple(ENGINES)
        assert_equal(one, other)
        return one

    return both


def chosen(registry, name):
    """A variant with its example options, as a scenario writes it."""
    return {name: getattr(registry[name], "EXAMPLE", {})}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scenarios(agreed, file):
    """Every scenario of the folder, shortened."""
    agreed(file, SHORT | {"spec.duration": f"{seconds_of(file, 2)}s"})


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scenarios_by_requests(agreed, file):
    """The same, ended by a number of requests, all of which are over then."""
    assert agreed(file, FEW).summary.requests.in_flight == 0


@pytest.mark.parametrize(
    ("name", "target"),
    [(name, "node") for name in STRATEGIES if name not in PROBING]
    + [(name, "pod") for name in STRATEGIES],
)
def test_strategies(agreed, described, name, target):
    """Every strategy, with its example options, over three nodes or four Pods; what probes, over
    Pods alone."""
    balancer = {"strategy": chosen(STRATEGIES, name), "target": target}
    changes = {f"loadBalancers[0].{field}": value for field, value in balancer.items()}
    scenario = described(SPEC, OBJECTS, **changes, record=RECORD["spec.record"])
    made = agreed(scenario)
    assert "edge" in made.requests["load_balancer"].to_pylist()
    assert made.summary.requests.ok > 0


@pytest.mark.parametrize("name", MODES)
def test_proxy_modes(agreed, described, name):
    """Every proxy mode, with masquerading and without."""
    mode = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: "
    scenario = described(SPEC, f"{OBJECTS}---\n{mode}{name}\n", record=RECORD["spec.record"])
    masqueraded = agreed(scenario).requests["masquerade_port"]
    assert 0 < masqueraded.null_count < len(masqueraded)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize(
    "place", ["behaviours[0].serviceTime", "network.internal", "network.external"]
)
def test_distributions(agreed, described, name, place):
    """Every distribution, as service time and as the latency of links."""
    drawn = {place: chosen(DISTRIBUTIONS, name), "record": RECORD["spec.record"]}
    assert agreed(described(SPEC, OBJECTS, **drawn)).summary.requests.ok > 0


@pytest.mark.parametrize("name", ARRIVALS)
def test_arrival_processes(agreed, described, name):
    """Every arrival process, of a client outside and of one on a node."""
    arrivals = chosen(ARRIVALS, name)
    changes = {f"clients[{client}].arrivals": arrivals for client in (0, 1)}
    made = agreed(described(SPEC, OBJECTS, **changes, record=RECORD["spec.record"]))
    assert set(made.requests["client"].to_pylist()) == {"c", "d"}


@pytest.mark.parametrize("limit", ["", "800m"])
@pytest.mark.parametrize("discipline", ["fifo", "processor_sharing"])
def test_disciplines_speeds_and_limits(agreed, described, discipline, limit):
    """Either discipline at other speeds, with a CPU limit and without, in overload on the slow
    node; the busy time is told."""
    changes = {
        "behaviours[0].discipline": discipline,
        "speeds": {"nodes": {"node-1": 0.3}, "pods": {"web-2": 3}},
        "warmup": "300ms",
    }
    name = "{name: web, "
    objects = OBJECTS.replace(name, f"{name}resources: {{limits: {{cpu: {limit or 'null'}}}}}, ")
    made = agreed(described(SPEC, objects, **changes, record=RECORD["spec.record"]))
    assert ("pod_throttled_ns" in made.metrics["metric"].to_pylist()) == bool(limit)
    for pod in made.summary.pods.values():
        most = min(1, pod.implied_utilisation)
        assert pod.utilisation == pytest.approx(most, abs=0.15)


TRIES = {
    "retries": {"retries": {"timeout": "60ms", "backoff": {"base": "5ms"}}},
    "window": {"retries": {"timeout": "60ms", "budget": {"minPerSecond": 5}}},
    "under way": {"retries": {"timeout": "60ms", "budget": {"minConcurrent": 3}}},
    "hedge": {"hedge": {"after": "40ms", "attempts": 3}},
    "both": {"hedge": {"after": "40ms"}, "retries": {"timeout": "60ms", "attempts": 5}},
    "closed loop": {
        "arrivals": {"closed_loop": {"users": 40, "thinkTime": {"exponential": {"mean": "50ms"}}}},
        "retries": {"timeout": "60ms"},
    },
}
"""What clients do beside sending, so that some attempts are tried again or overtaken."""
KEEPS = {
    "nothing": {},
    "HTTP/1.1": {"connections": {"maxConnections": 20}},
    "HTTP/2": {"connections": {"protocol": "HTTP/2", "streams": 4, "maxConnections": 5}},
}


@pytest.mark.parametrize("mode", ["http", "tcp"])
@pytest.mark.parametrize("keeps", KEEPS)
@pytest.mark.parametrize("tries", TRIES)
def test_clients_that_do_not_just_send(agreed, described, tries, keeps, mode):
    """Clients that try again, hedge or wait, with or without connections of their own, before
    either kind of load balancer."""
    both = KEEPS[keeps] | TRIES[tries]
    fields = {f"clients[{client}].{name}": both[name] for client in (0, 1) for name in both}
    balancer = {"loadBalancers[0].mode": mode, "record": RECORD["spec.record"]}
    if keeps != "nothing" and mode == "http":
        balancer["loadBalancers[0].connections"] = KEEPS[keeps]["connections"]
    summary = agreed(described(SPEC, OBJECTS, **fields, **balancer)).summary
    assert summary.requests.ok > 0
    assert summary.attempts.sent > summary.requests.sent


def test_room_that_runs_out(agreed, described, monkeypatch):
    """Thousands in flight at once: all that there was room for at first is outgrown."""
    pauses, typed = Counter(), compiled.typed

    def counting(*arguments):
        loop = typed(*arguments)

        def counted(*state):
            pause = loop(*state)
            pauses[Pause(pause)] += 1
            return pause

        return counted

    monkeypatch.setattr(compiled, "typed", counting)
    monkeypatch.setattr(building, "_MOST_TRACKED", 0)
    monkeypatch.setattr(ports, "_FIRST_ROOM", 2)
    crowd = {
        "duration": None,
        "requests": 20_000,
        "behaviours[0].workers": 2000,
        "behaviours[0].serviceTime": {"exponential": {"mean": "500ms"}},
        "clients[0].arrivals.poisson.rate": "20000/s",
        "clients[0].timeout": "2s",
    }
    made = agreed(described(SPEC, OBJECTS, **crowd))
    assert made.summary.requests.ok > 15_000
    rooms = (Pause.SLOTS, Pause.ENLARGE, Pause.PORTS, Pause.ROWS)
    assert min(pauses[room] for room in rooms) >= 2


@pytest.mark.parametrize(
    ("size", "engine"),
    [
        ({"requests": 19_999}, "process"),
        ({"requests": 20_000}, "compiled"),
        ({"duration": "57s"}, "process"),
        ({"duration": "58s"}, "compiled"),
        ({"duration": "1s", "clients[0].arrivals.poisson.rate": "1000000/s"}, "compiled"),
        (
            {"duration": "58s", "clients[0].arrivals": {"trace": {"times": ["0s", "1us"]}}},
            "process",
        ),
    ],
)
def test_auto_goes_by_the_size(described, size, engine):
    """20,000 requests or more, as the rates imply (350/s here) or as stated, are compiled."""
    scenario = described(SPEC, OBJECTS, **{"duration": None} | size)
    assert chosen_engine("auto", scenario) == engine
    assert [chosen_engine(name, scenario) for name in ENGINES] == list(ENGINES)


@pytest.mark.parametrize(("rate", "engine"), [("300/s", "process"), ("10000/s", "compiled")])
def test_the_choice_is_said(described, tmp_path, rate, engine):
    """What auto chose is in every table's header, in the summary and on the terminal."""
    scenario = described(SPEC, OBJECTS, **{"clients[0].arrivals.poisson.rate": rate})
    made = emu.run(scenario, out=tmp_path)
    assert {said_of_itself(made, name)[1] for name in TABLES} == {engine}
    assert json.loads((made.path / "summary.json").read_text())["engine"] == engine
    done = CliRunner().invoke(
        app, ["run", str(made.path / "scenario.yaml"), "--out", str(tmp_path)]
    )
    assert done.stdout.splitlines()[0] == f"test  seed 1  {engine} engine"


def leave(out):
    """Leave the runs of the scenarios that are run with and without the JIT, by both engines."""
    for file in SHIPPED:
        if file.stem in PLAIN:
            for engine in ENGINES:
                run(file, out, engine, FEW | {"spec.requests": 300})


def test_engines_mean_the_same_without_the_jit(tmp_path):
    """As plain Python both engines leave the tables that they leave compiled."""
    leave(tmp_path / "compiled")
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path / "plain")],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = sorted(path.parent for path in tmp_path.glob("compiled/*/*/*/summary.json"))
    assert len(found) == len(PLAIN) * len(ENGINES)
    for folder in found:
        other = tmp_path / "plain" / folder.relative_to(tmp_path / "compiled")
        assert_equal(emu.open_run(folder), emu.open_run(other))


if __name__ == "__main__":
    leave(Path(sys.argv[1]))
