"""``emu schema``: the JSON Schema for editors, and the columns of a run's files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emu.cli import app
from emu.cli.schema import all_tables
from emu.distributions import DISTRIBUTIONS
from emu.hops.balancer import STRATEGIES
from emu.recorder.columns import describe

COMMITTED = Path(__file__).parents[2] / "emu" / "scenario" / "schema.json"


@pytest.fixture(scope="module")
def schema():
    """The schema as the command prints it."""
    return json.loads(CliRunner().invoke(app, ["schema"]).stdout)


def test_the_committed_schema_is_current():
    """Editors see what this version reads; ``emu schema > emu/scenario/schema.json`` renews it."""
    assert CliRunner().invoke(app, ["schema"]).stdout == COMMITTED.read_text()


def field(schema, block, name):
    """The schema of a field of a block."""
    return schema["$defs"][block]["properties"][name]


def test_a_variant_is_a_name_alone_or_a_name_with_options(schema):
    """Exactly one of the registry's names; those without required options also as a string."""
    forms = field(schema, "LoadBalancer", "strategy")["anyOf"]
    assert {"enum": [name for name in STRATEGIES if name != "file"]} in forms
    assert {"$ref": "#/$defs/Strategy"} in forms
    block = schema["$defs"]["Strategy"]
    assert list(block["properties"]) == list(STRATEGIES)
    assert (block["minProperties"], block["maxProperties"]) == (1, 1)
    assert block["additionalProperties"] is False


def test_a_strategy_is_also_a_file_with_options(schema):
    """As a user's own is named: its path, and options that the file itself knows."""
    (form,) = (
        form
        for form in field(schema, "LoadBalancer", "strategy")["anyOf"]
        if form.get("type") == "object"
    )
    assert form["required"] == ["file"]
    assert set(form["properties"]) == {"file", "options"}
    assert form["additionalProperties"] is False


def test_a_duration_is_short_for_a_distribution(schema):
    """``latency: 20ms`` is right in an editor, too."""
    forms = field(schema, "Link", "latency")["anyOf"]
    assert {"$ref": "#/$defs/Distribution"} in forms
    assert any("ms" in json.dumps(form.get("anyOf", "")) for form in forms)
    assert list(schema["$defs"]["Distribution"]["properties"]) == list(DISTRIBUTIONS)


def test_defaults_are_written_as_a_scenario_writes_them(schema):
    """With units and names, not in nanoseconds."""
    assert field(schema, "Record", "interval")["default"] == "1s"
    assert field(schema, "LoadBalancer", "strategy")["default"] == {"round_robin": {}}
    assert field(schema, "Behaviour", "serviceTime")["default"] == {"exponential": {"mean": "10ms"}}


def test_every_field_says_what_it_is(schema):
    """An editor can show a description of each field of each block of ours."""
    for block in ("ScenarioSpec", "Client", "LoadBalancer", "Behaviour", "NodePool", "Link"):
        for name, found in schema["$defs"][block]["properties"].items():
            assert found.get("description"), f"{block}.{name}"


def test_results_lists_every_column():
    """Each column of each file, with its type, unit and meaning."""
    printed = CliRunner().invoke(app, ["schema", "--results"]).stdout
    lines = printed.splitlines()
    for table, column, kind, _, meaning in describe(all_tables()):
        assert table in lines
        assert any(line.split()[:2] == [column, kind] and line.endswith(meaning) for line in lines)
