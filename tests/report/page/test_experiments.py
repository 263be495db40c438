"""Pages of what was made of many runs: a comparison, a sweep, a search for a capacity."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

from tests.report.page.conftest import REPLICAS, STRATEGY


def test_a_comparison_says_what_emu_compare_says(paged, compared):
    """Its means and differences; the judged of each is the verdict of the comparison."""
    page = paged(compared)
    document = json.loads((compared / "comparison.json").read_text())
    other = document["variants"][1]["metrics"]
    verdicts = [found["difference"]["verdict"] for found in other.values()]
    judged = [row[3] for row in page.tables["Differences to round_robin"][1:]]
    shown = [verdict for verdict in verdicts if verdict not in ("unknown",)]
    assert len(judged) == len(shown)
    assert [one == "none shown" for one in judged] == [
        verdict in ("equal", "not_shown") for verdict in shown
    ]
    assert len(page.tables["Metrics of each variant"]) == 1 + 2 * len(other)


def test_a_sweep_of_two_paths_is_a_heatmap(paged, swept):
    """A cell for each point, numbers in their order, and all points in a table."""
    page = paged(swept())
    heatmap = page.specs[0]
    assert heatmap["mark"]["type"] == "rect"
    assert heatmap["encoding"]["x"]["sort"] == ["2", "4", "10"]
    assert len(page.tables[f"latency p99 by {REPLICAS} and {STRATEGY}"]) == 7
    assert page.tables["All points"][0] == [REPLICAS, STRATEGY, "latency p99", "ok share", "failed"]


def test_a_sweep_of_one_path_is_a_line_with_a_band(paged, swept):
    """Over the numbers that were varied."""
    page = paged(swept(("random",)))
    marks = {layer["mark"]["type"] for layer in page.specs[0]["layer"]}
    assert marks == {"area", "line", "point"}
    assert [row[0] for row in page.tables[f"latency p99 by {REPLICAS}"][1:]] == ["2", "4", "10"]


def test_values_that_are_no_numbers_are_points_with_bars(paged, swept, tmp_path):
    """In the order in which they come, without a line between them."""
    table = pq.read_table(swept() / "points.parquet")
    kept = [name for name in table.column_names if REPLICAS not in name]
    folder = tmp_path / "sweep"
    folder.mkdir()
    pq.write_table(table.select(kept).slice(0, 2), folder / "points.parquet")
    page = paged(folder)
    assert {layer["mark"]["type"] for layer in page.specs[0]["layer"]} == {"rule", "point"}
    shown = [row[0] for row in page.tables[f"latency p99 by {STRATEGY}"][1:]]
    assert shown == ["round_robin", "random"]


def test_a_point_that_failed_says_why(paged, swept, tmp_path):
    """In the table of all points; what it has no numbers for is not drawn."""
    points = pq.read_table(swept(("random",)) / "points.parquet").to_pylist()
    points[1] |= {name: None for name in points[1] if name.endswith(("_mean", "_low", "_high"))}
    points[1]["failed"] = "spec.duration = 0s: must be above 0"
    pq.write_table(pa.Table.from_pylist(points), tmp_path / "points.parquet")
    page = paged(tmp_path)
    assert page.tables["All points"][2] == ["4", "-", "-", "spec.duration = 0s: must be above 0"]
    assert len(page.tables[f"latency p99 by {REPLICAS}"]) == 3


def test_a_capacity_has_its_objectives(paged, capacity):
    """As lines of a chart each, with what was said of them, and which values meet them."""
    page = paged(capacity)
    charts = [spec for spec in page.specs if "limit" in json.dumps(spec)]
    assert len(charts) == 2
    assert [row[:3] for row in page.tables["All values"][1:]][::2] == [
        ["200/s", "yes", "3"], ["1000/s", "no", "3"],
    ]  # fmt: skip
    assert "is held" in page.text
    assert "What gives way at" in page.text
