"""What a choice costs: nanoseconds a request by load-balancing strategy and number of backends.

Everything but the number of nodes stays the same, so what a strategy adds as backends are added
stands beside what any other does. A strategy that probes balances the 1,000 Pods themselves,
however many nodes there are. Event counts and digests are asserted before times are reported.
"""

import statistics

from compiled_engine import SCENARIO, Digest, silent

import emu
from emu.engines import compiled
from emu.hops.balancer import PROBING, STRATEGIES
from emu.model import Model
from emu.model.build import build

NODES = (10, 100, 1_000)
REQUESTS = 200_000
ROUNDS = 5
BALANCER = {
    "name": "edge", "address": "192.0.2.10", "listeners": [{"service": "default/web"}],
}  # fmt: skip
FOUND: dict[tuple[str, int], tuple[int, str]] = {
    ("bounded_load", 10): (1_200_014, "83ca57a904f9"),
    ("bounded_load", 100): (1_200_014, "d6952613a8e3"),
    ("bounded_load", 1_000): (1_200_014, "1790a6568f08"),
    ("join_idle_queue", 10): (1_200_014, "9885751940aa"),
    ("join_idle_queue", 100): (1_200_014, "fcaace937dc2"),
    ("join_idle_queue", 1_000): (1_200_014, "be6227564f96"),
    ("least_connections", 10): (1_200_014, "0f18a354def8"),
    ("least_connections", 100): (1_200_014, "dd87afd91546"),
    ("least_connections", 1_000): (1_200_014, "0302a463830d"),
    ("least_request", 10): (1_200_014, "a96b1808eecb"),
    ("least_request", 100): (1_200_014, "bd09b9171c3e"),
    ("least_request", 1_000): (1_200_014, "fbcbb365fede"),
    ("least_response_time", 10): (1_200_014, "e8c8ada710d2"),
    ("least_response_time", 100): (1_200_014, "a6fcf820290a"),
    ("least_response_time", 1_000): (1_200_014, "ebb8d8a17339"),
    ("maglev", 10): (1_200_014, "d1f885d53d07"),
    ("maglev", 100): (1_200_014, "5a0414d79819"),
    ("maglev", 1_000): (1_200_014, "42b9fcb7e2c5"),
    ("peak_ewma", 10): (1_200_014, "20a6ba877054"),
    ("peak_ewma", 100): (1_200_014, "20ea6aecda91"),
    ("peak_ewma", 1_000): (1_200_014, "f4d2b288fcf7"),
    ("power_of_d_choices", 10): (1_200_014, "5664dc09d504"),
    ("power_of_d_choices", 100): (1_200_014, "22d77b904076"),
    ("power_of_d_choices", 1_000): (1_200_014, "33f2a42a8190"),
    ("prequal", 10): (1_000_012, "9515c991662e"),
    ("prequal", 100): (1_000_012, "873e0de448a0"),
    ("prequal", 1_000): (1_000_012, "0b5c4e442b52"),
    ("random", 10): (1_200_014, "8ced4b422e92"),
    ("random", 100): (1_200_014, "bf263c61ac71"),
    ("random", 1_000): (1_200_014, "1b6451d39761"),
    ("rendezvous_hash", 10): (1_200_014, "ce07476f50ad"),
    ("rendezvous_hash", 100): (1_200_014, "999b69f627b9"),
    ("rendezvous_hash", 1_000): (1_200_014, "02a1590e04ed"),
    ("ring_hash", 10): (1_200_014, "1090da9dab92"),
    ("ring_hash", 100): (1_200_014, "44d7e4551836"),
    ("ring_hash", 1_000): (1_200_014, "3febe2c377a8"),
    ("round_robin", 10): (1_200_014, "db53a104e9c2"),
    ("round_robin", 100): (1_200_014, "8255abd959e4"),
    ("round_robin", 1_000): (1_200_014, "5b69c3dd28bf"),
    ("source_ip_hash", 10): (1_200_014, "bb152c18e871"),
    ("source_ip_hash", 100): (1_200_014, "1f865c67b574"),
    ("source_ip_hash", 1_000): (1_200_014, "ad03973aa7e0"),
    ("weighted_least_connections", 10): (1_200_014, "0f18a354def8"),
    ("weighted_least_connections", 100): (1_200_014, "dd87afd91546"),
    ("weighted_least_connections", 1_000): (1_200_014, "0302a463830d"),
    ("weighted_random", 10): (1_200_014, "8ced4b422e92"),
    ("weighted_random", 100): (1_200_014, "bf263c61ac71"),
    ("weighted_random", 1_000): (1_200_014, "1b6451d39761"),
    ("weighted_round_robin", 10): (1_200_014, "db53a104e9c2"),
    ("weighted_round_robin", 100): (1_200_014, "8255abd959e4"),
    ("weighted_round_robin", 1_000): (1_200_014, "5b69c3dd28bf"),
}
"""Events and the digest of the rows, by strategy and nodes."""


def modelled(strategy: str, nodes: int) -> Model:
    """The benchmarks' scenario with 1,000 Pods and this strategy."""
    target = "pod" if strategy in PROBING else "node"
    return build(
        emu.load(
            SCENARIO,
            overrides={
                "spec.requests": REQUESTS,
                "spec.nodePools[0].nodes": nodes,
                "Deployment/web.spec.replicas": 1_000,
                "spec.clients[0].arrivals": {"poisson": {"rate": "75000/s"}},
                "spec.loadBalancers": [BALANCER | {"strategy": strategy, "target": target}],
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
