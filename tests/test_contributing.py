"""The recipes of CONTRIBUTING.md work: one new file each, and nothing else, makes a variant."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emu.hops.balancer import BACKENDS, STRATEGIES
from emu.hops.balancer.own_file import own_file

ROOT = Path(__file__).parents[1]
RECIPES = dict(
    re.findall(
        r"^```python\n# (emu/\S+\.py)\n(.*?)^```$",
        (ROOT / "CONTRIBUTING.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )
)
NAMES = [Path(path).stem for path in RECIPES]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the project with every recipe's file in it."""
    folder = tmp_path_factory.mktemp("project")
    without = shutil.ignore_patterns("__pycache__", ".hypothesis")
    for room in ("emu", "tests"):
        shutil.copytree(ROOT / room, folder / room, ignore=without)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path, text in RECIPES.items():
        (folder / path).write_text(text)
    return folder


def run(folder, *arguments):
    """Standard output of a Python command in the copy, which must end well."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_a_recipe_for_each_kind_of_file():
    """Five recipes, each for a file that does not exist yet."""
    folders = {str(Path(path).parent) for path in RECIPES}
    assert folders == {
        "emu/hops/balancer/strategies",
        "emu/distributions",
        "emu/workload",
        "emu/hops/kubeproxy/modes",
        "emu/cli",
    }
    assert not [path for path in RECIPES if (ROOT / path).exists()]


def test_recipes_pass_the_contract_tests(copy):
    """The contract tests find every new file by themselves, and each passes them."""
    files = ["tests/test_variants.py", "tests/test_jit.py", "tests/distributions/test_contract.py"]
    files += ["tests/workload/test_contract.py", "tests/hops/balancer", "tests/hops/kubeproxy"]
    chosen = " or ".join([*NAMES, "jit"])
    output = run(copy, "-m", "pytest", "-p", "no:cacheprovider", "-vv", "-k", chosen, *files)
    for name in set(NAMES) - {"names"}:
        assert re.search(rf"\[.*\b{name}\b.*\] PASSED", output), output


def test_a_recipe_makes_a_command(copy):
    """The command's file alone makes ``emu names`` work, and it lists the other recipes' files."""
    output = run(copy, "-m", "emu", "names")
    for name in set(NAMES) - {"names"}:
        assert name in output
    assert "names" in run(copy, "-m", "emu", "--help")


def test_recipes_pass_lint_and_types(copy):
    """The recipes are formatted, linted, typed and layered as the rest of the code is."""
    paths = list(RECIPES)
    run(copy, "-m", "ruff", "format", "--check", *paths)
    run(copy, "-m", "ruff", "check", *paths)
    run(copy, "-m", "mypy", *paths)


def test_the_strategy_is_also_one_of_a_users_own():
    """Named as a file in a scenario, the same text picks the same as it does in the package."""
    source = RECIPES["emu/hops/balancer/strategies/favour_idle.py"]
    own = STRATEGIES["file"]
    options = own.Options.model_validate({"path": "favour_idle.py", "source": source})
    backends = np.zeros(4, BACKENDS)
    backends["available"], backends["in_flight"] = [1, 1, 0, 1], [0, 1, 0, 5]
    memory, recipe = own.prepare(options, backends), own_file("favour_idle.py", source).module
    picked = [own.pick(backends, memory, 0, 0, 7, request, 0) for request in range(500)]
    assert own.failure(memory) == ""
    wanted = [recipe.pick(backends, memory, 0, 0, 7, request, 0) for request in range(500)]
    assert picked == wanted
    assert sorted(set(picked)) == [0, 1, 3]
