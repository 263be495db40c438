"""Where runs and what is made of them go: a folder, or a URL that fsspec knows.

A run below a URL is made in a temporary folder and copied there, its summary last: a run of which
the summary is there is whole.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from emu import running
from emu.analysis.summary import Summary
from emu.experiments.remote import Remote
from emu.recorder.run_folder import FILES, SUMMARY, RunFolder, run_folder
from emu.running import Progress
from emu.scenario import Scenario

_IN_ORDER: Final = (*(name for name in FILES if name != SUMMARY), SUMMARY)


def is_url(out: str) -> bool:
    """Whether it is no plain path: ``s3://bucket/folder``."""
    return "://" in out


def place(out: str, *names: str) -> str:
    """A folder below ``out``."""
    return "/".join((out.rstrip("/"), *names)) if is_url(out) else str(Path(out, *names))


def find(scenario: Scenario, out: str) -> Summary | None:
    """The summary of the same run, where it was made before and is whole."""
    if is_url(out):
        text = Remote(_of(scenario, out)).text(SUMMARY)
        summary = Summary.model_validate_json(text) if text is not None else None
        return None if summary is None or summary.partial else summary
    found = running.find(scenario, Path(out))
    return None if found is None else found.summary


def make(scenario: Scenario, out: str, engine: str, progress: Progress | None) -> Summary:
    """Make the run, or find it again. Raises what `running.execute` does."""
    if not is_url(out):
        return running.execute(scenario, Path(out), engine, False, progress).summary
    found = find(scenario, out)
    if found is not None:
        return found
    with tempfile.TemporaryDirectory(prefix="emu-") as folder:
        run = running.execute(scenario, Path(folder), engine, True, progress)
        Remote(_of(scenario, out)).bring(run.path, _IN_ORDER)
        return run.summary


def name_by(identity: object) -> str:
    """12 hexadecimal digits that name what is made of several runs, by all that makes it so."""
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12]


@contextmanager
def made_of_runs(out: str, scenario: str, name: str, files: Sequence[str]) -> Iterator[RunFolder]:
    """A folder for what is made of several runs of a scenario; it is there when it is whole.

    ``name`` may be a path below the scenario's folder. The last of the files says that all are
    there. Raises ResultsError where it cannot be written.
    """
    *above, last = name.split("/")
    if not is_url(out):
        root, *between = (Path(out), scenario, *above)
        with run_folder(Path(root, *between[:-1]), between[-1], last, files) as folder:
            yield folder
            folder.finish()
        return
    with tempfile.TemporaryDirectory(prefix="emu-") as temporary:
        with run_folder(Path(temporary), scenario, last, files) as folder:
            yield folder
            path = folder.finish()
        Remote(place(out, scenario, *above, last)).bring(path, files)


def _of(scenario: Scenario, out: str) -> str:
    return place(out, scenario.name, running.name_of(scenario))
