"""Many runs for one question, over the same seeds: variants compared, and points of a sweep."""

from emu.experiments.comparing import Plan, plan
from emu.experiments.comparison import Comparison
from emu.experiments.sweep import Sweep
from emu.experiments.varying import parse_variations

__all__ = ["Comparison", "Plan", "Sweep", "parse_variations", "plan"]
