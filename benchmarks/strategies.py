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
    ("bounded_load", 10): (1_200_014, "209e2f639ae6"),
    ("bounded_load", 100): (1_200_014, "db579daef587"),
    ("bounded_load", 1_000): (1_200_014, "4b0f2766c392"),
    ("file", 10): (1_200_014, "28a70cf1a6f6"),
    ("file", 100): (1_200_014, "575e8fa0583d"),
    ("file", 1_000): (1_200_014, "fffff505c973"),
    ("join_idle_queue", 10): (1_200_014, "6cdd45ba539a"),
    ("join_idle_queue", 100): (1_200_014, "60aab98a34a0"),
    ("join_idle_queue", 1_000): (1_200_014, "139f7b00e406"),
    ("least_connections", 10): (1_200_014, "542c1c540400"),
    ("least_connections", 100): (1_200_014, "7d46f373cc87"),
    ("least_connections", 1_000): (1_200_014, "87335b1ef6da"),
    ("least_request", 10): (1_200_014, "07777c8cb7fc"),
    ("least_request", 100): (1_200_014, "6a167b548c7a"),
    ("least_request", 1_000): (1_200_014, "323168d89a4d"),
    ("least_response_time", 10): (1_200_014, "039c7aa62d34"),
    ("least_response_time", 100): (1_200_014, "96ea972272ae"),
    ("least_response_time", 1_000): (1_200_014, "73a6bbacac0b"),
    ("maglev", 10): (1_200_014, "bf014bd60fa8"),
    ("maglev", 100): (1_200_014, "d4cca98911ae"),
    ("maglev", 1_000): (1_200_014, "d21400dff16c"),
    ("peak_ewma", 10): (1_200_014, "6c6e3165ed19"),
    ("peak_ewma", 100): (1_200_014, "52c66e4b2ecd"),
    ("peak_ewma", 1_000): (1_200_014, "b4da4c5165cb"),
    ("power_of_d_choices", 10): (1_200_014, "1497bf15edb4"),
    ("power_of_d_choices", 100): (1_200_014, "eacd3d009b1c"),
    ("power_of_d_choices", 1_000): (1_200_014, "a3527f0423f1"),
    ("prequal", 10): (1_000_012, "df705b047e05"),
    ("prequal", 100): (1_000_012, "095fa8e4ab27"),
    ("prequal", 1_000): (1_000_012, "4cef1a474a29"),
    ("random", 10): (1_200_014, "ab7c5e954184"),
    ("random", 100): (1_200_014, "e8ea705fdbb9"),
    ("random", 1_000): (1_200_014, "f77f58cdd514"),
    ("rendezvous_hash", 10): (1_200_014, "43c09ccc79b5"),
    ("rendezvous_hash", 100): (1_200_014, "b9ec8e3a1c82"),
    ("rendezvous_hash", 1_000): (1_200_014, "89284717c2c9"),
    ("ring_hash", 10): (1_200_014, "bb649c0cc1b1"),
    ("ring_hash", 100): (1_200_014, "1aa31d0ed1c4"),
    ("ring_hash", 1_000): (1_200_014, "3eab1ef428cb"),
    ("round_robin", 10): (1_200_014, "ea0249ae5dc8"),
    ("round_robin", 100): (1_200_014, "f39f2a25be4f"),
    ("round_robin", 1_000): (1_200_014, "c0292c083485"),
    ("source_ip_hash", 10): (1_200_014, "207043238501"),
    ("source_ip_hash", 100): (1_200_014, "841455c71a10"),
    ("source_ip_hash", 1_000): (1_200_014, "9f17ef789c71"),
    ("sticky_cookie", 10): (1_200_014, "ea0249ae5dc8"),
    ("sticky_cookie", 100): (1_200_014, "fd7952529e10"),
    ("sticky_cookie", 1_000): (1_200_014, "cba017fb4bb0"),
    ("weighted_least_connections", 10): (1_200_014, "542c1c540400"),
    ("weighted_least_connections", 100): (1_200_014, "7d46f373cc87"),
    ("weighted_least_connections", 1_000): (1_200_014, "87335b1ef6da"),
    ("weighted_random", 10): (1_200_014, "ab7c5e954184"),
    ("weighted_random", 100): (1_200_014, "e8ea705fdbb9"),
    ("weighted_random", 1_000): (1_200_014, "f77f58cdd514"),
    ("weighted_round_robin", 10): (1_200_014, "ea0249ae5dc8"),
    ("weighted_round_robin", 100): (1_200_014, "f39f2a25be4f"),
    ("weighted_round_robin", 1_000): (1_200_014, "c0292c083485"),
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
