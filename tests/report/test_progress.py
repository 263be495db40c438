"""The progress of a run, and of other work."""

import io

import pytest
from rich.console import Console

from emu.report import progress
from emu.report.progress import RunProgress, RunsProgress, WorkProgress

S = 1_000_000_000


class Clock:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The wall clock of the progress display."""
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def terminal():
    """A terminal of 80 columns that remembers what was printed."""
    return Console(file=io.StringIO(), force_terminal=True, width=80, _environ={"TERM": "xterm"})


def test_it_shows_time_requests_rate_and_what_is_left(clock):
    """A quarter of the simulated time in two seconds leaves six."""
    console = terminal()
    with RunProgress(60 * S, None, console) as display:
        clock.now += 2.0
        display.update(15 * S, 3000)
    text = console.file.getvalue()
    assert " 25 %" in text
    assert "0:00:06 left  15.0 s simulated  3,000 requests  1,500/s" in text


def test_a_run_of_so_many_requests_counts_those(clock):
    """Where the number of requests ends the run, it is what the bar shows."""
    console = terminal()
    with RunProgress(None, 1000, console) as display:
        clock.now += 1.0
        display.update(15 * S, 500)
    assert " 50 %" in console.file.getvalue()


def test_it_draws_at_most_ten_times_a_second(clock):
    """However often it is told, the terminal is left alone in between."""
    console = terminal()
    with RunProgress(60 * S, None, console) as display:
        clock.now += 1.0
        display.update(S, 100)
        drawn = console.file.getvalue()
        for _ in range(5):
            clock.now += 0.01
            display.update(2 * S, 200)
        assert console.file.getvalue() == drawn
        clock.now += 0.1
        display.update(2 * S, 200)
        assert console.file.getvalue() != drawn


def test_work_is_counted(clock):
    """What is being done, and how much of it."""
    console = terminal()
    with WorkProgress(console) as display:
        clock.now += 1.0
        display.update("connections", 1500, 6000)
    assert " 25 % connections 1,500 of 6,000" in console.file.getvalue()


@pytest.mark.parametrize(
    "console",
    [
        Console(file=io.StringIO(), width=80),
        Console(file=io.StringIO(), width=80, force_terminal=True, _environ={"TERM": "dumb"}),
    ],
    ids=["file", "dumb terminal"],
)
def test_it_is_silent_where_there_is_no_terminal(clock, console):
    """In a file, a pipe or a terminal that cannot go back, nothing is printed."""
    with RunProgress(60 * S, None, console) as display:
        clock.now += 1.0
        display.update(S, 100)
    with RunsProgress(console) as runs:
        clock.now += 1.0
        runs.update(1.0, 2)
    with WorkProgress(console) as work:
        clock.now += 1.0
        work.update("building", 1, 2)
    assert console.file.getvalue() == ""


def test_it_shows_nothing_false_at_the_very_beginning(clock):
    """No time and no requests are no division by zero."""
    with RunProgress(60 * S, None, terminal()) as display:
        clock.now += 1.0
        display.update(0, 0)


def test_runs_are_counted_and_the_time_left_is_told(clock):
    """Five of twenty in ten seconds leave thirty; part of a run is no whole one."""
    console = terminal()
    with RunsProgress(console) as display:
        clock.now += 10.0
        display.update(5.0, 20)
        clock.now += 0.8
        display.update(5.4, 20)
    text = console.file.getvalue()
    assert " 25 % 0:00:30 left  5 of 20 runs done" in text
    assert " 27 % 0:00:29 left  5 of 20 runs done" in text
