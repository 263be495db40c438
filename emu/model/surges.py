"""When clients send faster, as a run knows it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.workload import PIECE, Surge, pieces


def surges(clients: NDArray[Any], described: Mapping[int, Sequence[Surge]]) -> NDArray[Any]:
    """The pieces of time of all clients that have surges, an array of `emu.workload.PIECE`; where
    those of each are is put into their rows, an array of `emu.model.CLIENT`."""
    made, count = [np.zeros(0, PIECE)], 0
    clients["first_piece"] = clients["pieces"] = 0
    for client, its in sorted(described.items()):
        made.append(pieces(its))
        clients[client]["first_piece"], clients[client]["pieces"] = count, len(made[-1])
        count += len(made[-1])
    return np.concatenate(made)
