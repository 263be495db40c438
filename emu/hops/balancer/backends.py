"""What a listener of a load balancer knows of its backends."""

import numpy as np

BACKENDS = np.dtype(
    [
        ("node", "i4"),
        ("available", "i4"),
        ("in_flight", "i8"),
        ("weight", "f8"),
        ("rule", "i4"),
        ("route", "i4"),
    ]
)
"""One backend of a listener: a node with its health, load and weight, the number of what it decides
about packets from there (see `emu.hops.node.RULE`), and the route to it (see `emu.hops.ports`)."""
