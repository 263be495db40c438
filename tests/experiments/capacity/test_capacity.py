"""Searches with real runs, held to exact formulas."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import emu
from emu.errors import ScenarioError
from emu.experiments.capacity.search import Verdict

REPLICAS = "Deployment/web.spec.replicas"
RATE = "spec.clients[0].arrivals.poisson.rate"
RANDOM = {"spec.loadBalancers[0].strategy": "random"}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A results folder."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def replicas(sizing, out):
    """How many Pods it takes when each is chosen at random: queues of their own, by formula."""
    return emu.capacity(
        sizing, "mean<50ms", {REPLICAS: "4..16"}, overrides=RANDOM, out=out, engine="compiled"
    )


def test_random_choice_takes_what_the_formula_says(replicas):
    """20 ms / (1 - 4 / n) is below 50 ms from 7 Pods on: 46.7 ms, where 6 have 60 ms."""
    assert (replicas.answer, replicas.values[replicas.found.fails]) == (7, 6)
    assert replicas.values[replicas.bounds.random] == 7
    assert replicas.values[replicas.bounds.shared] == 5
    assert replicas.bottleneck.part == "CPU"


def test_replications_are_spent_where_they_decide(replicas):
    """Values far from the bound have three; no value outside of the way there has any."""
    runs = {one.value: len(one.runs) for one in replicas.tried}
    assert {4, 16, 7, 6} <= runs.keys()
    assert len(runs) <= 7
    assert runs[16] == 3
    assert max(runs.values()) > 3


def test_what_is_left(replicas, out):
    """A folder beside the runs: a row for each value and for each run, and the answer as JSON."""
    folder = Path(replicas.path)
    assert folder.parent == out / "sizing"
    assert sorted(path.name for path in folder.iterdir()) == [
        "capacity.json", "curve.parquet", "replications.parquet",
    ]  # fmt: skip
    curve = pq.read_table(folder / "curve.parquet").to_pylist()
    assert [row["number"] for row in curve] == [one.value for one in replicas.tried]
    assert [row["meets"] for row in curve] == [row["number"] >= 7 for row in curve]
    assert pq.read_table(folder / "replications.parquet").num_rows == sum(
        len(one.runs) for one in replicas.tried
    )
    said = json.loads((folder / "capacity.json").read_text())
    assert (said["answer"], said["fails"], said["shared_queue"], said["wanted"]) == (
        7,
        6,
        5,
        "least",
    )
    assert said["sentences"][0] == "7 is enough and 6 is not, with 95 % confidence."


def test_a_search_made_again_runs_nothing(replicas, sizing, out, monkeypatch):
    """Its runs are found, with two workers as with one, and the same bytes are left."""
    before = {path.name: path.read_bytes() for path in Path(replicas.path).iterdir()}
    monkeypatch.setattr("emu.running.build", None)
    again = emu.capacity(
        sizing, "mean<50ms", {REPLICAS: "4..16"}, overrides=RANDOM, out=out, engine="compiled",
        workers=2,
    )  # fmt: skip
    assert again.path == replicas.path
    assert {path.name: path.read_bytes() for path in Path(again.path).iterdir()} == before


def test_the_greatest_rate_is_found_too(sizing, out):
    """With least connections 8 Pods hold more than random choice would by the formula, and less
    than one queue would."""
    found = emu.capacity(
        sizing, "mean<40ms", {RATE: "100/s..400/s:20/s"}, replications=12, out=out,
        overrides={"spec.loadBalancers[0].strategy": "least_connections"}, engine="compiled",
    )  # fmt: skip
    assert not found.found.least
    assert found.values[found.bounds.random] == "180/s"  # 20 ms / (1 - 180 / 400) = 36.4 ms
    assert found.bounds.random < found.found.answer <= found.bounds.shared
    assert "held" in found.sentences[0]


def test_no_value_may_do(sizing, out):
    """An objective below the service time itself: the answer is none, and the formulas agree."""
    found = emu.capacity(sizing, "mean<10ms", {REPLICAS: "4,32"}, out=out, engine="compiled")
    assert found.answer is None
    assert {one.judgement.verdict for one in found.tried} == {Verdict.FAILS}
    assert "No value of the range surely meets the objectives" in found.sentences[0]
    assert found.bounds == (None, None, "")


@pytest.mark.parametrize(
    ("vary", "says"),
    [
        ({}, "vary: must have one path, with a range of values"),
        ({REPLICAS: "1..4", RATE: "1/s..4/s"}, "vary: must have one path"),
        ({REPLICAS: "4"}, "must have two values or more"),
        ({"spec.nothing": "1..4"}, "spec.nothing"),
    ],
)
def test_what_cannot_be_searched_is_refused(sizing, out, vary, says):
    """Before anything is run, with the path and the rule."""
    with pytest.raises(ScenarioError, match=says.replace("[", r"\[")):
        emu.capacity(sizing, "p99<1s", vary, out=out)
