"""The compiled loop where it looks ahead of the events."""

import os
import subprocess
import sys
from pathlib import Path

import emu

ROOT = Path(emu.__file__).parent.parent

CROWD = """
import emu
from emu.engines import compiled
from emu.engines.compiled import client, loop
from emu.model.build import build

loop.MANY = client.MANY = 0  # look ahead, however few requests are under way

class Count:
    rows = 0
    def write_requests(self, rows):
        self.rows += len(rows)
    def write_metrics(self, *_):
        pass
    progress = write_event = add_pod = add_endpoint = write_metrics

clients = [
    {"name": f"c{i}", "url": "http://example.com/", "arrivals": {"poisson": {"rate": "1/s"}}}
    for i in range(1_100)
]
overrides = {"spec.clients": clients, "spec.duration": None, "spec.warmup": "0s",
             "spec.requests": 150}
count = Count()
compiled.run(build(emu.load("scenarios/nodeport.yaml", overrides=overrides)), count)
print(count.rows)
"""


def test_it_looks_ahead_of_clients_that_have_no_slot():
    """The number of a client with an event on the heap may be that of no slot: nothing is read.

    Without the JIT, where an index out of bounds is an error.
    """
    done = subprocess.run(
        [sys.executable, "-c", CROWD], cwd=ROOT, env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "150\n"), done.stderr
