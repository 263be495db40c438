"""The laws hold, and the page says so."""

import math
import os
from pathlib import Path

import pytest

from tests.laws.page import Law, laws, names, page
from tests.laws.row import Claim, row

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"


def test_a_number_holds_within_its_interval():
    """Ten values about 1 hold 1, and not 2; the interval that is shown is Student's."""
    values = [1 + 0.01 * (number - 4.5) for number in range(10)]
    assert row("", 1.0, values).holds
    assert not row("", 2.0, values).holds
    shown = row("x", 1.0, values).cells()
    half = 2.2622 * 0.01 * math.sqrt(82.5 / 9 / 10)
    assert shown == ("x", "1", "1", f"{1 - half:.4f} to {1 + half:.4f}", "holds")


@pytest.mark.parametrize(
    ("claim", "values", "holds"),
    [
        (Claim.IS_EXACTLY, [3, 3], True),
        (Claim.IS_EXACTLY, [3, 3 + 1e-9], False),
        (Claim.IS_AT_LEAST, [3.5, 3.50001], True),
        (Claim.IS_AT_LEAST, [3.0, 4.0], False),
        (Claim.IS_AT_MOST, [2.5, 2.50001], True),
        (Claim.IS_AT_MOST, [3.5, 3.50001], False),
    ],
)
def test_what_a_claim_asks_for(claim, values, holds):
    """Exactly is exactly; at least and at most must be sure."""
    assert row("", 3, values, claim).holds is holds


def test_a_page_counts_what_does_not_hold():
    """One row that holds, one that does not, in a table of their law."""
    rows = (row("good", 1.0, [0.9, 1.1]), row("bad", 1.0, [2.0, 2.001]))
    text = page([Law("one", "A title", "Words.", rows)])
    assert "1 of 2 rows do not hold." in text
    assert "## A title" in text
    assert "| bad | 1 | 2.0005 |" in text
    assert text.count("**does not hold**") == 1


def test_the_page_has_every_law():
    """Each file has its section."""
    text = PAGE.read_text()
    assert text.count("\n## ") == len(names())
    assert "All rows hold." in text


@pytest.mark.slow
def test_all_laws_hold_and_the_page_is_theirs():
    """Run again, every law holds, and the page is the same to the byte."""
    found = list(laws(workers=os.cpu_count() or 1))
    assert [(law.name, row.case) for law in found for row in law.rows if not row.holds] == []
    assert page(found) == PAGE.read_text()
