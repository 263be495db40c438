"""Name resolution with a cache at each client."""

import numpy as np
import pytest
from scipy import stats

from emu.distributions import DISTRIBUTIONS, table_of
from emu.hops import dns

MS = 1_000_000
LATENCY, TTL, TIMEOUT = 3 * MS, 50 * MS, 5000 * MS


class Resolver:
    """Two clients with empty caches; an answer takes 3 ms and holds 50 ms."""

    def __init__(self, addresses=1, ttl=TTL, race=0.0, silent_until=0, attempts=2, **latency):
        latency = latency or {"constant": {"value": "3ms"}}
        ((name, options),) = latency.items()
        self.table, (place,) = table_of([DISTRIBUTIONS.chosen(name, **options)])
        self.cache = np.array([dns.EMPTY] * 2, dns.CACHE)
        its = (place, ttl, TIMEOUT, attempts, race, silent_until)
        self.resolver = np.array([its], dns.RESOLVER)
        self.addresses, self.asked = addresses, 0

    def wait(self, now, client=0, request=None):
        """How long a request waits that is meant to be sent now."""
        self.asked += 1
        return dns.resolve(
            self.cache, self.resolver, client, now, self.addresses, self.table, 11,
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


@pytest.mark.parametrize(
    ("now", "wait", "address"),
    [
        (999 * MS, 2 * TIMEOUT, dns.UNKNOWN),
        (1000 * MS, TIMEOUT + LATENCY, 0),
        (5999 * MS, TIMEOUT + LATENCY, 0),
        (6000 * MS, LATENCY, 0),
    ],
)
def test_while_nobody_answers_it_is_asked_again(now, wait, address):
    """Nobody answers until 6 s. Asked at 1 s or later, the second question, 5 s after the first, is
    answered; asked before that, neither is, and the name is unknown 10 s later."""
    resolver = Resolver(silent_until=6000 * MS)
    assert resolver.wait(now) == wait
    assert resolver.cache["address"][0] == address


def test_a_failure_is_not_kept():
    """Who comes while the question is open waits for its failure; the next one asks anew."""
    resolver = Resolver(silent_until=20_000 * MS, attempts=1)
    assert [resolver.wait(now * MS) for now in (0, 2000, 5000, 20_000)] == [
        TIMEOUT, 3000 * MS, TIMEOUT, LATENCY,
    ]  # fmt: skip


def test_a_kept_answer_holds_while_nobody_answers():
    """Nothing is asked until it expires."""
    resolver = Resolver()
    resolver.wait(0)
    resolver.resolver["silent_until_ns"] = 10**12
    assert resolver.wait(LATENCY + TTL - 1) == 0


def test_who_loses_the_race_waits_for_the_timeout():
    """A share of the questions takes 5 s more, and none takes anything else."""
    resolver = Resolver(ttl=0, race=0.2)
    waits = np.array([resolver.wait(n * 10**12) for n in range(5000)])
    assert set(waits) == {LATENCY, TIMEOUT + LATENCY}
    assert stats.binomtest(int((waits > TIMEOUT).sum()), 5000, 0.2).pvalue > 1e-3


def test_with_one_attempt_who_loses_the_race_has_failed():
    """attempts 1: nothing is asked again."""
    resolver = Resolver(race=1.0, attempts=1)
    assert resolver.wait(0) == TIMEOUT
    assert resolver.cache["address"][0] == dns.UNKNOWN
