"""A summary and a path in a terminal."""

import io

import pytest
from rich.console import Console

from emu.analysis.balance import balance
from emu.analysis.batch_means import Problem
from emu.analysis.summary import PodShare, summarise
from emu.recorder.rows import ABSENT, Outcome
from emu.recorder.timing import Timing
from emu.report.path import path_table
from emu.report.terminal import summary_view
from emu.report.words import seconds


def shown(view, **options):
    """The lines that a console of 80 columns prints."""
    console = Console(file=io.StringIO(), width=80, **options)
    console.print(view)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.fixture
def summary(synthetic, tmp_path):
    """The summary of a synthetic run."""
    return summarise(synthetic.record(tmp_path, synthetic.rows(2000)))


def test_every_line_fits_eighty_columns(summary):
    """Nothing is cut or wraps, whatever the numbers, in colour, plain and in ASCII."""
    huge = summary.model_copy(
        update={
            "pods": {
                f"production/frontend-7d9c5b6f4-{i:05d}": PodShare(
                    requests=10**10 + i, share=0.01, expected_share=0.01, utilisation=1.0,
                    implied_utilisation=12.5,
                )
                for i in range(100)
            }
        }
    )  # fmt: skip
    for one in (summary, huge):
        for options in ({}, {"force_terminal": True}, {"no_color": True}):
            lines = shown(
                summary_view(
                    one, "results/nodeport/abc", Timing(wall_seconds=1.0, requests_per_second=2e6)
                ),
                **options,
            )
            if not options.get("force_terminal"):
                assert max(len(line) for line in lines) <= 80
            assert not any("…" in line for line in lines)


def test_attempts_are_shown_where_there_are_more_than_requests(synthetic, tmp_path, summary):
    """Requests and attempts apart; where each request was sent once, of attempts not a word."""
    rows = synthetic.with_attempts(synthetic.rows(2000))
    repeated = summarise(synthetic.record(tmp_path / "repeated", rows))
    sent, lines = repeated.requests.sent, shown(summary_view(repeated))
    assert any(line.startswith("Attempts ") for line in lines)
    assert any(line.startswith(f"{sent:,} sent = ") for line in lines)
    assert f"2,000 attempts, {2000 / sent:.3f} for each request" in lines
    assert any(line.startswith("until it was sent ") for line in lines)
    assert not any("ttempt" in line for line in shown(summary_view(summary)))


@pytest.mark.parametrize(
    ("log", "share", "said"),
    [("sample", 0.001, "rows of 0.1 % of them logged"), ("summary", 0.0, "no rows logged")],
)
def test_it_says_where_quantiles_are_not_exact(summary, log, share, said):
    """A run that did not log every request says so, and how exact its numbers are."""
    assert not any("logged" in line for line in shown(summary_view(summary)))
    other = summary.model_copy(update={"log": log, "log_share": share, "quantile_error": 2.0**-8})
    line = f"numbers of all requests, quantiles within 0.4 %; {said}"
    assert line in shown(summary_view(other))


def test_it_shows_the_numbers_of_the_summary(summary):
    """Outcomes, latency, hops, shares and utilisation stand in their rows."""
    lines = shown(
        summary_view(
            summary, "results/nodeport/abc", Timing(wall_seconds=1.5, requests_per_second=1333.3)
        )
    )
    text = "\n".join(lines)
    counts = summary.requests
    assert f"2,000 sent = {counts.ok:,} ok + {counts.failed:,} failed" in text
    (ok,) = (line.split() for line in lines if line.startswith("ok "))
    assert ok[1] == f"{counts.ok:,}"
    (way,) = (line.split() for line in lines if line.startswith("to load balancer"))
    assert way[3:9] == ["10", "ms"] * 3
    (pod,) = (line.split() for line in lines if line.startswith("default/web-2"))
    share = summary.pods["default/web-2"]
    assert pod[1] == str(share.requests)
    assert pod[2] == f"{share.share * 100:.2f}"
    assert pod[6] == f"{share.utilisation * 100:.2f}"
    assert "took 1.5 s, 1,333 requests/s" in lines
    assert lines[-1] == "results/nodeport/abc"
    assert "chi-square" in text
    assert "with 2 degrees of freedom" in text


def test_a_partial_run_says_so(summary):
    """A run that was interrupted is not taken for a whole one."""
    assert "ended before its time" not in shown(summary_view(summary))[0]
    partial = summary.model_copy(update={"partial": True})
    assert "ended before its time" in shown(summary_view(partial))[0]


