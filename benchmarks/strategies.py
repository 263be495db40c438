"""What a choice costs: nanoseconds a request by load-balancing strategy and number of backends.

Everything but the number of nodes stays the same, so what a strategy adds as backends are added
stands beside what any other does. Event counts and digests are asserted before times are reported.
"""

import statistics

from compiled_engine import SCENARIO, Digest, silent

import emu
from emu.engines import compiled
from emu.hops.balancer import STRATEGIES
from emu.model import Model
from emu.model.build import build

NODES = (10, 100, 1_000)
REQUESTS = 200_000
ROUNDS = 5
BALANCER = {
    "name": "edge", "address": "192.0.2.10", "listeners": [{"service": "default/web"}],
}  # fmt: skip
FOUND: dict[tuple[str, int], tuple[int, str]] = {
    ("least_connections", 10): (1_200_014, "0f18a354def8"),
    ("least_connections", 100): (1_200_014, "dd87afd91546"),
    ("least_connections", 1_000): (1_200_014, "0302a463830d"),
    ("random", 10): (1_200_014, "8ced4b422e92"),
    ("random", 100): (1_200_014, "bf263c61ac71"),
    ("random", 1_000): (1_200_014, "1b6451d39761"),
    ("round_robin", 10): (1_200_014, "db53a104e9c2"),
    ("round_robin", 100): (1_200_014, "8255abd959e4"),
    ("round_robin", 1_000): (1_200_014, "5b69c3dd28bf"),
}
"""Events and the digest of the rows, by strategy and nodes."""


def modelled(strategy: str, nodes: int) -> Model:
    """The benchmarks' scenario with 1,000 Pods and this strategy."""
    return build(
        emu.load(
            SCENARIO,
            overrides={
                "spec.requests": REQUESTS,
                "spec.nodePools[0].nodes": nodes,
                "Deployment/web.spec.replicas": 1_000,
                "spec.clients[0].arrivals": {"poisson": {"rate": "75000/s"}},
                "spec.loadBalancers": [BALANCER | {"strategy": strategy}],
            },
        )
    )


def measure(strategy: str, nodes: int) -> float:
    """Check a strategy, then time it: nanoseconds a request."""
    model, digest = modelled(strategy, nodes), Digest()
    ending = compiled.run(model, digest)
    found = (ending.events, digest.sum.hexdigest()[:12])
    assert found == FOUND[strategy, nodes], f"{strategy}, {nodes} nodes: {found}"
    return statistics.median(silent(model) for _ in range(ROUNDS)) / REQUESTS * 1e9


def main() -> None:
    """Measure and report."""
    print(f"{'nodes':24}" + "".join(f"{nodes:10,}" for nodes in NODES))
    for strategy in STRATEGIES:
        times = [measure(strategy, nodes) for nodes in NODES]
        print(f"{strategy:24}" + "".join(f"{time:7,.0f} ns" for time in times))


if __name__ == "__main__":
    main()
