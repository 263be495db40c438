"""Delays between the places: hand-made tables, and the journeys of a connection over them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.distributions import DISTRIBUTIONS, table_of
from emu.hops.network import (
    ANSWERED,
    CLIENT_CONNECTION,
    CUT,
    DRAWN,
    ESTABLISHED,
    FIRST_LINK,
    FIRST_PACKET,
    LEG,
    ONWARD,
    POD_CONNECTION,
    REACH,
    REFUSED,
    SHAKEN,
    Leg,
    NetworkTable,
    encrypting,
    travel,
)

LOCAL = 3
"""Nanoseconds of the hop between a node and its Pods, unless it is drawn."""
A, B, C = 0, 1, 2
"""Places: A and B hang on core vertex 0 by legs of 100 and 20 ns, C on core vertex 1 by 5 ns; the
core's two vertices are 1000 ns apart."""
PS_PER_BYTE = {"a": 8000, "core": 80}
"""A's leg has 1 Gbit/s, the core's link 100 Gbit/s."""


def network(local=None, leg=None, core=None):
    """The tables of A, B and C; ``local``, A's ``leg`` and the ``core`` link may be drawn."""
    choices = [local or DISTRIBUTIONS.chosen("constant", value="3ns")]
    choices += [choice for choice in (leg, core) if choice is not None]
    table, places = table_of(choices)
    legs = np.zeros(3, LEG)
    legs["core"], legs["distribution"] = [0, 0, 1], -1
    legs["constant_ns"], legs["ps_per_byte"][A] = [100, 20, 5], PS_PER_BYTE["a"]
    ways = np.zeros((2, 2, FIRST_LINK + 2), np.int64)
    ways[:, :, FIRST_LINK:] = -1
    ways[[0, 1], [1, 0], :DRAWN] = [1000, 80]
    if leg is not None:
        legs["constant_ns"][A], legs["distribution"][A], legs["drawn"][A] = 0, places[1], 1
    if core is not None:
        ways[[0, 1], [1, 0], :CUT] = [0, 80, 1]
        ways[[0, 1], [1, 0], FIRST_LINK] = places[-1]
    return NetworkTable(legs, ways, table)


def took(legs, ends, size=0, net=None, seed=5, request=0, attempt=0, connection=POD_CONNECTION):
    """How long these journeys take; ``ends`` are source, via, destination and both ends' hops."""
    return travel(*(net or network()), *ends, size, *legs, connection, seed, request, attempt)


WAY = {(A, B): 120, (A, C): 1105, (B, C): 1025}


@pytest.mark.parametrize(("a", "b"), WAY)
def test_a_way_is_the_sum_of_its_links(a, b):
    """From a to b it is a's leg, the way through the core and b's leg, and back the same."""
    assert took(FIRST_PACKET, (a, b, b, 0, 0)) == WAY[a, b]
    assert took(FIRST_PACKET, (b, a, a, 0, 0)) == WAY[a, b]


def test_a_place_is_no_way_from_itself():
    """Within one place nothing is passed but the hop between the node and its Pod."""
    assert took(FIRST_PACKET, (A, A, A, 0, 0)) == 0
    assert took(FIRST_PACKET, (A, A, A, 1, 0)) == LOCAL


@pytest.mark.parametrize(
    ("legs", "nanoseconds"),
    [
        (FIRST_PACKET, 120),  # A -> B
        (ONWARD, 1025 + LOCAL),  # B -> Pod on C
        (ESTABLISHED, 3 * (1025 + LOCAL) + 2 * 120),  # B -> Pod -> B -> A, and there again
        (REACH, 3 * (1025 + LOCAL) + 3 * 120),
        (REFUSED, 2 * (1025 + LOCAL) + 120),  # B -> Pod -> B -> A
        (ANSWERED, (1025 + LOCAL) + 120),  # Pod -> B -> A
    ],
)
def test_journeys_over_a_node_to_a_pod_elsewhere(legs, nanoseconds):
    """From A via node B to a Pod on C: the sums of the single ways."""
    assert took(legs, (A, B, C, 0, 1)) == nanoseconds


def test_a_round_trip_passes_before_the_request_leaves():
    """The request is there after three ways: SYN, SYN-ACK, and the request with the ACK."""
    assert took(REACH, (A, B, B, 0, 0), connection=CLIENT_CONNECTION) == 3 * 120


def test_a_pod_on_the_translating_node_is_one_hop_away():
    """Same node: only the local hop, three times; another node: the way between them besides."""
    same = took(ESTABLISHED, (A, B, B, 0, 1))
    other = took(ESTABLISHED, (A, B, C, 0, 1))
    assert same == 3 * LOCAL + 2 * 120
    assert other - same == 3 * 1025


