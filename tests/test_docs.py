"""The documents say what is so: commands and snippets run, outputs and tables are the real ones."""

import contextlib
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import emu
from emu.cli import app
from emu.cli.schema import schema_text
from emu.events import Kind
from emu.recorder.rows import Outcome

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "results/README.md"])
README = (ROOT / "README.md").read_text()
MODEL = (ROOT / "docs/model.md").read_text()


def blocks(text, language):
    """The fenced blocks of a language, without their fences."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


COMMANDS = [
    line for block in blocks(README, "sh") for line in block.splitlines() if line.startswith("emu ")
]
OUTPUTS = dict(re.findall(r"^```sh\n(emu [^\n]*)\n```\n\n```text\n(.*?)^```$", README, re.M | re.S))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the scenarios, those of the README, and a cluster as kubectl prints one."""
    made = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "scenarios", made / "scenarios")
    for block in blocks(README, "yaml"):
        (made / block.split(maxsplit=2)[1]).write_text(block)
    _, *objects = yaml.safe_load_all((made / "scenarios/nodeport.yaml").read_text())
    cluster = {"apiVersion": "v1", "kind": "List", "items": objects}
    (made / "cluster.yaml").write_text(yaml.safe_dump(cluster))
    return made


def expanded(word):
    """The folders that a pattern stands for, or the word itself."""
    found = sorted(map(str, Path().glob(word))) if word.startswith("results/") else []
    return found or [word]


@pytest.fixture
def shell(folder):
    """Runs a line of the README in that folder; what it printed, without spaces at line ends."""

    def run(line, columns=80):
        with contextlib.chdir(folder):
            words = [word for one in shlex.split(line)[1:] for word in expanded(one)]
            done = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, words)
        assert done.exit_code == 0, (line, done.output, done.exception)
        return [line.rstrip() for line in done.stdout.rstrip().splitlines()]

    return run


def test_commands_run(shell):
    """Every emu command of the README runs and ends well, from its top to its end."""
    for line in COMMANDS:
        assert shell(line)


def test_every_command_is_shown(shell):
    """The README shows each command that there is, and the one that runs a scenario first."""
    as_root = re.findall(r"^sudo (emu .*)$", README, re.MULTILINE)
    shown = [line.split()[1] for line in (*COMMANDS, *as_root)]
    assert set(shown) == {command.name for command in app.registered_commands}
    assert shown[0] == "run"


def test_summary_is_the_real_one(shell):
    """The summary in the README is what the run prints on 80 columns, but for wall-clock time."""
    line = "emu run scenarios/nodeport.yaml"
    assert without_chance(OUTPUTS[line].splitlines()) == without_chance(shell(line))


@pytest.mark.parametrize("command", ["compare", "capacity"])
def test_experiments_are_the_real_ones(shell, command):
    """What the README shows of them is what they print, but for the digest of the sources in the
    name of the folder.
    """
    (line,) = (line for line in OUTPUTS if line.startswith(f"emu {command} "))
    *told, folder = OUTPUTS[line].splitlines()
    *printed, real_folder = shell(line)
    assert told == printed
    assert re.sub(r"-\w+$", "", folder) == re.sub(r"-\w+$", "", real_folder)


def without_chance(lines):
    """The lines without what differs by machine or by any edit of a source."""
    lines = [re.sub(r"-[0-9a-f]{8}$", "-SOURCES", line) for line in lines]
    return [re.sub(r"^took .*", "took WALL", line) for line in lines]


def test_logical_path_is_the_real_one(shell):
    """The path in the README is what emu trace prints on 100 columns."""
    line = "emu trace scenarios/nodeport.yaml"
    assert OUTPUTS[line].splitlines() == shell(line, columns=100)


def test_answers_to_flows_are_the_real_ones(shell):
    """The answers in the README are what emu probe prints."""
    line = "emu probe cluster.yaml --flows flows.yaml"
    assert OUTPUTS[line].splitlines() == shell(line)


def test_wire_path_is_part_of_the_real_one(shell):
    """The wire view in the README is that of emu trace, with lines left out where it says so."""
    line = "emu trace scenarios/nodeport.yaml --wire"
    real = "\n".join(["", *shell(line, columns=100), ""])
    position = 0
    for part in OUTPUTS[line].split("     ...\n"):
        found = real.find("\n" + part, position)
        assert found >= 0, part
        position = found + len(part)
    assert "     ...\n" in OUTPUTS[line]


def test_snippets_run(folder, capsys):
    """Every Python snippet of the README and of results/README.md runs."""
    run = emu.run(folder / "scenarios/nodeport.yaml", out=folder / "results")
    for document in ("README.md", "results/README.md"):
        snippets = blocks((ROOT / document).read_text(), "python")
        assert snippets
        with contextlib.chdir(folder):
            for snippet in snippets:
                exec(snippet.replace("<run>", run.path.name), {})
    assert "10.244.1." in capsys.readouterr().out


def test_links_lead_somewhere():
    """Every relative link in a document is a file or folder of the project."""
    links = [
        (document, target)
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text())
        if "://" not in target
    ]
    assert len(links) > 20
    assert [(d, target) for d, target in links if not (d.parent / target).exists()] == []


def test_decisions_are_listed():
    """The list of decisions names every page, once."""
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\]\(([\w-]+\.md)\)", (folder / "README.md").read_text())
    assert sorted(listed) == sorted(p.name for p in folder.glob("*.md") if p.name != "README.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_machine_paths(document):
    """No document has a path of somebody's machine in it."""
    somewhere = r"(?<![\w.~:])/(home|work|root|tmp|Users|usr|var|opt|mnt)/"
    assert not re.search(somewhere, document.read_text())


def test_model_names_every_event():
    """The table of events has the kinds that there are, in their order among ties."""
    assert re.findall(r"^\| `([A-Z_]+)` \|", MODEL, re.M) == [kind.name for kind in Kind]


def test_model_names_every_outcome():
    """The table of outcomes has each outcome that there is."""
    table = MODEL.partition("## How a request can end")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \|", table, re.M)
    assert sorted(rows) == sorted(outcome.name.lower() for outcome in Outcome)


DEFAULTS = dict(re.findall(r"^\| `(spec\.\S+)` \| `(.*?)` \|", MODEL, re.M))


@pytest.mark.parametrize("path", DEFAULTS)
def test_defaults_are_the_real_ones(path):
    """Each default in the table is the one that the schema has."""
    schema = json.loads(schema_text())
    block = schema
    for name in path.replace("[]", "").split("."):
        block = block.get("items", block.get("anyOf", [block])[0])
        if "$ref" in block:
            block = schema["$defs"][block["$ref"].rpartition("/")[2]]
        block = block["properties"][name]
    assert yaml.safe_load(DEFAULTS[path]) == block["default"]


def test_table_of_times_is_the_real_one(folder):
    """The times of the reference path are those that a run on it has, to the nanosecond."""
    table = re.findall(
        r"^\| `(\w+_ns)` \| `(\w+_ns)` \| ([\d.]+) ms \| ([\d.]+) ms \|", MODEL, re.M
    )
    assert len(table) == 5
    overrides = {"spec.requests": 200, "spec.duration": None, "spec.warmup": "0s"}
    run = emu.run(folder / "scenarios/nodeport.yaml", overrides=overrides, out=folder / "results")
    seen = set()
    for row in run.requests.to_pylist():
        seen.add(row["cross_node"])
        for start, end, same, other in table:
            expected = float(other if row["cross_node"] else same) * 1_000_000
            assert row[end] - row[start] == round(expected)
    assert seen == {False, True}
