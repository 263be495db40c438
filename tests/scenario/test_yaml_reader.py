"""YAML is read as Kubernetes reads it, with lines, and without trusting it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emu.errors import ScenarioError
from emu.scenario import yaml_reader
from emu.scenario.resolved import text_of
from emu.scenario.scalars import plain
from emu.scenario.yaml_reader import LineDict, LineList, read, read_file


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("Yes", True), ("off", False),
        ("12", 12), ("-7", -7), ("0", 0), ("1_000", 1000), ("0x1f", 31), ("0b101", 5),
        ("017", 15), ("0o17", 15), ("1.5", 1.5), ("1e3", 1000.0), ("-.5", -0.5),
        (".inf", float("inf")), ("1:30", "1:30"), ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("08", 8.0), ("y", "y"), ("10.96.0.1", "10.96.0.1"), ("20ms", "20ms"), ("0x_", "0x_"),
        ("9" * 101, "9" * 101),
    ],
)  # fmt: skip
def test_plain_scalars_are_what_kubernetes_takes_them_for(text: str, value: object) -> None:
    """Base 60 numbers and timestamps stay strings, as in sigs.k8s.io/yaml."""
    assert plain(text) == value
    assert type(plain(text)) is type(value)


def test_quotes_and_the_string_tag_keep_text() -> None:
    """Only plain scalars are resolved."""
    assert read("- '12'\n- \"true\"\n- !!str 12\n- !!int 12\n- |\n  1\n", "f") == [
        ["12", "true", "12", 12, "1\n"]
    ]


def test_keys_are_the_text_that_stands_there() -> None:
    """As in JSON, every key is a string."""
    assert read("{8080: a, on: b, 1e3: c}", "f") == [{"8080": "a", "on": "b", "1e3": "c"}]


def test_lines_of_keys_and_items() -> None:
    """Each mapping and list knows the lines of what is in it, counted from 1."""
    (document,) = read("# comment\na: 1\nb:\n  - x\n  -\n    c: 2\n    d: 3\n", "f")
    assert isinstance(document, LineDict)
    assert document.line == 2
    assert document.lines == [2, 3]
    assert isinstance(document["b"], LineList)
    assert document["b"].lines == [4, 6]
    assert document["b"][1].lines == [6, 7]


def test_an_alias_is_the_value_it_names() -> None:
    """Nothing is copied, however often it is named."""
    (document,) = read("a: &x {k: [1]}\nb: *x\n", "f")
    assert document["b"] is document["a"]


def test_merge_keys_give_way_to_what_is_written() -> None:
    """``<<`` adds only keys that are not there, the first of several mappings first."""
    (document,) = read("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n", "f")
    assert document["c"] == {"x": 3, "y": 1, "z": 2}


def test_documents_that_are_empty_are_left_out() -> None:
    """A stream may begin or end with ``---``."""
    assert read("---\n---\na: 1\n---\n# nothing\n---\n", "f") == [{"a": 1}]


def test_json_is_yaml() -> None:
    """Output of ``kubectl -o json`` can be read as well."""
    value = {"kind": "List", "items": [{"a": None, "b": [True, 1.5, "x\n"]}]}
    assert read(json.dumps(value, indent=2), "f") == [value]


def test_nodes_are_counted_before_aliases_are_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias counts as much as what it names; one value more is one too many."""
    monkeypatch.setattr(yaml_reader, "MOST_NODES", 11)  # 1 mapping, 3 keys, 2 lists of 3, 1
    assert read("a: &a [1, 2]\nb: *a\nc: 1\n", "f")
    with pytest.raises(ScenarioError, match=r"f:3: c.*at most 11 values"):
        read("a: &a [1, 2]\nb: *a\nc: [1]\n", "f")


def test_depth_is_counted_through_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deep value in a deep place is refused where both together are too deep."""
    monkeypatch.setattr(yaml_reader, "DEEPEST", 4)
    assert read("a: &a [[1]]\nb: [*a]\n", "f")
    with pytest.raises(ScenarioError, match=r"f:2: b\[0\]\[0\]: must not be nested deeper than 4"):
        read("a: &a [[1]]\nb: [[*a]]\n", "f")


def test_anchors_end_with_their_document() -> None:
    """An alias cannot reach into the document before."""
    with pytest.raises(ScenarioError, match="has no anchor &a"):
        read("a: &a 1\n---\nb: *a\n", "f")


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one byte more than the limit is ever in memory."""
    monkeypatch.setattr(yaml_reader, "LARGEST_FILE", 2**20)
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ScenarioError, match=r"large.yaml: must be at most 1 MiB"):
        read_file(file, "large.yaml")


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """Its name and the system's reason are the message."""
    with pytest.raises(ScenarioError, match=r"cannot be read: (No such file|Is a directory)"):
        read_file(tmp_path / name, name)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    file = tmp_path / "bom.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_file(file, "bom.yaml") == [{"a": 1}]


def values_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Whatever JSON can hold, with these texts."""
    floats = st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | st.integers() | floats | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=20,
    )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = values_of(texts)
json_values = values_of(st.text(st.characters(max_codepoint=0xD7FF), max_size=20))
"""Without characters that JSON escapes as two halves, which YAML does not know."""


@given(st.dictionaries(texts, values, max_size=4))
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    """The resolved scenario's YAML means the same to its reader, whatever strings are in it."""
    assert read(text_of([document]), "f") == [document]


@given(json_values)
def test_what_others_write_is_read_the_same(value: Any) -> None:
    """JSON, and what PyYAML writes with its tags in quotes, mean the same here."""
    assert read(json.dumps({"": value}), "f") == [{"": value}]
    assert read(yaml.safe_dump({"": value}, default_style='"'), "f") == [{"": value}]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing that is no YAML gets through as anything but a ScenarioError."""
    try:
        read(text, "f")
    except ScenarioError as error:
        assert str(error).startswith("f")
