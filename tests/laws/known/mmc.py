"""M/M/c: waiting and responses by Erlang C

Poisson arrivals, exponential services, c servers, first come first served. The probability of
having to wait is Erlang's C; `emu.analysis.queueing` has the formulas. Times are in mean services,
`rho` is the load of each server. Beyond the exact p99 of the responses lie 1 % of them.
"""

from collections.abc import Iterator

from emu.analysis.queueing import erlang_c, mmc_mean_response, mmc_response_quantile
from tests.laws.emulation import model
from tests.laws.queues import responses, runs
from tests.laws.row import Row, row

CASES = ((1, 0.5), (1, 0.9), (2, 0.7), (2, 0.9), (4, 0.9), (10, 0.9), (20, 0.95))


def rows() -> Iterator[Row]:
    """Waiting, mean response and the tail of each case."""
    for servers, rho in CASES:
        load, waits, means, tails = servers * rho, [], [], []
        p99 = mmc_response_quantile(servers, load, 1, 0.99)
        for run in runs(model(rho, 100_000 if rho < 0.9 else 300_000, workers=servers)):
            waits.append((run["service_start_ns"] > run["pod_ns"]).mean())
            means.append(responses(run).mean())
            tails.append((responses(run) > p99).mean())
        case = f"c = {servers}, rho = {rho}"
        yield row(f"{case}: probability of waiting", erlang_c(servers, load), waits)
        yield row(f"{case}: mean response", mmc_mean_response(servers, load, 1), means)
        yield row(f"{case}: share beyond {p99:.4f}", 0.01, tails)
