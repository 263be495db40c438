"""Compiled kernels: where they are kept, and when they are made anew."""

import os
from pathlib import Path

import emu
from emu.kernel.cache import _ABOVE_RUNS, digest_of, source_digest

PACKAGE = Path(emu.__file__).parent


def test_an_edited_callee_compiles_anew(small):
    """A caller whose callee was edited gives the new result, and the old cache stays apart."""
    assert small.run() == 20
    small.write_callee(11)
    assert small.run() == 22
    assert len(list((small.cache / "emu").iterdir())) == 2


def test_the_second_process_loads_what_the_first_compiled(small):
    """Compiled code is on disk after the first run, and the second adds none."""
    small.run()
    compiled = {path: path.stat().st_mtime_ns for path in small.cache.rglob("*.nbc")}
    small.run()
    assert compiled
    assert {path: path.stat().st_mtime_ns for path in small.cache.rglob("*.nbc")} == compiled


def test_two_processes_may_start_on_a_cold_cache(small):
    """Two processes that start at once on no cache both give the result."""
    both = [small.start(), small.start()]
    assert [small.result(process) for process in both] == [20, 20]
    assert not list(small.cache.glob("emu/*/tmp*"))


def test_without_the_jit_a_kernel_is_python(small):
    """NUMBA_DISABLE_JIT=1 gives the same result, and compiles nothing."""
    assert small.run(NUMBA_DISABLE_JIT="1") == 20
    assert not list(small.cache.rglob("*.nbc"))


def test_a_cache_home_that_cannot_be_written(small, tmp_path):
    """Where the cache home is no folder, the cache is in the temporary one, for its user only."""
    (tmp_path / "file").touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    assert small.run(XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(temporary)) == 20
    (home,) = temporary.iterdir()
    assert home.stat().st_mode & 0o777 == 0o700
    assert list(home.rglob("*.nbc"))


def test_a_temporary_folder_that_others_may_write_is_not_trusted(small, tmp_path):
    """Somebody else's folder under the name of ours is left alone: its code would be executed."""
    (tmp_path / "file").touch()
    temporary = tmp_path / "temporary"
    planted = temporary / f"emu-{os.getuid()}"
    planted.mkdir(parents=True)
    planted.chmod(0o777)
    assert small.run(XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(temporary)) == 20
    assert not list(planted.iterdir())


def test_the_digest_tells_any_edit(tmp_path):
    """An edited, a renamed and a new source each change the digest; reading does not."""
    (tmp_path / "a.py").write_text("x = 1\n")
    digests = [digest_of(tmp_path)]
    assert digest_of(tmp_path) == digests[0]
    (tmp_path / "a.py").write_text("x = 2\n")
    digests.append(digest_of(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    digests.append(digest_of(tmp_path))
    (tmp_path / "c.py").touch()
    digests.append(digest_of(tmp_path))
    assert len(set(digests)) == 4


def test_the_digest_leaves_out_rooms_that_are_named(tmp_path):
    """An edit there changes nothing, an edit in a folder of that name elsewhere does."""
    for folder in ("above", "below/above"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").touch()
    digests = [digest_of(tmp_path, {"above"})]
    for folder in ("above", "below/above"):
        (tmp_path / folder / "a.py").write_text("x = 1\n")
        digests.append(digest_of(tmp_path, {"above"}))
    assert digests[0] == digests[1] != digests[2]


def test_the_digest_is_of_all_that_a_run_depends_on():
    """Of every room but those above runs, which have no kernels: a run is named by it."""
    assert source_digest() == digest_of(PACKAGE, _ABOVE_RUNS)
    sources = [path for room in _ABOVE_RUNS for path in (PACKAGE / room).rglob("*.py")]
    assert len(sources) > len(_ABOVE_RUNS)
    assert not [path for path in sources if "emu.kernel import kernel" in path.read_text()]


def test_old_caches_are_swept(small):
    """Another version's cache that lay unused for more than a month is removed, a newer one not."""
    old, new = small.cache / "emu/old", small.cache / "emu/new"
    old.mkdir(parents=True)
    new.mkdir()
    os.utime(old, (0, 0))
    small.run()
    assert (old.exists(), new.exists()) == (False, True)
