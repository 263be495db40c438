"""The request path as an ordinary user of SimPy would write it: the yardstick of the benchmarks.

A process for each request, a timeout for each link, a Resource for each Pod, latencies to a list.
No addresses are translated, no connection is tracked, nothing is written down.
"""

import random
from collections.abc import Generator
from itertools import cycle

import simpy


def simulate(
    requests: int, rate: float, nodes: int, pods: int, workers: int, service_time: float, seed: int
) -> list[float]:
    """Latencies, in seconds, of so many requests, in the order in which they ended.

    ``rate`` is that of all clients together, per second; ``service_time`` the mean, in seconds.
    """
    env = simpy.Environment()
    rng = random.Random(seed)
    servers = [simpy.Resource(env, capacity=workers) for _ in range(pods)]
    backends = cycle(range(nodes))
    latencies: list[float] = []

    def request() -> Generator[simpy.Event, None, None]:
        start = env.now
        yield env.timeout(0.010)  # client to load balancer: SYN
        yield env.timeout(0.010)  # SYN-ACK
        yield env.timeout(0.010)  # request
        next(backends)
        yield env.timeout(0.0005)  # load balancer to node: SYN
        server = servers[rng.randrange(pods)]
        yield env.timeout(0.0005)  # node to Pod, and the handshake's way back
        yield env.timeout(0.001)  # request
        with server.request() as worker:
            yield worker
            yield env.timeout(rng.expovariate(1 / service_time))
        yield env.timeout(0.001)  # answer to the load balancer
        yield env.timeout(0.010)  # answer to the client
        latencies.append(env.now - start)

    def client() -> Generator[simpy.Event, None, None]:
        for _ in range(requests):
            yield env.timeout(rng.expovariate(rate))
            env.process(request())

    env.process(client())
    env.run()
    return latencies
