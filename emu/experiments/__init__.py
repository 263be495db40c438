"""Many runs for one question: variants of a scenario compared over the same seeds."""

from emu.experiments.comparing import Plan, plan
from emu.experiments.comparison import Comparison
from emu.experiments.varying import parse_variations

__all__ = ["Comparison", "Plan", "parse_variations", "plan"]
