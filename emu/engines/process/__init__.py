"""The SimPy engine: clients, load balancers, nodes and Pods as processes one can read and extend.

It is the reference: what it does is what the emulator means.
"""

from emu.engines import Ending, Sink
from emu.engines.process.emulation import Emulation
from emu.model import Model

__all__ = ["Emulation", "run"]


def run(model: Model, sink: Sink, timed: bool = False) -> Ending:
    """Run the model to its end; every request sent is in the sink with an outcome."""
    return Emulation(model, sink, timed).run()
