"""What a choice costs: nanoseconds a request by load-balancing strategy and number of backends.

Everything but the number of nodes stays the same, so what a strategy adds as backends are added
stands beside what any other does. A strategy that probes balances the 800 Pods themselves,
however many nodes there are. Event counts and digests are asserted before times are reported.
"""

import statistics

from compiled_engine import SCENARIO, Digest, silent

import emu
from emu.engines import compiled
from emu.hops.balancer import PROBING, STRATEGIES
from emu.model import Model
from emu.model.build import build

NODES = (8, 100, 1_000)
PODS = 800
"""As many as eight nodes have room for, and some to spare."""
REQUESTS = 200_000
ROUNDS = 5
BALANCER = {
    "name": "edge", "address": "192.0.2.10", "listeners": [{"service": "default/web"}],
}  # fmt: skip
FOUND: dict[tuple[str, int], tuple[int, str]] = {
    ("bounded_load", 8): (1_200_014, "d5c1a2aca7a7"),
    ("bounded_load", 100): (1_200_014, "8b12366423b5"),
    ("bounded_load", 1_000): (1_200_014, "1c70b72d7b3f"),
    ("file", 8): (1_200_014, "0dbca0a4e7df"),
    ("file", 100): (1_200_014, "b01c1b49cc2c"),
    ("file", 1_000): (1_200_014, "127dca71c924"),
    ("join_idle_queue", 8): (1_200_014, "056b10c8e300"),
    ("join_idle_queue", 100): (1_200_014, "7954781f2487"),
    ("join_idle_queue", 1_000): (1_200_014, "13a20476205b"),
    ("least_connections", 8): (1_200_014, "d6c21019db07"),
    ("least_connections", 100): (1_200_014, "b593afbe4555"),
    ("least_connections", 1_000): (1_200_014, "1ca1719bc9de"),
    ("least_request", 8): (1_200_014, "87c1a5a84f65"),
    ("least_request", 100): (1_200_014, "484539e1da40"),
    ("least_request", 1_000): (1_200_014, "c14aff54faf5"),
    ("least_response_time", 8): (1_200_014, "20e5878b220a"),
    ("least_response_time", 100): (1_200_014, "fd8553a795bf"),
    ("least_response_time", 1_000): (1_200_014, "ad5e319041c0"),
    ("maglev", 8): (1_200_014, "7972d27162e8"),
    ("maglev", 100): (1_200_014, "d068a0a5393a"),
    ("maglev", 1_000): (1_200_014, "9d4a6163fa3d"),
    ("peak_ewma", 8): (1_200_014, "8de2f61ce727"),
    ("peak_ewma", 100): (1_200_014, "4a9ce03ce162"),
    ("peak_ewma", 1_000): (1_200_014, "79c7aa979125"),
    ("power_of_d_choices", 8): (1_200_014, "ff6e41955597"),
    ("power_of_d_choices", 100): (1_200_014, "c0cc07f8ee9c"),
    ("power_of_d_choices", 1_000): (1_200_014, "eebd6c4a8a31"),
    ("prequal", 8): (1_000_014, "cbd7b1e1f6f0"),
    ("prequal", 100): (1_000_014, "7a72134b8f90"),
    ("prequal", 1_000): (1_000_014, "c234b4fcbb0e"),
    ("random", 8): (1_200_014, "6c0497b7c719"),
    ("random", 100): (1_200_014, "af98a62dd8eb"),
    ("random", 1_000): (1_200_014, "c3d016b30379"),
    ("rendezvous_hash", 8): (1_200_014, "4b4a6e75cc35"),
    ("rendezvous_hash", 100): (1_200_014, "92e4b4e07749"),
    ("rendezvous_hash", 1_000): (1_200_014, "e6ddefe5cd4c"),
    ("ring_hash", 8): (1_200_014, "668517cd2002"),
    ("ring_hash", 100): (1_200_014, "9fae238e7e8f"),
    ("ring_hash", 1_000): (1_200_014, "de47f0e91001"),
    ("round_robin", 8): (1_200_014, "c0fb507a409a"),
    ("round_robin", 100): (1_200_014, "87a9cb1d9825"),
    ("round_robin", 1_000): (1_200_014, "416d769dc267"),
    ("source_ip_hash", 8): (1_200_014, "ca917ff90595"),
    ("source_ip_hash", 100): (1_200_014, "1f079542eb99"),
    ("source_ip_hash", 1_000): (1_200_014, "4ed0da2dc1a7"),
    ("sticky_cookie", 8): (1_200_014, "fa7eb927bd37"),
    ("sticky_cookie", 100): (1_200_014, "366be2dbac00"),
    ("sticky_cookie", 1_000): (1_200_014, "b42b8408e7e7"),
    ("weighted_least_connections", 8): (1_200_014, "d6c21019db07"),
    ("weighted_least_connections", 100): (1_200_014, "b593afbe4555"),
    ("weighted_least_connections", 1_000): (1_200_014, "1ca1719bc9de"),
    ("weighted_random", 8): (1_200_014, "6c0497b7c719"),
    ("weighted_random", 100): (1_200_014, "af98a62dd8eb"),
    ("weighted_random", 1_000): (1_200_014, "c3d016b30379"),
    ("weighted_round_robin", 8): (1_200_014, "c0fb507a409a"),
    ("weighted_round_robin", 100): (1_200_014, "87a9cb1d9825"),
    ("weighted_round_robin", 1_000): (1_200_014, "416d769dc267"),
}
"""Events and the digest of the rows, by strategy and nodes."""


def modelled(strategy: str, nodes: int) -> Model:
    """The benchmarks' scenario with 800 Pods and this strategy, a user's own by its example."""
    written = {strategy: STRATEGIES["file"].EXAMPLE if strategy == "file" else {}}
    target = "pod" if strategy in PROBING else "node"
    return build(
        emu.load(
            SCENARIO,
            overrides={
                "spec.requests": REQUESTS,
                "spec.nodePools[0].nodes": nodes,
                "Deployment/web.spec.replicas": PODS,
                "spec.clients[0].arrivals": {"poisson": {"rate": f"{75 * PODS}/s"}},
                "spec.loadBalancers": [BALANCER | {"strategy": written, "target": target}],
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
