"""M/G/1: the mean response by Pollaczek and Khinchine

One server, first come first served; services with a squared coefficient of variation of 0
(constant: M/D/1), 4 (lognormal) and 1/4 (gamma). Times are in mean services.
"""

from collections.abc import Iterator

from emu.analysis.queueing import mg1_mean_response
from tests.laws.queues import mean_responses
from tests.laws.row import Row, row

LOGNORMAL = "{lognormal: {mean: 10ms, cv: 2}}"
GAMMA = "{gamma: {mean: 10ms, cv: 0.5}}"


def rows() -> Iterator[Row]:
    """The mean of each case."""
    for rho in (0.5, 0.7, 0.8, 0.9, 0.95):
        values = mean_responses(rho, 200_000 if rho < 0.9 else 600_000, service="10ms")
        yield row(f"M/D/1, rho = {rho}", mg1_mean_response(rho, 1, 0), values)
    for words, service, squared_cv in (
        ("lognormal, cv 2", LOGNORMAL, 4),
        ("gamma, cv 0.5", GAMMA, 0.25),
    ):
        values = mean_responses(0.7, 400_000, service=service)
        yield row(f"{words}, rho = 0.7", mg1_mean_response(0.7, 1, squared_cv), values)
