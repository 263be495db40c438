"""The documents make a site."""

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def listed(part):
    """Every page of a navigation."""
    if isinstance(part, str):
        return [part]
    parts = part.values() if isinstance(part, dict) else part
    return [page for one in parts for page in listed(one)]


def test_every_page_is_in_the_navigation():
    """Pages of decisions are reached from their list."""
    nav = listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    wanted = [str(page) for page in pages if page.parts[0] != "decisions"]
    assert sorted(nav) == sorted([*wanted, "decisions/README.md"])


def test_the_site_is_built_without_a_warning(tmp_path):
    """Every page becomes one of the site."""
    line = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-d", str(tmp_path)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    made = {path.relative_to(tmp_path).with_suffix("") for path in tmp_path.rglob("*.html")}
    pages = {
        path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")
    }
    assert {page.parent / page.name.replace("README", "index") for page in pages} <= made
