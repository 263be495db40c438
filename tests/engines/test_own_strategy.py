"""A user's own strategy in a run: equal in both engines, part of its identity, and stopped."""

from pathlib import Path

import numba
import pytest

import emu
from emu.running import ENGINES

SHIPPED = Path(__file__).parents[2] / "scenarios" / "nodeport.yaml"
SPEC = """\
apiVersion: emu/v1
kind: Scenario
metadata: {name: own}
spec:
  requests: 400
  nodePools: [{name: node, nodes: 3}]
  loadBalancers:
    - name: edge
      address: 192.168.1.1
      listeners: [{service: default/web}]
      strategy: {file: own/picks.py}
    - name: other
      address: 192.168.1.2
      listeners: [{service: default/web}]
      strategy: {file: other.py, options: {every: 5}}
  clients:
    - {name: c, url: "http://192.168.1.1/", arrivals: {poisson: {rate: 300/s}}}
    - {name: d, url: "http://192.168.1.2/", arrivals: {poisson: {rate: 300/s}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""
HEAD = "def pick(backends, memory, now, key, seed, request, attempt):\n    "
LAST = f"{HEAD}return 2\n"
PLAIN = f"SEEN = {{}}\n\n\n{HEAD}SEEN[request % 3] = str(request)\n    return 2\n"
OTHER = f"""\
from emu.registry import OptionsModel


class Options(OptionsModel):
    every: int


def prepare(options, backends):
    return [options.every]


{HEAD}return -1 if request % memory[0] == 0 else request % 2
"""


@pytest.fixture
def own(tmp_path):
    """Writes the scenario with this source of its first balancer's strategy; its path."""

    def written(source):
        (tmp_path / "own").mkdir(exist_ok=True)
        (tmp_path / "own" / "picks.py").write_text(source)
        (tmp_path / "other.py").write_text(OTHER)
        (tmp_path / "scenario.yaml").write_text(SPEC)
        return tmp_path / "scenario.yaml"

    return written


@pytest.mark.parametrize("source", [LAST, PLAIN], ids=["compiled", "plain"])
def test_both_engines_pick_alike(own, tmp_path, source):
    """Two balancers with files of their own: each picks as its file says, in both engines."""
    one, two = (emu.run(own(source), out=tmp_path / name, engine=name) for name in ENGINES)
    assert one.requests.equals(two.requests)
    rows = one.requests.to_pylist()
    assert {row["node"] for row in rows if row["client"] == "c"} == {"node-3"}
    for row in rows:
        if row["client"] == "d":
            refused = row["request"] % 5 == 0
            assert row["node"] == (None if refused else f"node-{row['request'] % 2 + 1}")
            assert (row["outcome"] == "bad_gateway") == refused


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("if request > 76: return 3", "pick gave 3; must give -1, or the number of an available"),
        ("if request > 76: raise ValueError('no')", r"pick raised ValueError: no \(line \d\)"),
    ],
)
def test_a_mistake_ends_the_run(own, tmp_path, engine, line, failure):
    """With file, request and value, compiled or not; nothing of the run is left."""
    for source in (LAST, PLAIN):
        mistaken = source.replace("    return 2", f"    {line}\n    return 2")
        message = rf"^own/picks\.py: for request (7[789]|8\d), {failure}"
        with pytest.raises(emu.StrategyError, match=message):
            emu.run(own(mistaken), out=tmp_path / "out", engine=engine)
        assert not list((tmp_path / "out").glob("*/*-s*"))


def test_the_source_is_part_of_the_identity(own, tmp_path):
    """Another source is another run; what a run wrote can be repeated without the file."""
    before = emu.load(own(LAST))
    after = emu.load(own(f"{LAST}\n# another\n"))
    assert before.digest != after.digest
    written = tmp_path / "elsewhere" / "scenario.yaml"
    written.parent.mkdir()
    written.write_text(after.resolved())
    again = emu.load(written)
    assert (again.digest, again.spec) == (after.digest, after.spec)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compiles nothing without the JIT")
def test_a_strategy_that_is_not_compiled_is_told(own):
    """A warning names the balancer and the file, and says why."""
    (warning,) = emu.load(own(PLAIN)).warnings
    assert "spec.loadBalancers[0].strategy: own/picks.py is run as plain Python" in warning


def test_the_shipped_one_keeps_its_limit(tmp_path):
    """No node ever has more requests in flight than it says; what is beyond is refused."""
    options = {"file": "in_turn_up_to.py", "options": {"most": 4}}
    overrides = {"spec.loadBalancers[0].strategy": options, "spec.record.interval": "10ms"}
    run = emu.run(SHIPPED, overrides=overrides | {"spec.duration": "20s"}, out=tmp_path)
    in_flight = [
        row["value"] for row in run.metrics.to_pylist() if row["metric"] == "balancer_in_flight"
    ]
    assert max(in_flight) == 2 * 4
    assert "bad_gateway" in run.requests["outcome"].to_pylist()
