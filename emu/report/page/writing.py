"""The page itself: sections put into one file that needs nothing else, offline."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from emu import __version__
from emu.recorder.table_file import refusals
from emu.report.page import (
    capacity,
    comparison,
    distribution,
    head,
    over_time,
    overview,
    picture,
    shares,
    slowest,
    sweep,
)
from emu.report.page.gathering import Gathered, gather, summary_in
from emu.report.page.parts import Section
from emu.report.page.sources import Kind, expanded, kind_of

_OF_RUN: Final[tuple[Callable[[Gathered], Section | None], ...]] = (
    head.section, picture.section, distribution.section, over_time.section, shares.section,
    slowest.section,
)  # fmt: skip
"""The sections of a run, in the order of the page."""

Progress = Callable[[str, int, int], None]
"""Told what is being read, how much of it is done, and of how much."""


class Article(NamedTuple):
    """What the page says of one folder, or of several runs together."""

    key: str
    title: str
    sections: Sequence[Section]


def write_page(folders: Sequence[Path], page: Path, progress: Progress | None = None) -> None:
    """Write a page about these folders of results; ``page`` appears when it is whole.

    The same folders give the same bytes. Raises ResultsError for a folder that holds nothing to
    tell of, and where the page cannot be written.
    """
    folders = expanded(folders)
    kinds = [kind_of(folder) for folder in folders]
    text = _text(_articles(folders, kinds, progress))
    hidden = page.with_name(f".{page.name}.{secrets.token_hex(4)}.unfinished")
    with refusals(page):
        try:
            hidden.write_text(text, encoding="utf-8")
            hidden.replace(page)
        finally:
            hidden.unlink(missing_ok=True)


def _articles(
    folders: Sequence[Path], kinds: Sequence[Kind], progress: Progress | None
) -> list[Article]:
    runs = [folder for folder, kind in zip(folders, kinds, strict=True) if kind == Kind.RUN]
    gathered = [
        _gathered(folder, name, progress) for folder, name in zip(runs, names_of(runs), strict=True)
    ]
    made = []
    if len(runs) > 1:
        made.append(Article("", "Runs", [overview.section(gathered)]))
    left = iter(gathered)
    for number, (folder, kind) in enumerate(zip(folders, kinds, strict=True), start=1):
        if kind == Kind.RUN:
            run = next(left)
            found = [section(run) for section in _OF_RUN]
            made.append(Article(f"r{number}-", run.name, [one for one in found if one]))
        else:
            section = _OF_MANY[kind](folder)
            made.append(Article(f"r{number}-", section.title, [section]))
    return made


_OF_MANY: Final[dict[Kind, Callable[[Path], Section]]] = {
    Kind.COMPARISON: comparison.section,
    Kind.SWEEP: sweep.section,
    Kind.CAPACITY: capacity.section,
}


def _gathered(folder: Path, name: str, progress: Progress | None) -> Gathered:
    def update(done: int, of: int) -> None:
        if progress is not None:
            progress(f"{name}: rows", done, of)

    return gather(folder, name, update)


def names_of(runs: Sequence[Path]) -> list[str]:
    """Scenario and seed of each run; where that is not enough, its folder's name or number too."""
    summaries = [summary_in(folder) for folder in runs]
    names = [f"{one.scenario}, seed {one.seed}" for one in summaries]
    for more in ([folder.name[:8] for folder in runs], [str(n + 1) for n in range(len(runs))]):
        names = [
            f"{name}, {word}" if names.count(name) > 1 else name
            for name, word in zip(names, more, strict=True)
        ]
    return names


def _text(articles: Sequence[Article]) -> str:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    scripts = [_library(), _file("page.js")]
    policy = " ".join(_hash(script) for script in scripts)
    return environment.from_string(_file("page.html.j2")).render(
        articles=articles,
        title=_title([article.title for article in articles if article.key]),
        style=Markup(_file("page.css")),
        scripts=[Markup(script) for script in scripts],
        policy=policy,
        version=__version__,
        is_text=lambda part: isinstance(part, str),
        safe=_safe,
    )


def _title(titles: Sequence[str]) -> str:
    first, *others = titles
    return f"{first} and {len(others)} more" if len(others) > 1 else " and ".join(titles)


def _safe(svg: str) -> Any:
    """A drawing of `picture`, whose words are escaped already."""
    return Markup(svg)


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")).replace(
        "</script", "<\\/script"
    )


def _file(name: str) -> str:
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """How the page's policy names a script that may run; no other may."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