def test_of_many_pods_the_extremes_are_shown(summary):
    """The five with the most and the five with the fewest requests, and how many are missing."""
    pods = {
        f"default/web-{i}": PodShare(requests=i * 7 % 101, share=0.01, expected_share=0.01)
        for i in range(1, 101)
    }
    many = summary.model_copy(update={"pods": pods, "pod_balance": balance(pods)})
    lines = shown(summary_view(many))
    rows = [line.split() for line in lines if line.startswith("default/web-")]
    assert [int(row[1]) for row in rows] == [100, 99, 98, 97, 96, 5, 4, 3, 2, 1]
    assert "90 Pods between these are left out; summary.json has them all." in lines


def test_a_few_pods_are_all_shown_in_their_order(summary):
    """Up to a dozen stand as the scenario has them; one that gets nothing is not shown."""
    pods = {f"default/web-{i}": PodShare(requests=i % 3 + 1, share=0.1) for i in range(12)}
    idle = {"default/client": PodShare(requests=0, share=0.0, expected_share=0.0)}
    few = summary.model_copy(update={"pods": pods | idle})
    rows = [line.split()[0] for line in shown(summary_view(few)) if line.startswith("default/")]
    assert rows == list(pods)


def test_a_run_that_met_nothing_has_no_empty_tables(synthetic, tmp_path):
    """Where every name failed to resolve there are outcomes, and no table of nodes or Pods."""
    rows = synthetic.rows(100)
    for field in rows.dtype.names:
        if field not in ("request", "attempt", "client", "intended_ns", "done_ns"):
            rows[field] = ABSENT
    rows["outcome"] = Outcome.DNS_FAILURE
    lines = shown(summary_view(summarise(synthetic.record(tmp_path, rows))))
    assert any(line.startswith("dns_failure") for line in lines)
    assert not any(line.startswith(("Nodes", "Pods", "Latency by hop")) for line in lines)


def test_a_path_shows_every_word_in_eighty_columns():
    """Addresses, ports and rules stand whole; what is missing is a dash, brackets are kept."""
    rows = [
        (1, "client", "any", "192.168.1.1", 80, "the client resolves example.com"),
        (2, "192.168.100.100", 65535, "192.168.100.101", 30001, "KUBE-SVC-" + "X" * 16),
        (3, "[fd00::1]", 8080, "client", None, "MASQUERADE [random-fully]"),
    ]
    lines = shown(path_table(rows, "The logical path"))
    assert max(len(line) for line in lines) <= 80
    assert lines[0] == "The logical path"
    assert lines[1].split() == [
        "step", "source", "port", "destination", "port", "what", "happens",
    ]  # fmt: skip
    assert "  2  192.168.100.100  65535  192.168.100.101  30001  KUBE-SVC-XXXX" in "\n".join(lines)
    assert "   3  [fd00::1]         8080  client " in "\n".join(lines)
    assert any(line.endswith("  -  MASQUERADE [random-fully]") for line in lines)


def test_intervals_stand_below_the_latencies(synthetic, tmp_path):
    """Both ends of what has an interval, under its number, and what is not to be trusted, and
    why."""
    summary = summarise(synthetic.record(tmp_path, synthetic.rows(2000)))
    lines = shown(summary_view(summary))
    at = next(number for number, line in enumerate(lines) if line.startswith("in total"))
    least, most = lines[at + 1].split(), lines[at + 2].split()
    assert (least[:2], most[:2]) == (["at", "least"], ["at", "most"])
    mean = summary.intervals.latency_seconds["mean"]
    assert least[2:4] == seconds(mean.low).split()
    assert most[2:4] == seconds(mean.high).split()
    assert lines[at + 3] == "95 % intervals, from 32 batches of the run"
    found = summary.intervals.latency_seconds
    rare = [name for name, one in found.items() if one.problem == Problem.RARE]
    assert "p99.9" in rare
    said = f"not to be trusted: {', '.join(rare)}, for too few of the batches have such requests"
    assert said in " ".join(lines)


def test_a_run_of_next_to_nothing_has_no_intervals(synthetic, tmp_path):
    """A hundred requests are three a batch: all of its latencies are named as uncertain."""
    summary = summarise(synthetic.record(tmp_path, synthetic.rows(100)))
    lines = shown(summary_view(summary))
    assert not any(line.startswith(("at least", "at most", "95 %")) for line in lines)
    said = " ".join(lines)
    assert "not to be trusted: mean, p50, p90, p95, p99, p99.9, with fewer than 10 ok" in said


def test_a_warm_up_that_was_found_says_how(summary):
    """When it ended and by which method; and where the run is too short to have one."""
    window = summary.window.model_copy(update={"start_seconds": 3.2, "found_by": "MSER-5"})
    found = summary.model_copy(update={"window": window})
    assert shown(summary_view(found))[1].endswith("; warm-up 3.2 s, found by MSER-5")
    half = window.model_copy(update={"requests": summary.requests.sent // 2})
    lines = shown(summary_view(summary.model_copy(update={"window": half})))
    assert lines[2] == "no end of the warm-up in the first half of the run: it is too short"
