"""Scenarios written into a temporary folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emu.scenario import Scenario, load

HEAD = """\
apiVersion: emu/v1
kind: Scenario
metadata: {name: test}
spec:
"""
CLIENT = "  clients: [{name: internet, arrivals: {poisson: {rate: 5/s}}}]\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a scenario: lines of its spec, then more documents, and gives its path."""

    def written(spec: str = CLIENT, *documents: str) -> Path:
        file = tmp_path / "scenario.yaml"
        file.write_text("---\n".join([HEAD + spec, *documents]))
        return file

    return written


@pytest.fixture
def loaded(write: Callable[..., Path]) -> Callable[..., Scenario]:
    """Loads a scenario of so many documents; ``spec`` are the lines of its spec."""

    def scenario(*documents: str, spec: str = CLIENT, **options: Any) -> Scenario:
        return load(write(spec, *documents), **options)

    return scenario
