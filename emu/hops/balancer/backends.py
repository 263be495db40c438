"""What a listener of a load balancer knows of its backends."""

import numpy as np

BACKENDS = np.dtype(
    [
        ("node", "i4"),
        ("endpoint", "i4"),
        ("rule", "i4"),
        ("route", "i4"),
        ("in_flight", "i8"),
        ("weight", "f8"),
        ("available", "i4"),
        ("barred", "i4"),
    ]
)
"""One backend of a listener: a node, with the number of what it decides about packets from there
(see `emu.hops.node.RULE`), or an endpoint (see `emu.hops.node.ENDPOINT`), what does not apply is
-1; the route to it (see `emu.hops.ports`); its load and weight; whether it is available, and the
reasons why it is not (see `emu.hops.balancer.barring`)."""
