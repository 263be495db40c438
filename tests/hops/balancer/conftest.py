"""A load balancer's backends under a strategy, told of all that happens."""

from collections import Counter

import numpy as np
import pytest

from emu.hops.balancer import BACKENDS, STRATEGIES, changed, finished, pick, started

MILLISECOND = 10**6


class Balanced:
    """Backends of these weights, all available and idle, under a strategy with these options."""

    def __init__(self, name, weights, **options):
        self.backends = np.zeros(len(weights), BACKENDS)
        self.backends["weight"], self.backends["available"] = weights, 1
        self.kind = STRATEGIES.number(name)
        chosen = STRATEGIES.chosen(name, **options).options
        self.memory = STRATEGIES[name].prepare(chosen, self.backends)
        self.requests = 0

    def pick(self, now=0):
        """The backend of the next request, which it is not given."""
        self.requests += 1
        return pick(self.kind, self.backends, self.memory, now, 0, 5, self.requests, 0)

    def send(self, now=0):
        """The backend that is given the next request."""
        backend = self.pick(now)
        started(self.kind, self.backends, self.memory, backend)
        return backend

    def answer(self, backend, latency=MILLISECOND, now=0):
        """A backend answers a request."""
        finished(self.kind, self.backends, self.memory, backend, now, latency)

    def load(self, *in_flight):
        """Let so many requests be in flight at the backends."""
        self.backends["in_flight"] = in_flight
        for backend in range(len(in_flight)):
            changed(self.kind, self.backends, self.memory, backend)
        return self

    def counts(self, requests=8000):
        """How often each backend is picked while nothing changes."""
        counted = Counter(self.pick() for _ in range(requests))
        return [counted[backend] for backend in range(len(self.backends))]


@pytest.fixture
def balanced():
    """Makes backends under a strategy: ``balanced("random", [1, 1])``."""
    return Balanced
