"""The path of one request in packets: what a capture at each interface would show.

`wire` is told by a request's row and the model; `logical` is the path as people draw it, with the
Service's virtual address, which no wire ever carries.
"""

from emu.path.logical import LogicalStep, logical
from emu.path.wire import WireStep, wire

__all__ = ["LogicalStep", "WireStep", "logical", "wire"]
