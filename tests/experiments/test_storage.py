"""Results behind URLs: the same bytes as in a folder, found again, and never half there."""

from pathlib import Path

import pytest

import emu
from emu.errors import ResultsError
from emu.recorder.run_folder import FILES

fsspec = pytest.importorskip("fsspec", reason="the extra 'distributed' is not installed")

NODEPORT = Path(__file__).parents[2] / "scenarios" / "nodeport.yaml"
VARY = {"spec.behaviours[0].workers": [4, 5]}


def sweep(out, **options):
    """Four short runs."""
    overrides = {"spec.duration": "1s", "spec.warmup": "0s"}
    options = {"overrides": overrides, "engine": "process", "workers": 1} | options
    return emu.sweep(NODEPORT, VARY, 2, out=out, **options)


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path):
    """A URL of an empty place."""
    return (
        f"memory://{tmp_path.name}/results" if request.param == "memory" else f"file://{tmp_path}"
    )


def tree(url):
    """Every file below the URL, with its bytes."""
    files, root = fsspec.core.url_to_fs(url)
    return {path.removeprefix(root): files.cat_file(path) for path in files.find(root)}


def test_a_url_has_what_a_folder_has(url, tmp_path_factory):
    """Byte for byte, but for the times and for where the scenario is from there."""
    folder = tmp_path_factory.mktemp("plain")
    here, there = sweep(folder), sweep(url)
    assert there.path == f"{url}/{Path(here.path).relative_to(folder)}"
    plain = {f"/{path.relative_to(folder)}": path.read_bytes()
             for path in folder.rglob("*") if path.is_file()}  # fmt: skip
    found = tree(url)
    assert sorted(found) == sorted(plain)
    differ = {path.rpartition("/")[2] for path in plain if plain[path] != found[path]}
    assert differ <= {"timing.json", "sweep.yaml"}


def test_runs_are_found_again_there(url):
    """By their summaries: a second sweep makes no run."""
    first = sweep(url)
    before = tree(url)
    assert sweep(url).path == first.path
    assert tree(url) == before


def test_a_run_without_its_summary_is_made_again(url):
    """It was being moved when something ended it; what is there of it is replaced."""
    first = sweep(url)
    before = tree(url)
    files, root = fsspec.core.url_to_fs(url)
    run = first.table["run"][0].as_py()
    files.rm_file(f"{root}/{run}/summary.json")
    sweep(url)
    after = tree(url)
    assert after.keys() == before.keys()
    assert after[f"/{run}/summary.json"] == before[f"/{run}/summary.json"]
    assert sorted(name for name in after if name.startswith(f"/{run}/")) == sorted(
        f"/{run}/{name}" for name in FILES
    )


def test_workers_share_a_url(tmp_path):
    """Local processes write there as one does."""
    one, two = (sweep(f"file://{tmp_path}/{n}", workers=n) for n in (1, 2))
    assert (Path(tmp_path / "1" / Path(one.path).relative_to(f"file:{tmp_path}/1")).name) == (
        Path(two.path).name
    )
    assert one.points.equals(two.points)


@pytest.mark.parametrize("out", ["nonsense://x/y", "file:///dev/null/results"])
def test_what_cannot_be_used(out):
    """A protocol that nobody knows, and a place that is no folder."""
    with pytest.raises(ResultsError, match=f"^cannot use {out}"):
        sweep(out)
