"""The slowest attempts, each with its way."""

from emu.report.hops import HOPS
from emu.report.page.gathering import Gathered
from emu.report.page.parts import Cells, Section
from emu.report.words import NOTHING, count, seconds
from emu.units import SECOND


def section(run: Gathered) -> Section | None:
    """A table; None where the run has no rows, or nothing ended."""
    if run.rows is None or not run.rows.slowest.found:
        return None
    found = run.rows.slowest.found
    rows = [
        (
            count(one.request), str(one.attempt), *(name or NOTHING for name in one.names.values()),
            _seconds(one.latency_ns), *(_seconds(one.parts[hop]) for hop in HOPS),
        )
        for one in found
    ]  # fmt: skip
    columns = (
        "request", "attempt", "outcome", "client", "load balancer", "node", "Pod", "in total",
        *HOPS.values(),
    )  # fmt: skip
    of = (
        ""
        if run.summary.log == "requests"
        else f" of a sample of {run.summary.log_share * 100:g} %"
    )
    return Section(
        "slowest",
        "Slowest requests",
        [Cells(f"The {len(rows)} slowest attempts{of} that came to an end", columns, rows, 7)],
    )


def _seconds(ns: int | None) -> str:
    return seconds(None if ns is None else ns / SECOND)
