"""Round robin: each of n servers is an E_n/M/1

One pointer over n = 10 servers gives each every tenth of the Poisson arrivals, so the times between
its arrivals are Erlang's. Times are in mean services.
"""

from collections.abc import Iterator

from emu.analysis.queueing import in_turn_mean_response
from tests.laws.queues import mean_responses
from tests.laws.row import Row, row

PODS = 10


def rows() -> Iterator[Row]:
    """The mean response at each load."""
    for rho, requests in ((0.5, 2), (0.7, 2), (0.8, 3), (0.9, 6), (0.95, 20)):
        values = mean_responses(rho, requests * 100_000, pods=PODS)
        yield row(f"n = 10, rho = {rho}", in_turn_mean_response(PODS, rho, 1), values)
