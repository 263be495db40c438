"""The reference pages say what the code says."""

import re
import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs/reference"
PAGES = runpy.run_path(str(FOLDER / "generate.py"))["pages"]()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_generated_one(name):
    """After a change of the code: make docs."""
    assert (FOLDER / name).read_text() == PAGES[name]


def test_every_page_is_generated():
    """None is written by hand."""
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES)


def test_links_of_fields_lead_to_headings():
    """Each type that is a block has its section."""
    text = PAGES["scenario.md"]
    headings = {
        re.sub(r"[()]", "", title.lower().replace(" ", "-"))
        for title in re.findall(r"^## (.*)$", text, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#(.*?)\)", text))
    assert len(links) > 50
    assert links <= headings
