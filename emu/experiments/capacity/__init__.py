"""The least value of a setting that meets the objectives, or the greatest: a search with runs."""

from emu.experiments.capacity.making import make
from emu.experiments.capacity.plan import CapacityPlan, plan
from emu.experiments.capacity.result import Capacity

__all__ = ["Capacity", "CapacityPlan", "make", "plan"]
