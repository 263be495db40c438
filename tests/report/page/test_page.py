"""The page says what the summary says, and is safe, whole, small and always the same."""

import json
from dataclasses import replace

import numpy as np
import pytest

import emu
from emu.errors import ResultsError
from emu.report.page.writing import write_page
from emu.report.words import count, percent, seconds


def test_tables_have_the_numbers_of_the_summary(paged, nodeport):
    """Outcomes, latency, shares and the way, each as the summary has it."""
    page, summary = paged(nodeport), emu.open_run(nodeport).summary
    outcomes = {name: number for name, number, _ in page.tables["Requests by outcome"][1:]}
    assert outcomes == {name: count(number) for name, number in summary.outcomes.items()}
    latency = summary.latency_seconds
    (caption,) = (name for name in page.tables if name.startswith("Latency of the requests"))
    assert page.tables[caption][1][:8] == [
        "in total",
        *map(seconds, (latency.mean, latency.p50, latency.p90, latency.p95, latency.p99,
                       latency.p99_9, latency.max)),
    ]  # fmt: skip
    for what, places in (("Nodes", summary.nodes), ("Pods", summary.pods)):
        shown = {row[0]: row[1:3] for row in page.tables[what][1:]}
        assert shown == {
            name: [count(place.requests), percent(place.share)] for name, place in places.items()
        }
    ways = page.tables["Attempts from place to place"][1:]
    to_pod = {name: [row for row in ways if row[1] == name] for name in summary.pods}
    for name, rows in to_pod.items():
        number = sum(int(row[2].replace(",", "")) for row in rows)
        assert number == summary.pods[name].requests
    assert len(page.tables["The 20 slowest attempts that came to an end"]) == 21
    assert page.tables["The 20 slowest attempts that came to an end"][1][7] == seconds(latency.max)


def test_every_chart_has_words_and_a_table(paged, nodeport):
    """A label made from the data, and its numbers below it; each metric of the run has one."""
    page = paged(nodeport)
    charts = [attributes for tag, attributes in page.tags if attributes.get("class") == "chart"]
    assert len(charts) == len(page.specs) > 10
    assert all(len(one["aria-label"]) > 20 for one in charts)
    assert sum(tag == "details" for tag, _ in page.tags) == len(charts) + 1  # and the picture
    assert {"Requests in flight", "Entries in conntrack", "Requests waiting in each Pod"} <= set(
        page.tables
    )


