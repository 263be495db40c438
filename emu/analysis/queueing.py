"""Queues whose response times are known exactly: what a run, or a search for capacity, is held to.

Arrivals are Poisson unless it is said otherwise; a response is wait and service. Times are in the
unit of the mean service time, rates in its inverse. With no less work than the servers can do a
queue grows for ever: everybody waits, and responses are infinite.

Sources: L. Kleinrock, "Queueing systems", volume I, 1975; M. Harchol-Balter, "Performance modeling
and design of computer systems", 2013; and what the functions name.
"""

import math
from collections.abc import Callable

_HALVINGS = 200


def erlang_c(servers: int, load: float) -> float:
    """The probability of having to wait in M/M/c: Erlang's C formula.

    ``load`` is the offered load in erlangs, arrival rate x mean service time: the mean number of
    busy servers. By the recursion of Erlang's B formula, which neither over- nor underflows.
    """
    if load >= servers:
        return 1.0
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def mmc_mean_response(servers: int, arrival_rate: float, mean_service: float) -> float:
    """The mean response of M/M/c, whose ``arrival_rate`` is that of all servers together."""
    load = arrival_rate * mean_service
    if load >= servers:
        return math.inf
    return mean_service * (1 + erlang_c(servers, load) / (servers - load))


def mmc_response_tail(servers: int, arrival_rate: float, mean_service: float, time: float) -> float:
    """The share of the responses of M/M/c, first come first served, that are longer than ``time``.

    Who waits, with probability C, does so for an exponential time of rate c / mean service -
    arrival rate, and is then served for an independent one.
    """
    load = arrival_rate * mean_service
    if load >= servers:
        return 1.0
    waiting = erlang_c(servers, load)
    t = time / mean_service
    slow, fast = sorted((1.0, servers - load))
    # Both times one after the other, in a form in which nothing cancels where the rates are equal.
    apart = (fast - slow) * t
    both = math.exp(-slow * t) * (1 + slow * t * (-math.expm1(-apart) / apart if apart else 1.0))
    return (1 - waiting) * math.exp(-t) + waiting * both


def mmc_response_quantile(
    servers: int, arrival_rate: float, mean_service: float, share: float
) -> float:
    """The response that a ``share`` of those of M/M/c, in [0, 1), do not exceed."""
    if arrival_rate * mean_service >= servers:
        return math.inf
    return _where(
        lambda time: mmc_response_tail(servers, arrival_rate, mean_service, time) <= 1 - share,
        mean_service,
    )


def mg1_mean_response(arrival_rate: float, mean_service: float, squared_cv: float) -> float:
    """The mean response of M/G/1, first come first served: Pollaczek and Khinchine.

    ``squared_cv`` is the service time's variance / its mean squared: 0 constant, 1 exponential.
    """
    load = arrival_rate * mean_service
    if load >= 1:
        return math.inf
    return mean_service * (1 + load * (1 + squared_cv) / (2 * (1 - load)))


def shared_response(arrival_rate: float, mean_service: float, size: float) -> float:
    """The mean response of a request of this ``size`` in M/G/1 under processor sharing.

    Whatever the distribution: L. Kleinrock, "Time-shared systems: a theoretical treatment", Journal
    of the ACM 14 (1967). With the mean size it is the mean response.
    """
    load = arrival_rate * mean_service
    return size / (1 - load) if load < 1 else math.inf


def in_turn_mean_response(servers: int, arrival_rate: float, mean_service: float) -> float:
    """The mean response of ``servers`` queues that get Poisson arrivals in turn: E_n/M/1.

    ``arrival_rate`` is that of one queue. An arrival meets k customers with probability
    (1 - s) s^k, where s = (n load / (n load + 1 - s))^n: Kleinrock, 6.2, with Erlang interarrivals.
    """
    load = arrival_rate * mean_service
    if load >= 1:
        return math.inf
    offered = servers * load
    met = _where(lambda s: s >= (offered / (offered + 1 - s)) ** servers, 1.0, most=1.0)
    return mean_service / (1 - met)


def choices_mean_response(choices: int, arrival_rate: float, mean_service: float) -> float:
    """The mean response where each request takes the shortest of ``choices`` random queues.

    ``arrival_rate`` is that of one queue, of infinitely many. Source: M. Mitzenmacher, "The power
    of two choices in randomized load balancing", IEEE TPDS 12 (2001).
    """
    load = arrival_rate * mean_service
    if load >= 1:
        return math.inf
    if choices == 1:
        return mean_service / (1 - load)
    total, level, term = 0.0, 1, 1.0
    while term > total * 1e-17:
        term = load ** ((choices**level - choices) / (choices - 1))
        total += term
        level += 1
    return mean_service * total


def hedged_tail(after: float, mean_service: float, time: float) -> float:
    """The share of responses longer than ``time`` where each is hedged ``after`` a while.

    Services are exponential, with servers for all, so that nobody waits: in mean services e^-t
    until then, e^-(2t - after) from then on.
    """
    return math.exp(-(time + max(0.0, time - after)) / mean_service)


def hedged_mean(after: float, mean_service: float) -> float:
    """The mean of the same: the integral of the tail."""
    return mean_service * (1 - math.exp(-after / mean_service) / 2)


def _where(reached: Callable[[float], bool], scale: float, most: float = math.inf) -> float:
    """The least number from 0 to ``most`` for which it is so, and remains so; by bisection."""
    low, high = 0.0, scale
    if reached(low):
        return low
    while high < most and not reached(high):
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
