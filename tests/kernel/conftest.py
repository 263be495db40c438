"""A small package with kernels and a cache of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import emu

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


@pytest.fixture
def small(tmp_path):
    """A package ``emu``: the kernel room, two modules, a cache of its own; runs the caller."""

    class Small:
        folder = tmp_path / "emu"
        cache = tmp_path / "cache"

        def write_callee(self, factor):
            callee = self.folder / "callee.py"
            callee.write_text(
                f"from emu.kernel import kernel\n\n@kernel\ndef ten(x):\n    return {factor} * x\n"
            )
            os.utime(callee, (1e9, 1e9))  # so that only the text tells that it was edited

        def start(self, module="emu.caller", **environment):
            return subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=tmp_path,
                env=os.environ | {"XDG_CACHE_HOME": str(self.cache)} | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

        def run(self, module="emu.caller", **environment):
            return self.result(self.start(module, **environment))

        def result(self, process):
            """What the process printed; it must end well and silently."""
            output, errors = process.communicate(timeout=120)
            assert (process.returncode, errors) == (0, "")
            return int(output)

    Small.folder.mkdir()
    (Small.folder / "__init__.py").touch()
    (Small.folder / "caller.py").write_text(CALLER)
    shutil.copytree(
        PACKAGE / "kernel", Small.folder / "kernel", ignore=shutil.ignore_patterns("__pycache__")
    )
    made = Small()
    made.write_callee(10)
    return made
