"""What a sweep leaves: its folder, named by its runs."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from emu.experiments.replications import REPLICATIONS, write_table
from emu.experiments.storage import is_url, made_of_runs, name_by
from emu.experiments.sweep import FILES, PLAN, SWEEP, Sweep
from emu.experiments.sweep_file import sweep_text
from emu.experiments.sweep_plan import SweepPlan
from emu.experiments.sweep_tables import POINTS
from emu.experiments.varying import as_json


def digest_of(plan: SweepPlan, runs: Mapping[int, Sequence[str]]) -> str:
    """12 hexadecimal digits that name a sweep: its points, and the runs that each should have.

    A point that cannot be loaded has none. What became of the runs is no part of it, so that a
    sweep made again after a failure stands in the place of the first.
    """
    points = [
        (as_json(settings), runs.get(number)) for number, settings in enumerate(plan.settings)
    ]
    identity = plan.spec.design, plan.spec.confidence, points
    return name_by(identity)


def write(sweep: Sweep, plan: SweepPlan, out: str, digest: str) -> None:
    """Write the files of a sweep. Raises ResultsError."""
    with made_of_runs(out, sweep.scenario, f"sweeps/{digest}", FILES) as folder:
        write_table(folder.path / REPLICATIONS, sweep.table)
        write_table(folder.path / POINTS, sweep.points)
        source = _source(plan.source, sweep.path)
        folder.write_text(PLAN, sweep_text(sweep.scenario, plan.document(source)))
        folder.write_json(SWEEP, sweep.numbers())


def _source(source: Path, folder: str) -> str:
    """The path of the scenario from the folder of the sweep, so that both may be moved together."""
    return str(source.resolve()) if is_url(folder) else os.path.relpath(source, folder)
