"""The power of d choices: among infinitely many queues, and among a hundred

Each request joins the shortest of d queues at random. The mean response for infinitely many queues
is exact; a finite number n is above it by an excess that falls as 1/n, so that from n = 100 to
n = 400 it is a quarter. For n = 100 the expected values are the simulations in M. Mitzenmacher,
"The power of two choices in randomized load balancing", IEEE TPDS 12 (2001), table 1, where the two
are drawn with replacement; drawn without, responses are shorter, by the same requests. With d = 1
it is M/M/1. Times are in mean services.
"""

from collections.abc import Iterator

import numpy as np

from emu.analysis.queueing import choices_mean_response
from tests.laws.queues import mean_responses
from tests.laws.row import Claim, Row, row

REPLACED = "{power_of_d_choices: {d: 2, replacement: true}}"
PUBLISHED = {0.5: 1.2673, 0.7: 1.6202, 0.8: 1.9585, 0.9: 2.6454, 0.95: 3.4610}
"""Means of simulations of a hundred queues, to four decimals."""


def rows() -> Iterator[Row]:
    """A hundred queues, the limit, and both ways of drawing."""
    values = mean_responses(0.7, 200_000, pods=100, strategy="random")
    yield row("d = 1, n = 100, rho = 0.7", choices_mean_response(1, 0.7, 1), values)
    for rho, published in PUBLISHED.items():
        values = mean_responses(rho, 200_000, pods=100, strategy=REPLACED)
        yield row(f"d = 2, n = 100, rho = {rho}: published", published, values)
    limit = choices_mean_response(2, 0.8, 1)
    few = np.array(mean_responses(0.8, 200_000, pods=100, strategy=REPLACED))
    many = np.array(mean_responses(0.8, 800_000, pods=400, strategy=REPLACED))
    # The excess of n = 400 is e, that of n = 100 is 4 e: 4/3 of one less 1/3 of the other has none.
    yield row(
        "d = 2, rho = 0.8: the limit, from n = 100 and n = 400", limit, many * 4 / 3 - few / 3
    )
    without = np.array(mean_responses(0.8, 200_000, pods=100, strategy="power_of_d_choices"))
    yield row(
        "d = 2, n = 100, rho = 0.8: longer with replacement by", 0.0, few - without,
        Claim.IS_AT_LEAST,
    )  # fmt: skip
