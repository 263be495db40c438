"""The tutorial and the how-tos work: every block is run in the order of its page.

A ``yaml`` or ``python`` block that begins with ``# name`` is that file; another ``python`` block is
a script; ``sh`` blocks are given to a shell. A ``text`` block is what the command before it prints,
with ``...`` for lines that are left out. `kubectl` is a stand-in that prints a cluster's objects.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "docs/tutorial.md", *sorted((ROOT / "docs/how-to").glob("*.md"))]
NOT_RUN = ("dask scheduler ", "dask worker ")
"""What goes on until it is ended: tests/experiments has clusters of its own."""

KUBECTL = """#!/bin/sh
case "$*" in *configmap*) cat "$OBJECTS/kube-proxy.yaml";; *) cat "$OBJECTS/cluster.yaml";; esac
"""
KUBE_PROXY = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
              "mode": "nftables"}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A folder with the scenarios and with commands of its own."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    commands = tmp_path / ".bin"
    commands.mkdir()
    _, *objects = yaml.safe_load_all((ROOT / "scenarios/nodeport.yaml").read_text())
    cluster = {"apiVersion": "v1", "kind": "List", "items": objects}
    (commands / "cluster.yaml").write_text(yaml.safe_dump(cluster))
    (commands / "kube-proxy.yaml").write_text(yaml.safe_dump(KUBE_PROXY))
    (commands / "kubectl").write_text(KUBECTL)
    (commands / "emu").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m emu "$@"\n')
    for name in ("kubectl", "emu"):
        (commands / name).chmod(0o755)
    return tmp_path


class Reader:
    """Somebody who does what a page says, in a folder."""

    def __init__(self, folder):
        self._folder = folder
        self._printed = ""

    def do(self, kind, text):
        """Follow one block."""
        named = re.match(r"# (\S+\.\w+)\n", text)
        if kind == "text":
            self._compare(text)
        elif kind in ("yaml", "python") and named:
            (self._folder / named[1]).write_text(text)
        elif kind == "python":
            self._run([sys.executable, "-c", text])
        elif kind == "sh":
            lines = [line for line in text.splitlines() if not line.startswith(NOT_RUN)]
            self._run(["sh", "-e", "-c", "\n".join(lines)])

    def _run(self, command):
        commands = self._folder / ".bin"
        environment = {"PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
                       "OBJECTS": str(commands), "COLUMNS": "80"}  # fmt: skip
        done = subprocess.run(
            command, cwd=self._folder, env=os.environ | environment, text=True,
            capture_output=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        self._printed = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())

    def _compare(self, text):
        """Parts between ``...`` are there, in their order; without any it is the whole."""
        position = 0
        for part in text.split("     ...\n"):
            found = self._printed.find(part, position)
            assert found >= 0, f"{part}\nis not in\n{self._printed}"
            position = found + len(part)
        assert "     ...\n" in text or self._printed == text


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_page_works_as_it_is_written(page, folder):
    """Its files, commands and snippets, one after the other, and what they print."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    reader = Reader(folder)
    for kind, text in blocks:
        if "--scheduler" not in text:
            reader.do(kind, text)


def test_every_guide_is_listed():
    """The tutorial leads to each how-to."""
    listed = re.findall(r"\]\(how-to/([\w-]+)\.md\)", GUIDES[0].read_text())
    assert sorted(listed) == [page.stem for page in GUIDES[1:]]
