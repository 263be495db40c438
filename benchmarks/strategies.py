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
    ("bounded_load", 10): (1_200_014, "cc6d7c81f800"),
    ("bounded_load", 100): (1_200_014, "c51feec75693"),
    ("bounded_load", 1_000): (1_200_014, "f88ffa24836a"),
    ("file", 10): (1_200_014, "67190222087f"),
    ("file", 100): (1_200_014, "5b7eb0991643"),
    ("file", 1_000): (1_200_014, "bf57d3d0c0bd"),
    ("join_idle_queue", 10): (1_200_014, "0a1fb4fb9f91"),
    ("join_idle_queue", 100): (1_200_014, "8b789524acaa"),
    ("join_idle_queue", 1_000): (1_200_014, "4ee6345006a2"),
    ("least_connections", 10): (1_200_014, "642ba9d384e7"),
    ("least_connections", 100): (1_200_014, "7ec9c30dd118"),
    ("least_connections", 1_000): (1_200_014, "b88d138a3461"),
    ("least_request", 10): (1_200_014, "46be4bb69a4b"),
    ("least_request", 100): (1_200_014, "cbfc58cd8575"),
    ("least_request", 1_000): (1_200_014, "c906bc21297b"),
    ("least_response_time", 10): (1_200_014, "75db68beff78"),
    ("least_response_time", 100): (1_200_014, "9e00170c9769"),
    ("least_response_time", 1_000): (1_200_014, "be16d6a38261"),
    ("maglev", 10): (1_200_014, "567ba02fc07a"),
    ("maglev", 100): (1_200_014, "072b31d373e7"),
    ("maglev", 1_000): (1_200_014, "5789586e9f9b"),
    ("peak_ewma", 10): (1_200_014, "69dcc1dd89bf"),
    ("peak_ewma", 100): (1_200_014, "e21a3b2c3d86"),
    ("peak_ewma", 1_000): (1_200_014, "7179444d6afd"),
    ("power_of_d_choices", 10): (1_200_014, "8989fa89229f"),
    ("power_of_d_choices", 100): (1_200_014, "2a47aa67cdd0"),
    ("power_of_d_choices", 1_000): (1_200_014, "3354f282a914"),
    ("prequal", 10): (1_000_012, "9515c991662e"),
    ("prequal", 100): (1_000_012, "873e0de448a0"),
    ("prequal", 1_000): (1_000_012, "0b5c4e442b52"),
    ("random", 10): (1_200_014, "8b307900bc12"),
    ("random", 100): (1_200_014, "a13a5a390b26"),
    ("random", 1_000): (1_200_014, "36c462d1f659"),
    ("rendezvous_hash", 10): (1_200_014, "b782d98ac160"),
    ("rendezvous_hash", 100): (1_200_014, "9a4eb71b221d"),
    ("rendezvous_hash", 1_000): (1_200_014, "2628510d6190"),
    ("ring_hash", 10): (1_200_014, "ba4308298a38"),
    ("ring_hash", 100): (1_200_014, "1b3a2d6fc3cd"),
    ("ring_hash", 1_000): (1_200_014, "1cb0fdc2f054"),
    ("round_robin", 10): (1_200_014, "a30a38dfc61e"),
    ("round_robin", 100): (1_200_014, "e125cda5f4af"),
    ("round_robin", 1_000): (1_200_014, "0fe5626335b6"),
    ("source_ip_hash", 10): (1_200_014, "dfdea807ff14"),
    ("source_ip_hash", 100): (1_200_014, "b66b94b15248"),
    ("source_ip_hash", 1_000): (1_200_014, "025bb2a85e95"),
    ("sticky_cookie", 10): (1_200_014, "a30a38dfc61e"),
    ("sticky_cookie", 100): (1_200_014, "89d17f6f5359"),
    ("sticky_cookie", 1_000): (1_200_014, "b445c026de07"),
    ("weighted_least_connections", 10): (1_200_014, "642ba9d384e7"),
    ("weighted_least_connections", 100): (1_200_014, "7ec9c30dd118"),
    ("weighted_least_connections", 1_000): (1_200_014, "b88d138a3461"),
    ("weighted_random", 10): (1_200_014, "8b307900bc12"),
    ("weighted_random", 100): (1_200_014, "a13a5a390b26"),
    ("weighted_random", 1_000): (1_200_014, "36c462d1f659"),
    ("weighted_round_robin", 10): (1_200_014, "a30a38dfc61e"),
    ("weighted_round_robin", 100): (1_200_014, "e125cda5f4af"),
    ("weighted_round_robin", 1_000): (1_200_014, "0fe5626335b6"),
}
"""Events and the digest of the rows, by strategy and nodes."""


def modelled(strategy: str, nodes: int) -> Model:
    """The benchmarks' scenario with 1,000 Pods and this strategy, a user's own by its example."""
    written = {strategy: STRATEGIES["file"].EXAMPLE if strategy == "file" else {}}
    target = "pod" if strategy in PROBING else "node"
    return build(
        emu.load(
            SCENARIO,
            overrides={
                "spec.requests": REQUESTS,
                "spec.nodePools[0].nodes": nodes,
                "Deployment/web.spec.replicas": 1_000,
                "spec.clients[0].arrivals": {"poisson": {"rate": "75000/s"}},
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
