"""All laws, and the page that says how they were met."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from inspect import getdoc
from multiprocessing import get_context
from pkgutil import iter_modules
from typing import NamedTuple

from tests.laws import known
from tests.laws.row import JUDGED, SHOWN, Claim, Row

_HEAD = """\
# Laws

Results that are known exactly, or published, and what the emulator makes of them. `make laws` runs
all of them and writes this page; no number on it is typed by hand, and the same seeds give the same
page. Each law is a file in `tests/laws/known/`.

Observed is the mean of independent replications, ten where nothing else is said, with its {shown}
interval (Student's t). A law holds where what is expected is within the {judged} interval, or on
the right side of it: of {count} rows, about {chance} would miss the {shown} interval by chance, and
{missed} of the {numbers} that expect a number {verb}. {verdict}
"""


class Law(NamedTuple):
    """One law and what came of it."""

    name: str
    title: str
    text: str
    rows: tuple[Row, ...]


def names() -> list[str]:
    """The laws that there are."""
    return sorted(found.name for found in iter_modules(known.__path__))


def law(name: str) -> Law:
    """Run one."""
    module = import_module(f"tests.laws.known.{name}")
    title, _, text = (getdoc(module) or name).partition("\n")
    return Law(name, title, text.strip(), tuple(module.rows()))


def laws(workers: int) -> Iterator[Law]:
    """Run all, so many at a time; in the order of their names."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(law, names())


def page(found: Sequence[Law]) -> str:
    """The page, as Markdown."""
    rows = [row for one in found for row in one.rows]
    numbers = [row for row in rows if row.claim == Claim.IS]
    missed = sum(not row.is_within for row in numbers)
    failed = sum(not row.holds for row in rows)
    head = _HEAD.format(
        shown=f"{SHOWN:.0%}".replace("%", " %"), judged=f"{JUDGED:.1%}".replace("%", " %"),
        count=len(numbers), chance=f"{len(numbers) * (1 - SHOWN):.0f}", missed=missed,
        numbers=len(numbers), verb="does" if missed == 1 else "do",
        verdict=f"{failed} of {len(rows)} rows do not hold." if failed else "All rows hold.",
    )  # fmt: skip
    return head + "".join(_section(one) for one in found)


def _section(one: Law) -> str:
    lines = [
        f"\n## {one.title}\n",
        one.text,
        "",
        "| case | expected | observed | interval | verdict |",
    ]
    lines.append("| --- | --- | --- | --- | --- |")
    lines += [f"| {' | '.join(row.cells())} |" for row in one.rows]
    return "\n".join(lines) + "\n"
