"""Compiled kernels: where they are kept, when they are made anew, and that they mean the same."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import emu
from emu import kernel

PACKAGE = Path(emu.__file__).parent

CALLER = """
from emu.callee import ten
from emu.kernel import dispatcher, kernel

@kernel
def twice(x):
    return 2 * ten(x)

either = dispatcher("either", [ten, twice])

if __name__ == "__main__":
    print(int(either(1, 1)))
"""

PIECES = """
import numpy as np
from emu.kernel import bound, kernel, part

@part
def put(digits, counts, number):
    digits[counts[0]] = number
    counts[0] += 1
    return 10 * number

@kernel
def twice(digits, counts, one, other):
    first = put(digits, counts, one)
    return first + put(digits, counts, other)

if __name__ == "__main__":
    digits, counts = np.zeros(4, np.int64), np.zeros(1, np.int64)
    called = bound(twice, digits, counts)
    results = [called(1, 2), called(4, 3)]
    assert results == [30, 70] and counts[0] == 4, (results, counts)
    print(int("".join(str(digit) for digit in digits)))
"""


@pytest.fixture
def small(tmp_path):
    """A package ``emu`` of kernel.py and two modules, with a cache of its own; runs the caller."""

    class Small:
        folder = tmp_path / "emu"
        cache = tmp_path / "cache"

        def write_callee(self, factor):
            callee = self.folder / "callee.py"
            callee.write_text(
                f"from emu.kernel import kernel\n\n@kernel\ndef ten(x):\n    return {factor} * x\n"
            )
            os.utime(callee, (1e9, 1e9))  # so that only the text tells that it was edited

        def start(self, **environment):
            return subprocess.Popen(
                [sys.executable, "-m", "emu.caller"],
                cwd=tmp_path,
                env=os.environ | {"XDG_CACHE_HOME": str(self.cache)} | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

        def run(self, **environment):
            return result(self.start(**environment))

    Small.folder.mkdir()
    (Small.folder / "__init__.py").touch()
    (Small.folder / "caller.py").write_text(CALLER)
    shutil.copy(PACKAGE / "kernel.py", Small.folder)
    made = Small()
    made.write_callee(10)
    return made


def result(process):
    """What the process printed; it must end well and silently."""
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    return int(output)


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
    assert [result(process) for process in both] == [20, 20]
    assert not list(small.cache.glob("emu/*/tmp*"))


def test_without_the_jit_a_kernel_is_python(small):
    """NUMBA_DISABLE_JIT=1 gives the same result, and compiles nothing."""
    assert small.run(NUMBA_DISABLE_JIT="1") == 20
    assert not list(small.cache.rglob("*.nbc"))


@pytest.mark.parametrize("environment", [{}, {"NUMBA_DISABLE_JIT": "1"}])
def test_pieces_and_bound_kernels(small, environment):
    """A piece changes the arrays of the kernel around it, a bound kernel those it was bound to;
    with the JIT and without."""
    (small.folder / "caller.py").write_text(PIECES)
    assert small.run(**environment) == 1243


@kernel.part
def piece(numbers, place):
    """A part of `around`."""
    numbers[place] += 1
    return numbers[place]


@kernel.kernel
def around(numbers, place, times):
    """Adds one so many times; the last sum."""
    for _ in range(times):
        last = piece(numbers, place)
    return last


def test_a_part_is_compiled_within_its_kernel():
    """A piece is never compiled by itself: it goes into the kernel that calls it."""
    numbers = np.zeros(2, np.int64)
    assert (around(numbers, 1, 5), numbers.tolist()) == (5, [0, 5])
    assert around.signatures
    assert not piece.signatures


def test_a_bound_kernel_means_the_kernel():
    """It gives what the kernel gives, from the same arrays, whatever becomes of them meanwhile."""
    numbers, others = np.zeros(2, np.int64), np.zeros(2, np.int64)
    called = kernel.bound(around, numbers)
    results = []
    for place, times in [(0, 3), (1, 2), (0, 1)]:
        results.append(called(place, times))
        assert results[-1] == around(others, place, times)
    numbers[0] = 100
    assert results == [3, 2, 4]
    assert called(0, 1) == 101


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


def test_the_digest_tells_any_edit(tmp_path, monkeypatch):
    """An edited, a renamed and a new source each change the digest; reading does not."""
    (tmp_path / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(kernel, "_PACKAGE", tmp_path)
    digests = [kernel.source_digest()]
    assert kernel.source_digest() == digests[0]
    (tmp_path / "a.py").write_text("x = 2\n")
    digests.append(kernel.source_digest())
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    digests.append(kernel.source_digest())
    (tmp_path / "c.py").touch()
    digests.append(kernel.source_digest())
    assert len(set(digests)) == 4


def test_old_caches_are_swept(small):
    """Another version's cache that lay unused for more than a month is removed, a newer one not."""
    old, new = small.cache / "emu/old", small.cache / "emu/new"
    old.mkdir(parents=True)
    new.mkdir()
    os.utime(old, (0, 0))
    small.run()
    assert (old.exists(), new.exists()) == (False, True)


def test_compiling_is_announced_once():
    """The first kernel that is in no cache says so, the next does not, a compiled one neither."""
    said = []
    one, two = (numba.njit(lambda number, step=step: number + step) for step in (1, 2))
    with kernel.announced(lambda: said.append("compiling")):
        assert (one(1), two(1)) == (2, 3)
    assert said == ["compiling"]
    with kernel.announced(lambda: said.append("again")):
        assert one(1) == 2
    assert said == ["compiling"]
