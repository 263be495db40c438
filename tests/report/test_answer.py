"""The answer to a question in SQL, for people and for scripts."""

import csv
import io
import json
from decimal import Decimal

import pyarrow as pa
import pytest
from rich.console import Console

from emu.report.answer import answer_view, json_text, write_csv


def batches(rows, names):
    """Two batches of these rows."""
    half = len(rows) // 2
    parts = [rows[:half], rows[half:]]
    whole = [pa.array([row[n] for row in rows]) for n in range(len(names))]
    return [
        pa.RecordBatch.from_arrays(
            [pa.array([row[n] for row in part], whole[n].type) for n in range(len(names))], names
        )
        for part in parts
    ]


def shown(columns, parts):
    """The lines on a console of 80 columns."""
    console = Console(file=io.StringIO(), width=80)
    console.print(answer_view(columns, parts))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_short_answer_is_shown_whole():
    """Numbers to the right with their digits, null as a dash, and how many rows there are."""
    rows = [("default/web-1", 12003, 0.25, None), ("default/web-2", 7, 123.456789, "x")]
    lines = shown(list("abcd"), batches(rows, list("abcd")))
    assert lines[0].split() == list("abcd")
    assert lines[2].split() == ["default/web-1", "12003", "0.25", "-"]
    assert lines[3].split() == ["default/web-2", "7", "123.457", "x"]
    assert lines[-1] == "2 rows"


def test_of_a_long_answer_it_says_how_much_is_not_shown():
    """Forty rows, and the number of all."""
    lines = shown(["n"], batches([(n,) for n in range(1000)], ["n"]))
    assert [line.strip() for line in lines[2:-1]] == [str(n) for n in range(40)]
    assert lines[-1] == "1,000 rows, 960 of them not shown"


@pytest.mark.parametrize("width", [10, 100, 1000])
def test_wide_values_are_folded(width):
    """Nothing is cut, and no line is longer than 80 columns."""
    value = "v" * width
    lines = shown(["a", "b"], batches([(value, value)] * 2, ["a", "b"]))
    assert max(map(len, lines)) <= 80
    assert sum(line.count("v") for line in lines) == 4 * width


def test_many_columns_stand_below_one_another():
    """A line for each, of the first rows."""
    names = [f"column_{n}" for n in range(30)]
    lines = shown(names, batches([tuple(range(30))] * 9, names))
    assert lines[0].split() == ["column_0", "0"]
    assert lines[29].split() == ["column_29", "29"]
    assert lines[-1] == "9 rows, 4 of them not shown"


def test_no_rows():
    """The columns, and that there is nothing."""
    assert shown(["a"], [])[-1] == "0 rows"


def test_json_has_all_rows_as_plain_values():
    """Sums are numbers, what is no number is null, and two columns of one name are two."""
    rows = [(Decimal(12), float("nan"), [1, 2]), (Decimal("1.5"), 2.0, None)]
    document = json.loads(
        json_text(["a", "a", "b"], ["X", "Y", "Z"], batches(rows, ["a", "a", "b"]))
    )
    assert document["columns"][1] == {"name": "a", "type": "Y"}
    assert document["rows"] == [[12, None, [1, 2]], [1.5, 2.0, None]]


def test_csv_has_all_rows():
    """Null is empty, and what needs quotes has them."""
    file = io.StringIO()
    write_csv(["a", "b"], batches([('x,"y', 1), (None, 2)], ["a", "b"]), file)
    assert list(csv.reader(io.StringIO(file.getvalue()))) == [["a", "b"], ['x,"y', "1"], ["", "2"]]