def test_it_can_be_walked_through(paged, nodeport):
    """One main heading, landmarks, a language, a way past the contents, no id twice, no link that
    leads nowhere, and every table that may be wider than the page can be reached by key."""
    page = paged(nodeport)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == tags.count("main") == tags.count("nav") == tags.count("header") == 1
    assert ("html", {"lang": "en"}) in page.tags
    assert len(page.ids) == len(set(page.ids))
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links[0] == "#content"
    assert {link.removeprefix("#") for link in links} <= set(page.ids)
    assert tags.count("table") == tags.count("caption")
    boxes = [attributes for _, attributes in page.tags if attributes.get("class") == "scroll"]
    assert len(boxes) > tags.count("table")
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_it_needs_nothing_else(paged, nodeport, tmp_path):
    """Nothing is fetched, and the policy lets no script run but those two of the page."""
    page = paged(nodeport)
    for tag, attributes in page.tags:
        assert "src" not in attributes, tag
        assert tag != "link"
    (policy,) = (
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert policy.count("'sha256-") == 2
    assert "unsafe-eval" not in policy


def test_the_same_runs_give_the_same_bytes(nodeport, compared, tmp_path):
    """Whenever it is written, and however often."""
    for name in ("one.html", "two.html"):
        write_page([nodeport, compared], tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def test_names_are_not_trusted(paged, synthetic, recorded, compared, tmp_path):
    """A name with markup in it is shown as it is, wherever it stands, and is no markup."""
    synthetic.places = replace(
        synthetic.places,
        pods=[(HOSTILE, "10.244.1.2", 0), *synthetic.places.pods[1:]],
        clients=[(HOSTILE, ("203.0.113.10",)), ("office", ("203.0.113.11",))],
    )
    folder = recorded(synthetic.rows(2000), scenario=HOSTILE)
    document = json.loads((compared / "comparison.json").read_text())
    document["scenario"] = document["variants"][1]["name"] = HOSTILE
    other = tmp_path / "compared"
    other.mkdir()
    (other / "comparison.json").write_text(json.dumps(document))
    page = paged(folder, other)
    assert page.text.count(HOSTILE) > 10
    tags = [tag for tag, _ in page.tags]
    assert "img" not in tags
    assert tags.count("script") == len(page.specs) + 2


def test_a_run_without_rows_says_so(paged, run_folder_of):
    """What needs rows is not there, the numbers of the summary are, and the rate of sending."""
    folder = run_folder_of("nodeport", **{"spec.log": "summary"})
    page, summary = paged(folder), emu.open_run(folder).summary
    assert "no rows were logged" in page.text
    assert "failures and latency over time cannot be shown" in page.text
    assert page.tables["Requests by outcome"][1][1] == count(summary.outcomes["ok"])
    assert "Requests per second" in page.tables
    assert not any(name.startswith("The 20 slowest") for name in page.tables)


def test_a_sample_is_called_one(paged, run_folder_of):
    """What is drawn from a sample of the rows says so; the numbers are those of all requests."""
    folder = run_folder_of("nodeport", **{"spec.log": {"sample": "20%"}})
    page, summary = paged(folder), emu.open_run(folder).summary
    assert "From the rows of a sample of 20 %." in page.text
    assert "estimated from the rows of 20 %" in page.text
    assert "attempts of the sample" in str(page.tags)
    assert page.tables["Requests by outcome"][1][1] == count(summary.outcomes["ok"])


def test_a_run_in_which_nothing_ends_well(paged, run_folder_of):
    """No latency, and all that failed over time."""
    page = paged(run_folder_of("wrong-target-port"))
    assert "Attempts that failed, per second" in page.tables
    assert "Latency in total" not in page.tables


def test_runs_stand_side_by_side(paged, run_folder_of, nodeport):
    """Each metric of each, and every section of each under an address of its own."""
    other = run_folder_of("overload")
    page = paged(nodeport, other)
    rows = {row[0]: row[1:] for row in page.tables["Metrics of each run"]}
    assert rows[""] == ["nodeport, seed 3", f"overload, seed {emu.open_run(other).summary.seed}"]
    sent = [count(emu.open_run(folder).summary.requests.sent) for folder in (nodeport, other)]
    assert rows["requests sent"] == sent
    assert {"overview", "r1-numbers", "r2-numbers"} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_same_run_twice_has_two_names(paged, nodeport):
    """Or its lines could not be told apart."""
    head = paged(nodeport, nodeport).tables["Metrics of each run"][0]
    assert len(set(head)) == 3


def test_a_large_cluster_stays_readable(paged, synthetic, recorded):
    """Of hundreds of Pods the busiest stand in the picture, and the rest together."""
    count_of_pods = 400
    pods = [(f"default/web-{n}", "10.244.1.2", n % 3) for n in range(count_of_pods)]
    synthetic.places = replace(synthetic.places, pods=pods)
    share = {name: 1 / count_of_pods for name, _, _ in synthetic.places.pods}
    synthetic.expected = synthetic.expected.model_copy(update={"pods": share, "workers": {}})
    rows = synthetic.rows(50_000)
    rows["pod"] = np.random.default_rng(2).integers(0, count_of_pods, len(rows))
    rows["endpoint"] = 0
    page = paged(recorded(rows))
    picture = [row[1] for row in page.tables["Attempts from place to place"]]
    assert "others" in picture
    assert len(set(picture)) < 20
    assert len(page.tables["Pods"]) == 1 + count_of_pods
    assert "370 are not" in page.text


def test_the_page_does_not_grow_with_requests(synthetic, recorded, tmp_path):
    """A hundred times the requests make a page less than a third larger, below 10 MB."""
    sizes = []
    for number in (3_000, 300_000):
        folder = recorded(synthetic.rows(number), str(number))
        write_page([folder], tmp_path / "page.html")
        sizes.append((tmp_path / "page.html").stat().st_size)
    assert sizes[1] < sizes[0] * 4 / 3
    assert sizes[1] < 10 * 2**20


def test_what_is_no_result_is_refused(nodeport, tmp_path):
    """One sentence, and no page."""
    (tmp_path / "empty").mkdir()
    page = tmp_path / "page.html"
    for folder, message in (
        (tmp_path / "nowhere", "is no folder"),
        (tmp_path / "empty", "holds no run, comparison, sweep or search for a capacity"),
    ):
        with pytest.raises(ResultsError, match=message) as refusal:
            write_page([nodeport, folder], page)
        assert "\n" not in str(refusal.value)
    assert not page.exists()


def test_a_page_that_cannot_be_written_leaves_nothing(nodeport, tmp_path):
    """No hidden file, and the folder that stands in its way."""
    (tmp_path / "page.html").mkdir()
    with pytest.raises(ResultsError, match="cannot write"):
        write_page([nodeport], tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
