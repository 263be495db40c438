"""What happened to the cluster in a run, for a terminal."""

from io import StringIO

import pytest
from rich.console import Console, Group

from emu.recorder.writing import Recording
from emu.report.timeline import MOST, timeline_view

S = 1_000_000_000


@pytest.fixture
def shown(synthetic, tmp_path):
    """The lines of a run with these events."""

    def lines(*events):
        with Recording(tmp_path, synthetic.places, synthetic.header()) as recording:
            for event in events:
                recording.write_event(*event)
            recording.close(100 * S)
        out = StringIO()
        Console(file=out, width=80).print(Group(*timeline_view(tmp_path)))
        return [line.rstrip() for line in out.getvalue().splitlines()]

    return lines


def test_what_happened_stands_in_its_order(shown):
    """When, what, to whom and why; the syncs that follow are left out."""
    head, _, *lines = shown(
        (20 * S, "nodeDown", "node-2", "timeline", "for 30s"),
        (45 * S + S // 4, "target_unhealthy", "edge:80", "timeout", "node-2"),
        (46 * S, "rules_synced", "node-1", "default/web", "0.2s after the change"),
    )
    assert head.split() == ["Timeline", "what", "of", "why"]
    assert [line.split(maxsplit=4) for line in lines] == [
        ["20.000", "s", "nodeDown", "node-2", "timeline; for 30s"],
        ["45.250", "s", "target_unhealthy", "edge:80", "timeout; node-2"],
    ]


def test_where_nothing_happened_nothing_is_shown(shown):
    """Rules that were synced at the start are no news."""
    assert shown((0, "rules_synced", "node-1", "start", None)) == []


def test_what_happened_at_one_moment_is_one_line(shown):
    """Of many objects some are named."""
    _, _, *lines = shown(*[(S, "podCrash", f"a/web-{n}", "fault", None) for n in range(5)])
    assert [line.split(maxsplit=3)[3] for line in lines] == [
        "a/web-0, a/web-1, a/web-2 and 2 more   fault"
    ]


def test_what_is_said_of_each_is_said(shown):
    """Where it is not the same of all that are named, each has its own."""
    events = [(S, "pod_scheduled", f"a/web-{n}", None, f"node-{1 + n % 2}") for n in range(3)]
    _, _, *lines = shown(*events)
    assert [line.split(maxsplit=3)[3] for line in lines] == [
        "a/web-0, a/web-1, a/web-2   node-1, node-2"
    ]


def test_of_several_kinds_at_one_moment_each_is_one_line(shown):
    """Also where they take turns: a line for each kind, in the order of the first of each."""
    kinds = ("pod_sigterm", "pod_deleted")
    _, _, *lines = shown(*[(S, kind, f"a/web-{n}", None, None) for n in range(3) for kind in kinds])
    assert [line.split(maxsplit=2)[2] for line in lines] == [
        "pod_sigterm   a/web-0, a/web-1, a/web-2", "pod_deleted   a/web-0, a/web-1, a/web-2",
    ]  # fmt: skip


def test_there_are_so_many_lines_and_no_more(shown):
    """The rest is counted."""
    lines = shown(*[(n * S, "podCrash", "default/web", "timeline", None) for n in range(MOST + 7)])
    assert lines[-1] == "7 more moments are left out: see events.parquet"
    assert len(lines) == 2 + MOST + 1


def test_what_the_scenario_did_is_shown_before_what_came_of_it(shown):
    """However much happens before, an action of the timeline has its line, in its place."""
    ready = [(n * S, "pod_ready", f"web-{n}", None, None) for n in range(MOST + 7)]
    lines = shown(*ready, (60 * S, "nodeDown", "node-2", "timeline", None))
    assert "nodeDown" in lines[1 + MOST]
    assert lines[-1] == "8 more moments are left out: see events.parquet"
