"""With and without the JIT, every kernel of every variant gives the same numbers, bit for bit.

Run as a script, this file prints what `values` gives; the test runs it once with the JIT off.
"""

import json
import os
import subprocess
import sys

import numpy as np

from emu.distributions import DISTRIBUTIONS, sample, table_of
from emu.hops.balancer import BACKENDS, STRATEGIES, changed
from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import MODES, choose, cilium, first_state, scheduling, shared_table
from emu.hops.kubeproxy.scheduling import SCHEDULERS
from emu.hops.kubeproxy.view import Settings
from emu.random_streams import normal, philox, uniform
from emu.workload import ARRIVALS

DRAWS = 100
SEED = 2**62 + 12345


def chosen(registry, name):
    """A variant with its example options."""
    return registry.chosen(name, **getattr(registry[name], "EXAMPLE", {}))


def draws(name):
    """Draws of a distribution, as they are and as whole nanoseconds."""
    choice = chosen(DISTRIBUTIONS, name)
    parameters = np.array(DISTRIBUTIONS[name].parameters(choice.options))
    table, (place,) = table_of([choice])
    return [
        (
            float(DISTRIBUTIONS[name].draw(parameters, 0, SEED, 2, request, 1)).hex(),
            int(sample(table, place, SEED, 2, request, 1)),
        )
        for request in range(DRAWS)
    ]


def arrivals(name):
    """The intended times of the first requests."""
    module = ARRIVALS[name]
    parameters = np.array(module.parameters(chosen(ARRIVALS, name).options))
    times = [0]
    for index in range(DRAWS):
        times.append(int(module.following(parameters, 0, SEED, index, index, times[-1])))
    return times


def picks(name):
    """Picks among four backends whose availability and load change with every request."""
    module = STRATEGIES[name]
    backends = np.zeros(4, BACKENDS)
    backends["available"] = backends["weight"] = 1
    memory = module.prepare(chosen(STRATEGIES, name).options, backends)
    kind, picked = STRATEGIES.number(name), []
    for request in range(DRAWS):
        backends["in_flight"] = [request % 3, 1, request // 7 % 2, 2]
        backends["available"][request % 4] ^= 1
        for backend in range(4):
            changed(kind, backends, memory, backend)
        picked.append(
            int(module.pick(backends, memory, request * 1000, request % 5, SEED, request, 0))
        )
    return picked + ([] if name == "file" else memory.tolist())  # which has addresses in it


def translations(name):
    """Places of endpoints, and what the mode keeps of the virtual server afterwards."""
    endpoints = [Endpoint(f"10.244.1.{number}", 8080) for number in range(7)]
    state = first_state(name, Settings(), 7)
    table = shared_table(name, Settings(), endpoints, "10.96.0.1")
    memory, server = np.concatenate([state, table]), 0 if len(state) else -1
    place = len(state) if len(table) else -1
    return [
        int(choose(MODES.number(name), memory, server, place, 7, 2**31 + i, i, SEED, i, 0))
        for i in range(DRAWS)
    ] + memory.tolist()


def scheduled(name):
    """Endpoints of a virtual server whose loads change with every connection, and its memory."""
    endpoints = [Endpoint(f"10.244.0.{host}", 8080) for host in range(1, 8)]
    state = scheduling.prepare(name, len(endpoints))
    table = scheduling.table(name, endpoints, "10.96.0.10")
    memory = np.array([*state, *([] if table is None else table)], np.int64)
    picked = []
    for i in range(DRAWS):
        memory[2 + i % 14] = i % 5
        source, port = 0xCB007100 + i // 3, 32768 + 7 * i
        picked.append(int(SCHEDULERS[name].pick(memory, 0, len(state), 7, source, port)))
    return picked + memory.tolist()


def values():
    """What every kernel gives, by name."""
    key = [np.uint64(word) for word in (SEED, 2**64 - 1, 2**63, 7)]
    return json.loads(
        json.dumps(
            {
                "philox": [int(word) for word in philox(*key)],
                "uniform": [float(uniform(SEED, 2, request, 0)).hex() for request in range(DRAWS)],
                "normal": [float(normal(SEED, 2, request, 0)).hex() for request in range(DRAWS)],
                "modes": {name: translations(name) for name in MODES},
                "distributions": {name: draws(name) for name in DISTRIBUTIONS},
                "arrivals": {name: arrivals(name) for name in ARRIVALS},
                "strategies": {name: picks(name) for name in STRATEGIES},
                "schedulers": {name: scheduled(name) for name in SCHEDULERS},
                "cilium": [
                    *cilium.table([Endpoint("10.0.0.1", 80), Endpoint("10.0.0.2", 80)]).tolist(),
                    *(int(cilium.hashed(0xCB007100 + i, i)) for i in range(DRAWS)),
                ],
            }
        )
    )


def test_kernels_mean_the_same_without_the_jit():
    """Plain Python gives the very bits that compiled code gives."""
    plain = subprocess.run(
        [sys.executable, __file__],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert plain.stderr == ""
    assert json.loads(plain.stdout) == values()


if __name__ == "__main__":
    print(json.dumps(values()))
