"""What the command line needs before it is timed or read word for word."""

from itertools import product
from pathlib import Path

import pytest

import emu

NODEPORT = Path(__file__).parents[2] / "scenarios" / "nodeport.yaml"


@pytest.fixture(scope="session", autouse=True)
def compiled_before(tmp_path_factory):
    """Both engines' kernels are in the cache, so that no command says that it compiles them."""
    for engine, log in product(("process", "compiled"), ("requests", "summary")):
        overrides = {"spec.duration": "1500ms", "spec.warmup": "0s", "spec.log": log}
        out = tmp_path_factory.mktemp("compiled")
        emu.run(NODEPORT, overrides=overrides, engine=engine, out=out)
