"""Folders of results to tell of, and pages taken apart."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import emu
from emu.analysis.summary import summarise
from emu.report.page.writing import write_page

ROOT = Path(__file__).parents[3]
REPLICAS = "Deployment/shop/web.spec.replicas"
STRATEGY = "spec.loadBalancers[0].strategy"


class Page(HTMLParser):
    """A page taken apart: tables by caption, specifications of charts, ids, tags and all text."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.specs, self.ids, self.tags, self.words = {}, [], [], [], []
        self._path, self._rows, self._caption = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        self._path.append((tag, attributes))
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag):
        while self._path and self._path.pop()[0] != tag:
            pass
        if tag == "table":
            self.tables.setdefault(self._caption, self._rows)

    def handle_data(self, data):
        tag, attributes = self._path[-1] if self._path else ("", {})
        if tag == "script" and attributes.get("type") == "application/json":
            self.specs.append(json.loads(data))
        elif tag == "caption":
            self._caption += data
        elif tag in ("td", "th"):
            self._rows[-1][-1] += data
        if tag not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        """All that is to be read."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="session")
def run_folder_of(tmp_path_factory):
    """Runs a shipped scenario for ten seconds; its folder."""
    out = tmp_path_factory.mktemp("runs")

    def run(name, **overrides):
        overrides = {"spec.duration": "10s", "spec.warmup": "1s"} | overrides
        return emu.run(ROOT / f"scenarios/{name}.yaml", overrides=overrides, out=out).path

    return run


@pytest.fixture(scope="session")
def nodeport(run_folder_of):
    """The folder of a run of the reference path."""
    return run_folder_of("nodeport")


@pytest.fixture(scope="session")
def compared(tmp_path_factory):
    """The folder of a comparison."""
    return emu.compare(
        ROOT / "scenarios/deployment.yaml", {STRATEGY: ["round_robin", "least_connections"]}, 3,
        overrides={"spec.duration": "2s", "spec.warmup": "0s"}, engine="process",
        out=tmp_path_factory.mktemp("compared"),
    ).path  # fmt: skip


def columns(name, mean):
    """The columns of a metric, with an interval 5 % either way."""
    return {f"{name}_mean": mean, f"{name}_low": mean * 0.95, f"{name}_high": mean * 1.05}


@pytest.fixture(scope="session")
def swept(tmp_path_factory):
    """Makes the folder of a sweep over replicas and strategies, or over replicas alone."""

    def make(strategies=("round_robin", "random")):
        folder = tmp_path_factory.mktemp("deployment") / "sweeps/0123"
        folder.mkdir(parents=True)
        points = [
            {REPLICAS: str(count), f"{REPLICAS}:number": float(count),
             **({STRATEGY: one} if len(strategies) > 1 else {}),
             "replications": 3, "failed": None,
             **columns("latency_p99_seconds", (1 + len(one)) / count),
             **columns("ok_share", 1 - 0.01 * count / 10)}
            for count in (2, 4, 10)
            for one in strategies
        ]  # fmt: skip
        pq.write_table(pa.Table.from_pylist(points), folder / "points.parquet")
        return folder

    return make


@pytest.fixture(scope="session")
def capacity(tmp_path_factory):
    """The folder of a search for a capacity: a rate that the reference Pods hold."""
    found = emu.capacity(
        ROOT / "scenarios/nodeport.yaml", "p90<150ms and errors<1%",
        {"spec.clients[0].arrivals.poisson.rate": "200/s,300/s,1000/s"}, 3,
        overrides={"spec.duration": "5s", "spec.warmup": "0s"}, engine="process",
        out=tmp_path_factory.mktemp("capacity"),
    )  # fmt: skip
    return Path(found.path)


@pytest.fixture
def recorded(synthetic, tmp_path):
    """Writes synthetic rows as the folder of a run, with its summary."""

    def record(rows, name="run", **changes):
        folder = synthetic.record(tmp_path / name, rows, **changes)
        document = summarise(folder).document()
        (folder / "summary.json").write_text(json.dumps(document))
        return folder

    return record


@pytest.fixture
def paged(tmp_path):
    """Makes the page of these folders and takes it apart."""

    def make(*folders):
        write_page(folders, tmp_path / "page.html")
        return Page((tmp_path / "page.html").read_text())

    return make
