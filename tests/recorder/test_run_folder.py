"""The folder of a run."""

import json
import subprocess
import sys

import pytest

from emu.errors import ResultsError
from emu.recorder.run_folder import FILES, find_complete, run_folder


def write_run(root, text="one", partial=False, run="r1"):
    """Write a run whose scenario.yaml says ``text``; its folder."""
    with run_folder(root, "nodeport", run) as folder:
        for name in FILES:
            folder.write_text(name, text)
        folder.write_json("summary.json", {"partial": partial})
        return folder.finish()


def inside(folder):
    """The names in the folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def names(root):
    """Everything under the root, hidden folders included."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_a_finished_run_stands_under_its_name_and_nothing_else_does(tmp_path):
    """The final folder has every file, and no hidden folder stays."""
    final = write_run(tmp_path)
    assert final == tmp_path / "nodeport" / "r1"
    assert inside(final) == sorted(FILES)
    assert inside(tmp_path / "nodeport") == ["r1"]


def test_nothing_is_seen_under_the_final_name_before_the_end(tmp_path):
    """While a run is written its final name does not exist."""
    with run_folder(tmp_path, "nodeport", "r1") as folder:
        folder.write_text("scenario.yaml", "x")
        assert not (tmp_path / "nodeport" / "r1").exists()
        assert find_complete(tmp_path, "nodeport", "r1") is None
        assert all(name.startswith(".r1.") for name in inside(tmp_path / "nodeport"))


def test_what_is_made_of_several_runs_has_files_of_its_own(tmp_path):
    """A folder beside the runs is whole with these, and takes the place of an earlier one."""
    for text in ("one", "two"):
        with run_folder(tmp_path, "nodeport", "compare-1", ("numbers.json",)) as folder:
            with pytest.raises(ValueError, match=r"numbers\.json not written"):
                folder.finish()
            folder.write_text("numbers.json", text)
            final = folder.finish()
        assert inside(final) == ["numbers.json"]
        assert (final / "numbers.json").read_text() == text
    assert inside(tmp_path / "nodeport") == ["compare-1"]


def test_an_error_leaves_nothing(tmp_path):
    """A run that fails leaves no file behind, and its error passes through."""
    with pytest.raises(KeyError), run_folder(tmp_path, "nodeport", "r1") as folder:
        folder.write_text("scenario.yaml", "x")
        raise KeyError("model")
    assert names(tmp_path) == ["nodeport"]


def test_a_run_that_is_not_whole_cannot_be_finished(tmp_path):
    """Without every file there is no final name."""
    with run_folder(tmp_path, "nodeport", "r1") as folder:
        folder.write_text("scenario.yaml", "x")
        with pytest.raises(ValueError, match=r"requests.parquet.*not written"):
            folder.finish()
    assert names(tmp_path) == ["nodeport"]


def test_complete_and_partial_runs_are_told_apart(tmp_path):
    """A complete run is found, a partial one is not."""
    assert find_complete(tmp_path, "nodeport", "r1") is None
    write_run(tmp_path, partial=True)
    assert find_complete(tmp_path, "nodeport", "r1") is None
    final = write_run(tmp_path)
    assert find_complete(tmp_path, "nodeport", "r1") == final


@pytest.mark.parametrize("damage", ["{", "[]", "{}", '{"partial": null}'])
def test_a_damaged_summary_is_no_complete_run(tmp_path, damage):
    """A summary that cannot be read, or does not say, makes no complete run."""
    (write_run(tmp_path) / "summary.json").write_text(damage)
    assert find_complete(tmp_path, "nodeport", "r1") is None


def test_a_run_with_a_file_gone_is_not_complete(tmp_path):
    """A run whose requests somebody removed is run again."""
    (write_run(tmp_path) / "requests.parquet").unlink()
    assert find_complete(tmp_path, "nodeport", "r1") is None


@pytest.mark.parametrize(
    ("earlier_partial", "later_partial", "stays"),
    [(True, False, "later"), (True, True, "later"), (False, False, "later"),
     (False, True, "earlier")],
)  # fmt: skip
def test_a_later_run_replaces_an_earlier_unless_it_is_worse(
    tmp_path, earlier_partial, later_partial, stays
):
    """A partial run never takes the place of a complete one; else the later one stands."""
    write_run(tmp_path, "earlier", earlier_partial)
    final = write_run(tmp_path, "later", later_partial)
    assert (final / "scenario.yaml").read_text() == stays
    assert inside(tmp_path / "nodeport") == ["r1"]


HANG = """
import sys, time
from pathlib import Path
from emu.recorder.run_folder import run_folder
with run_folder(Path(sys.argv[1]), "nodeport", "r1"):
    print("writing", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_run_left_is_swept_and_a_living_run_is_not(tmp_path):
    """A killed run's hidden folder goes at the next run; that of a run still writing stays."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANG, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "writing\n"
    write_run(tmp_path, run="r2")
    assert len(list(tmp_path.glob("nodeport/.r1.*"))) == 1
    process.kill()
    process.communicate()
    assert len(list(tmp_path.glob("nodeport/.r1.*"))) == 1
    write_run(tmp_path, run="r3")
    assert inside(tmp_path / "nodeport") == ["r2", "r3"]


def test_other_hidden_folders_are_left_alone(tmp_path):
    """Only what is named as an unfinished run is swept."""
    (tmp_path / "nodeport" / ".git").mkdir(parents=True)
    write_run(tmp_path)
    assert inside(tmp_path / "nodeport") == [".git", "r1"]


@pytest.mark.parametrize("name", ["../x", "..", ".", "", "a/b", "/etc", "a\x00b", ".hidden", "-x"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    """No scenario or run can be named so that it is written outside the root."""
    root = tmp_path / "results"
    for scenario, run in ((name, "r1"), ("nodeport", name)):
        with pytest.raises(ResultsError, match="cannot name a results folder"):
            find_complete(root, scenario, run)
        with pytest.raises(ResultsError), run_folder(root, scenario, run):
            pass
    assert names(tmp_path) == []


def test_a_link_that_leads_elsewhere_is_refused(tmp_path):
    """A symbolic link under the root does not take a run out of it."""
    root, outside = tmp_path / "results", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "nodeport").symlink_to(outside)
    with pytest.raises(ResultsError, match="leads outside"), run_folder(root, "nodeport", "r1"):
        pass
    assert names(outside) == []


def test_a_root_that_is_no_folder_is_said_plainly(tmp_path):
    """A file where the results should go is a message, and not a traceback."""
    (tmp_path / "results").write_text("x")
    with (
        pytest.raises(ResultsError, match=r"cannot write .*results.*: not a directory"),
        run_folder(tmp_path / "results", "nodeport", "r1"),
    ):
        pass


def test_json_is_written_readable_and_exact(tmp_path):
    """A document comes back as it was, keys in their order; no NaN gets in."""
    document = {"b": 0.1, "a": [1, None, "é"]}
    with run_folder(tmp_path, "nodeport", "r1") as folder:
        folder.write_json("summary.json", document)
        read = json.loads((folder.path / "summary.json").read_text(encoding="utf-8"))
        assert list(read.items()) == list(document.items())
        with pytest.raises(ValueError):
            folder.write_json("summary.json", {"x": float("nan")})