def test_a_client_in_a_pod_has_a_hop_of_its_own():
    """From a Pod via its own node to a Pod on the same node: two hops each way."""
    assert took(REACH, (B, B, B, 1, 1)) == 3 * 2 * LOCAL
    assert took(ANSWERED, (B, B, B, 1, 1)) == 2 * LOCAL


@pytest.mark.parametrize("size", [0, 1, 999, 10**6, 2**40])
def test_transmission_takes_eight_bits_a_byte_over_the_bandwidth(size):
    """Each link adds size * 8 / bandwidth: 8 ns a byte at 1 Gbit/s, 0.08 ns at 100 Gbit/s."""
    empty = took(ANSWERED, (A, C, C, 0, 0))
    assert took(ANSWERED, (A, C, C, 0, 0), size) - empty == size * 8080 // 1000
    assert took(ANSWERED, (B, C, C, 0, 0), size) == 1025 + size * 80 // 1000


def test_only_request_and_answer_have_a_size():
    """The handshake's packets take no time to transmit, nor does a refusal."""
    ends = (A, B, B, 0, 0)
    for legs in (FIRST_PACKET, REFUSED, (Leg.SYN_ACK, Leg.SYN_ACK_ONWARD)):
        assert took(legs, ends, 10**6) == took(legs, ends, 0)
    assert took(REACH, ends, 10**6) - took(REACH, ends, 0) == 8 * 10**6


EXPONENTIAL = DISTRIBUTIONS.chosen("exponential", mean="1ms")


@pytest.mark.parametrize(
    ("drawn", "ends"),
    [
        ({"leg": EXPONENTIAL}, (A, B, B, 0, 0)),
        ({"core": EXPONENTIAL}, (B, C, C, 0, 0)),
        ({"local": EXPONENTIAL}, (B, B, B, 1, 0)),
    ],
    ids=["leg", "core", "local"],
)
def test_a_drawn_link_has_its_distribution(drawn, ends):
    """Over requests, a link's delay has the distribution that was asked for."""
    net = network(**drawn)
    constant = took(FIRST_PACKET, ends) - {"leg": 100, "core": 1000, "local": 3}[next(iter(drawn))]
    delays = [took(FIRST_PACKET, ends, net=net, request=n) - constant for n in range(3000)]
    assert stats.kstest(delays, stats.expon(scale=1e6).cdf).pvalue > 1e-3


def test_every_journey_is_drawn_anew():
    """Two connections, four journeys over the link each, and four of TLS: sixteen delays, no two
    alike."""
    net = network(leg=EXPONENTIAL)
    journeys = [leg for leg in Leg if leg % 4 in (0, 3)]
    delays = {
        took((leg, leg), (A, B, B, 0, 0), net=net, connection=connection)
        for leg in journeys
        for connection in (CLIENT_CONNECTION, POD_CONNECTION)
    }
    assert len(delays) == 16


@pytest.mark.parametrize("round_trips", [1, 2])
def test_tls_takes_so_many_round_trips(round_trips):
    """Each is as long as that of the handshake before it, by the host between, payload or none."""
    way = (A, B, C, 1, 1)
    assert took(encrypting(round_trips), way) == round_trips * took(SHAKEN, way) > 0


def test_both_ends_hops_and_both_legs_are_drawn_apart():
    """A way over two drawn links is a sum of two draws, not one draw twice."""
    net = network(leg=EXPONENTIAL, core=EXPONENTIAL, local=EXPONENTIAL)
    both = [took(FIRST_PACKET, (A, C, C, 1, 0), net=net, request=n) - 5 for n in range(3000)]
    assert stats.kstest(both, stats.gamma(3, scale=1e6).cdf).pvalue > 1e-3


def test_attempts_and_seeds_are_drawn_apart():
    """The same request under another seed, or at another attempt, takes another time."""
    net = network(leg=EXPONENTIAL)
    ends = (A, B, B, 0, 0)
    keys = [{}, {"seed": 6}, {"attempt": 1}, {"request": 1}]
    assert len({took(FIRST_PACKET, ends, net=net, **key) for key in keys}) == 4


@settings(deadline=None)
@given(split=st.integers(0, 6), request=st.integers(0, 2**40 - 1))
def test_journeys_add_up(split, request):
    """Asked in one piece or in two, the journeys take the same time to the nanosecond."""
    net = network(leg=EXPONENTIAL, core=EXPONENTIAL, local=EXPONENTIAL)
    ends = (A, B, C, 1, 1)
    whole = took((0, 7), ends, net=net, request=request)
    first = took((0, split), ends, net=net, request=request)
    assert whole == first + took((split + 1, 7), ends, net=net, request=request)
