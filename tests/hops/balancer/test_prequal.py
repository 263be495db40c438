"""Prequal: what probes bring, which answer decides, and when an answer is gone."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from emu.hops import reports
from emu.hops.balancer import BACKENDS, PROBING, STRATEGIES, changed, pick, probe
from emu.hops.node import ENDPOINT
from emu.hops.pod import POD

MS, S = 1_000_000, 1_000_000_000
TRIP = MS


class Probed:
    """Pods behind a load balancer under prequal; endpoint i is Pod count - 1 - i."""

    def __init__(self, count, **options):
        self.kind = STRATEGIES.number("prequal")
        self.pods, self.reports = np.zeros(count, POD), reports.empty(count)
        self.endpoints = np.zeros(count, ENDPOINT)
        self.endpoints["pod"] = np.arange(count)[::-1]
        self.backends = np.zeros(count, BACKENDS)
        self.backends["endpoint"], self.backends["weight"] = np.arange(count)[::-1], 1
        self.backends["available"] = 1
        chosen = STRATEGIES.chosen("prequal", **options).options
        self.memory = STRATEGIES["prequal"].prepare(chosen, self.backends)
        self.requests = 0

    def state(self, loads, latencies):
        """Let the Pods have such loads, and promise such latencies in milliseconds, for ever."""
        self.pods["busy"] = loads
        for pod, latency in enumerate(latencies):
            reports.note(self.reports, pod, 2**60, 0, latency * MS)
        return self

    def offer(self, count):
        """Let the first so many Pods be available, and no other."""
        for backend in range(len(self.backends)):
            self.backends["available"][backend] = backend < count
            changed(self.kind, self.backends, self.memory, backend)

    def ask(self, now=0):
        """Send probes, as with a request."""
        asked = (self.endpoints, self.pods, self.reports)
        probe(self.kind, self.backends, self.memory, *asked, now, 5, self.requests, 0)

    def pick(self, now=0):
        """Where the next request goes, without probes."""
        self.requests += 1
        return pick(self.kind, self.backends, self.memory, now, 0, 5, self.requests, 0)

    def send(self, now=0):
        """Where the next request goes, with probes."""
        backend = self.pick(now)
        self.ask(now)
        return backend


@pytest.fixture
def probed():
    """Makes Pods under prequal of which nothing is known yet."""
    return Probed


def known(count, loads, latencies, **options):
    """So many Pods of such loads and latencies, of which answers are under way, before others.

    The others are there so that the pool has room; nobody has asked them.
    """
    made = Probed(
        4 * count, **{"probesPerRequest": 8, "removedPerRequest": 0, "delta": 1000} | options
    )
    made.state([*loads, *[0] * (3 * count)], [*latencies, *[1] * (3 * count)])
    made.offer(count)
    made.ask()
    made.offer(4 * count)
    return made


def test_it_is_the_one_that_probes():
    """The strategies that probe are those that balance Pods alone."""
    assert PROBING == ("prequal",)


def test_answers_count_from_when_they_are_back():
    """Until the round trip is over a pick is a draw among all; then the answers decide."""
    made = known(2, [5, 5], [9, 1])
    assert len({made.pick(TRIP - 1) for _ in range(60)}) == 8
    assert made.pick(TRIP) == 1


def test_the_cold_one_of_least_latency():
    """Loads 1, 2, 3 and 10: the last is hot whatever it promises, the second promises least."""
    assert known(4, [1, 2, 3, 10], [9, 4, 8, 1], hotQuantile=0.75).pick(TRIP) == 1


def test_of_equal_latencies_the_least_load():
    """Where all promise the same, requests in flight decide."""
    assert known(4, [3, 1, 2, 3], [5, 5, 5, 5]).pick(TRIP) == 1


@pytest.mark.parametrize(("quantile", "picked"), [(0, 0), (0.5, 1), (1, 3)])
def test_the_quantile_weighs_load_against_latency(quantile, picked):
    """At 0 all are hot, and the least load is picked; at 1 none is, and the least latency."""
    made = known(4, [1, 2, 3, 4], [9, 7, 5, 3], hotQuantile=quantile)
    assert made.pick(TRIP) == picked


def test_what_is_sent_counts_at_once():
    """Of two that promise alike each is given the next request when it has fewer."""
    made = known(2, [0, 0], [5, 5], hotQuantile=0)
    assert Counter(made.pick(TRIP) for _ in range(10)) == {0: 5, 1: 5}


def test_answers_grow_old():
    """After the maximum age nothing is known, and any Pod may be picked."""
    made = known(2, [5, 5], [9, 1], maximumAge="2s")
    assert made.pick(TRIP + 2 * S) == 1
    assert len({made.pick(TRIP + 2 * S + 1) for _ in range(60)}) == 8


def test_a_pod_that_has_gone_is_forgotten():
    """Its answer leaves the pool at once, and one that is under way is not taken in."""
    for at_once in (True, False):
        made = known(3, [5, 5, 5], [9, 1, 2])
        if at_once:
            assert made.pick(TRIP) == 1
        made.backends["available"][1] = 0
        changed(made.kind, made.backends, made.memory, 1)
        assert made.pick(TRIP) == 2


def test_an_answer_replaces_the_last_of_its_pod():
    """The pool knows a Pod once, as it was when it was asked last."""
    made = known(2, [5, 5], [9, 1], hotQuantile=0.5)
    assert made.pick(TRIP) == 1
    made.pods["busy"][1] = 50
    made.offer(2)
    made.ask(TRIP)
    made.offer(8)
    assert {made.pick(2 * TRIP) for _ in range(20)} == {0}


@pytest.mark.parametrize(("delta", "uses"), [(1, 1), (11, 2), (29, 5)])
def test_an_answer_is_used_up(probed, delta, uses):
    """(1 + delta) / ((1 - 10 / 40) 8) times, at least once: so often the best is picked first."""
    made = probed(40, probesPerRequest=8, removedPerRequest=0, delta=delta, hotQuantile=1)
    made.state([0] * 40, range(1, 41)).ask()
    picked = [made.pick(TRIP) for _ in range(3 * uses)]
    assert picked == sorted(picked)
    assert [picked.count(backend) for backend in sorted(set(picked))] == [uses] * 3


def test_parts_of_a_use_are_drawn(probed):
    """1.5 times is once as often as twice."""
    twice = 0
    for request in range(1000):
        made = probed(40, probesPerRequest=8, removedPerRequest=0, delta=8, hotQuantile=1)
        made.requests = request
        made.state([0] * 40, range(1, 41)).ask()
        twice += made.pick(TRIP) == made.pick(TRIP)
    assert twice / 1000 == pytest.approx(0.5, abs=0.05)


def test_answers_leave_with_each_request():
    """Of five, four requests leave one, whoever was picked; then a pick is a draw, until other
    answers are back."""
    made = known(5, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], removedPerRequest=1)
    for _ in range(4):
        assert made.pick(TRIP) < 5
        made.ask(TRIP)
    assert len({made.pick(TRIP) for _ in range(200)}) == 20


def test_equal_pods_get_equal_shares(probed):
    """With probes and answers too, chi-square finds no preference among Pods alike."""
    made = probed(12).state([2] * 12, [5] * 12)
    counts = Counter(made.send(request * 3 * MS) for request in range(6000))
    assert stats.chisquare([counts[backend] for backend in range(12)]).pvalue > 0.001


def test_probes_bring_the_loaded_pods_to_light(probed):
    """Half of the Pods have twenty requests, the others none: those get nearly nothing."""
    loads = [20] * 20 + [0] * 20
    made = probed(40).state(loads, [5] * 40)
    picked = [made.send(request * 2 * MS) for request in range(2000)]
    assert np.mean(np.array(picked[20:]) < 20) < 0.02
