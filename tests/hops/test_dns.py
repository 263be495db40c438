"""Name resolution with a cache at each client."""

import numpy as np
import pytest
from scipy import stats

from emu.distributions import DISTRIBUTIONS, table_of
from emu.hops import dns

MS = 1_000_000
LATENCY, TTL = 3 * MS, 50 * MS


class Resolver:
    """Two clients with empty caches; an answer takes 3 ms and holds 50 ms."""

    def __init__(self, addresses=1, ttl=TTL, **latency):
        latency = latency or {"constant": {"value": "3ms"}}
        ((name, options),) = latency.items()
        self.table, (self.place,) = table_of([DISTRIBUTIONS.chosen(name, **options)])
        self.cache = np.array([dns.EMPTY] * 2, dns.CACHE)
        self.addresses, self.ttl, self.asked = addresses, ttl, 0

    def wait(self, now, client=0, request=None):
        """How long a request waits that is meant to be sent now."""
        self.asked += 1
        return dns.resolve(
            self.cache, client, now, self.addresses, self.table, self.place, self.ttl, 11,
            self.asked if request is None else request, 0,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "wait"),
    [
        (0, LATENCY),
        (1, LATENCY - 1),
        (LATENCY - 1, 1),
        (LATENCY, 0),
        (LATENCY + TTL - 1, 0),
        (LATENCY + TTL, LATENCY),
    ],
)
def test_one_answer_serves_until_it_expires(now, wait):
    """Asked at 0: whoever comes meanwhile waits for that answer; it holds for its TTL."""
    resolver = Resolver()
    assert resolver.wait(0) == LATENCY
    assert resolver.wait(now) == wait


def test_a_question_is_asked_once():
    """Requests that wait together have their answer at one moment, drawn once."""
    resolver = Resolver(exponential={"mean": "10ms"})
    first = resolver.wait(0)
    assert [now + resolver.wait(now) for now in range(0, first, first // 7)] == [first] * 8


def test_a_late_request_asks_again_with_a_new_draw():
    """Each question's latency is drawn anew."""
    resolver = Resolver(ttl=0, exponential={"mean": "10ms"})
    waits = [resolver.wait(n * 10**12) for n in range(2000)]
    assert stats.kstest(waits, stats.expon(scale=10 * MS).cdf).pvalue > 1e-3


def test_clients_have_caches_of_their_own():
    """What one client knows, another has to ask for."""
    resolver = Resolver()
    resolver.wait(0)
    assert [resolver.wait(LATENCY), resolver.wait(LATENCY, client=1)] == [0, LATENCY]


def test_without_a_ttl_an_answer_serves_only_those_who_wait_for_it():
    """TTL 0: requests meanwhile share the answer, the next one asks."""
    resolver = Resolver(ttl=0)
    assert [resolver.wait(now) for now in (0, 2 * MS, 3 * MS, 7 * MS)] == [
        LATENCY, MS, LATENCY, LATENCY,
    ]  # fmt: skip


def test_an_address_is_kept_until_the_answer_expires():
    """A client keeps to the first address of its answer; the next answer may give another."""
    resolver = Resolver(addresses=3)
    seen = []
    for period in range(3000):
        start = period * (LATENCY + TTL)
        resolver.wait(start)
        address = int(resolver.cache["address"][0])
        resolver.wait(start + LATENCY + TTL - 1)
        assert resolver.cache["address"][0] == address
        seen.append(address)
    assert stats.chisquare(np.bincount(seen, minlength=3)).pvalue > 1e-4
    assert max(seen) == 2
