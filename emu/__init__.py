"""A discrete-event emulator of the Kubernetes request path.

::

    import emu

    run = emu.run("scenarios/nodeport.yaml", seed=7, overrides={"spec.duration": "10s"})
    run.summary.latency_seconds.p99     # seconds, from the intended time
    run.requests                        # a pyarrow Table, one row for each attempt
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Capacity",
    "Comparison",
    "EmuError",
    "Flow",
    "Interrupted",
    "Mistake",
    "Reach",
    "ResultsError",
    "Run",
    "Scenario",
    "ScenarioError",
    "StrategyError",
    "Summary",
    "Sweep",
    "Trace",
    "UnknownNameError",
    "__version__",
    "capacity",
    "compare",
    "load",
    "open_run",
    "probe",
    "rules",
    "run",
    "sweep",
    "trace",
]

if TYPE_CHECKING:
    from emu.analysis.summary import Summary
    from emu.api import capacity, compare, load, open_run, probe, rules, run, sweep, trace
    from emu.errors import (
        EmuError,
        Mistake,
        ResultsError,
        ScenarioError,
        StrategyError,
        UnknownNameError,
    )
    from emu.experiments.capacity.result import Capacity
    from emu.experiments.comparison import Comparison
    from emu.experiments.sweep import Sweep
    from emu.probing.flows import Answer, Flow
    from emu.probing.reaching import Reach
    from emu.results import Interrupted, Run
    from emu.scenario import Scenario
    from emu.tracing import Trace

_HOMES = {
    "Answer": "emu.probing.flows",
    "Capacity": "emu.experiments.capacity.result",
    "Comparison": "emu.experiments.comparison",
    "EmuError": "emu.errors",
    "Flow": "emu.probing.flows",
    "Interrupted": "emu.results",
    "Mistake": "emu.errors",
    "Reach": "emu.probing.reaching",
    "ResultsError": "emu.errors",
    "Run": "emu.results",
    "Scenario": "emu.scenario",
    "ScenarioError": "emu.errors",
    "StrategyError": "emu.errors",
    "Summary": "emu.analysis.summary",
    "Sweep": "emu.experiments.sweep",
    "Trace": "emu.tracing",
    "UnknownNameError": "emu.errors",
    "capacity": "emu.api",
    "compare": "emu.api",
    "load": "emu.api",
    "open_run": "emu.api",
    "probe": "emu.api",
    "rules": "emu.api",
    "run": "emu.api",
    "sweep": "emu.api",
    "trace": "emu.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the compiler behind them takes its time."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'emu' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted(__all__)
