"""The strategies that go by the client's address: shares, weights, and who moves when one goes."""

import math

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.balancer import BACKENDS, STRATEGIES, changed, pick, started
from emu.hops.balancer.ring import place
from emu.hops.balancer.strategies.rendezvous_hash import drawn

ADDRESS = 198 << 24 | 18 << 16
FAMILY = ["bounded_load", "maglev", "rendezvous_hash", "ring_hash", "source_ip_hash"]
CONSISTENT = ["bounded_load", "maglev", "rendezvous_hash", "ring_hash"]
CLIENTS = 20_000


def backends_of(weights):
    """Available backends of these weights, without requests."""
    backends = np.zeros(len(weights), BACKENDS)
    backends["weight"], backends["available"] = weights, 1
    return backends


def prepared(name, backends, **options):
    """The memory of a strategy with these options."""
    module = STRATEGIES[name]
    return module.prepare(module.Options.model_validate(options), backends)


def picks(name, backends, memory, clients=CLIENTS):
    """The backend of each client; their addresses are in a row."""
    kind = STRATEGIES.number(name)
    return np.array([pick(kind, backends, memory, 0, ADDRESS + i, 1, i, 0) for i in range(clients)])


def shares(name, weights, **options):
    """The share of the clients that each backend has."""
    backends = backends_of(weights)
    picked = picks(name, backends, prepared(name, backends, **options))
    return np.bincount(picked, minlength=len(weights)) / len(picked)


@pytest.mark.parametrize("name", FAMILY)
@settings(deadline=None, max_examples=30)
@given(
    key=st.integers(0, 2**32 - 1),
    seeds=st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1)),
    request=st.integers(0, 2**40),
    attempt=st.integers(0, 5),
)
def test_a_client_keeps_its_backend(name, key, seeds, request, attempt):
    """The address alone counts: not the seed, the time, the request or the attempt."""
    backends = backends_of([1.0, 2.0, 0.5, 1.0])
    memory = prepared(name, backends, **getattr(STRATEGIES[name], "EXAMPLE", {}))
    arguments = STRATEGIES.number(name), backends, memory
    assert pick(*arguments, 0, key, seeds[0], 1, 0) == pick(
        *arguments, 99, key, seeds[1], request, attempt
    )


@pytest.mark.parametrize("name", FAMILY)
def test_shares_follow_weights(name):
    """Twice the weight is twice the clients; weight 0 is none, and so are all of weight 0."""
    found = shares(name, [1.0, 2.0, 0.0, 4.0, 0.5])
    assert found[2] == 0
    assert found == pytest.approx(np.array([2, 4, 0, 8, 1]) / 15, rel=0.15)
    assert shares(name, [0.3, 0.0]).tolist() == [1, 0]
    backends = backends_of([0.0, 0.0])
    assert set(picks(name, backends, prepared(name, backends), 10)) == {-1}


@pytest.mark.parametrize("name", FAMILY)
def test_addresses_in_a_row_spread(name):
    """Sixteen neighbours among 64 backends meet many: hashing is not by the address's prefix."""
    backends = backends_of([1.0] * 64)
    assert len(set(picks(name, backends, prepared(name, backends), 16))) >= 9


@pytest.mark.parametrize("name", FAMILY)
def test_who_moves_when_one_of_ten_goes(name):
    """Modulo hashing moves 9/10 of the clients, consistent hashing those of the one that went.

    Maglev moves a few more. All come back with it.
    """
    backends = backends_of([1.0] * 10)
    memory, kind = prepared(name, backends), STRATEGIES.number(name)
    before = picks(name, backends, memory)
    backends["available"][3] = 0
    changed(kind, backends, memory, 3)
    after = picks(name, backends, memory)
    backends["available"][3] = 1
    changed(kind, backends, memory, 3)
    assert picks(name, backends, memory).tolist() == before.tolist()
    own, moved = before == 3, before != after
    assert moved[own].all()
    if name == "source_ip_hash":
        assert moved.mean() == pytest.approx(9 / 10, abs=0.005)
    elif name == "maglev":
        assert 0.002 < moved[~own].mean() < 0.03
    else:
        assert not moved[~own].any()
        assert own.mean() == pytest.approx(1 / 10, rel=0.3)


def test_a_source_address_goes_by_the_map():
    """The address, modulo 6, is a place of the map that HAProxy makes of the weights 3, 1 and 2."""
    backends = backends_of([3.0, 1.0, 2.0])
    memory = prepared("source_ip_hash", backends)
    module = STRATEGIES["source_ip_hash"]
    found = [module.pick(backends, memory, 0, key, 1, 0, 0) for key in range(12)]
    assert found == by_haproxy([3, 1, 2]) * 2
    assert found[:6] == [0, 0, 2, 0, 1, 2]


def by_haproxy(weights):
    """``recalc_server_map``, line by line."""
    total, scores, places = sum(weights), [0] * len(weights), []
    for _ in range(total):
        scores = [score + weight for score, weight in zip(scores, weights, strict=True)]
        values = [
            (score + total) // total if weight else -1
            for score, weight in zip(scores, weights, strict=True)
        ]
        best = values.index(max(values))
        places.append(best)
        scores[best] -= total
    return places


@settings(deadline=None)
@given(weights=st.lists(st.integers(0, 9), min_size=1, max_size=6), key=st.integers(0, 2**32 - 1))
def test_weights_without_a_common_divisor_make_the_map(weights, key):
    """Weights of 20, 40 and 60 make the map of 1, 2 and 3."""
    backends = backends_of([20.0 * weight for weight in weights])
    memory, module = prepared("source_ip_hash", backends), STRATEGIES["source_ip_hash"]
    found = module.pick(backends, memory, 0, key, 1, 0, 0)
    divisor = max(1, np.gcd.reduce(weights))
    places = by_haproxy([weight // divisor for weight in weights])
    assert found == (places[key % len(places)] if places else -1)
    assert memory[0] == len(places)


def test_other_weights_are_scaled_to_whole_ones():
    """The greatest becomes 256, or less where all can be divided; none becomes 0."""

    def units(weights):
        return prepared("source_ip_hash", backends_of(weights))[1 : 1 + len(weights)].tolist()

    assert units([0.5, 0.25, 0.0]) == [2, 1, 0]
    assert units([1.0, 0.3]) == [256, 77]
    assert units([1e9, 1.0]) == [256, 1]


@pytest.mark.parametrize(
    ("points", "lowest", "highest"), [(1, 3.5, 8.5), (10, 1.5, 2.6), (100, 1.18, 1.45)]
)
def test_more_points_make_a_ring_even(points, lowest, highest):
    """The most loaded of 100 nodes has about 5.8, 1.9 and 1.3 times the mean.

    Of 1 point the greatest gap is near ln 100 + 0.58 = 5.2 times the mean, and wide spread.
    """
    found = shares("ring_hash", [1.0] * 100, minimumRingSize=100 * points)
    assert lowest < 100 * found.max() < highest


def test_the_ring_has_points_by_weight():
    """Envoy's numbers: the lightest has a whole number of points, the others in proportion.

    With at most 6 points four equal backends have 2, 1, 2 and 1, as the comment in its source says.
    """

    def points(weights, **options):
        memory = prepared("ring_hash", backends_of(weights), **options)
        return np.bincount(memory[len(memory) // 2 :], minlength=len(weights)).tolist()

    assert points([1.0, 1.0]) == [512, 512]
    assert points([1.0, 2.0, 1.0]) == [256, 512, 256]
    assert points([1.0] * 4, minimumRingSize=4, maximumRingSize=6) == [1, 1, 1, 1]
    assert points([1.0] * 4, minimumRingSize=6, maximumRingSize=6) == [2, 1, 2, 1]
    assert points([1.0] * 9, minimumRingSize=4, maximumRingSize=4) == [1] * 9


@settings(deadline=None)
@given(
    keys=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20),
    away=st.sets(st.integers(0, 4)),
)
def test_a_client_has_the_next_available_point(keys, away):
    """The pick is the owner of the first available point at or after the client, round the ring."""
    backends = backends_of([1.0] * 5)
    backends["available"][list(away)] = 0
    memory = prepared("ring_hash", backends, minimumRingSize=20)
    points = [*zip(*memory.reshape(2, -1).tolist(), strict=True)]
    for key in keys:
        at = place(key)
        turn = sorted(points, key=lambda point: (point[0] < at, point[0]))
        owner = next((owner for _, owner in turn if owner not in away), -1)
        assert STRATEGIES["ring_hash"].pick(backends, memory, 0, key, 1, 0, 0) == owner


@settings(deadline=None)
@given(
    states=st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.0, 0.3, 1.0, 2.0])), min_size=1, max_size=9
    ),
    key=st.integers(0, 2**32 - 1),
)
def test_the_highest_score_wins(states, key):
    """Of all available backends with a weight, the pick has the greatest -w / ln u."""
    backends = backends_of([weight for _, weight in states])
    backends["available"] = [available for available, _ in states]
    scores = [
        -weight / math.log(drawn(key, backend)) if available else 0.0
        for backend, (available, weight) in enumerate(states)
    ]
    wanted = scores.index(max(scores)) if max(scores) > 0 else -1
    memory = prepared("rendezvous_hash", backends)
    assert STRATEGIES["rendezvous_hash"].pick(backends, memory, 0, key, 1, 0, 0) == wanted


def test_maglev_s_table_is_even_and_stays():
    """100 backends in 65,537 entries: the most has 1.001 of the mean; one gone changes 1.6 %."""
    backends, kind = backends_of([1.0] * 100), STRATEGIES.number("maglev")
    memory = prepared("maglev", backends)
    entries = memory[500:].copy()
    assert len(entries) == 65_537
    assert np.bincount(entries).max() / (65_537 / 100) < 1.0011
    backends["available"][40] = 0
    changed(kind, backends, memory, 40)
    assert 0.013 < np.mean(entries != memory[500:]) < 0.019


@pytest.mark.parametrize("balance", [1.0, 1.25, 3.0])
@settings(deadline=None)
@given(
    weights=st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=1, max_size=6),
    steps=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=60),
)
def test_no_backend_gets_more_than_its_cap(balance, weights, steps):
    """With a pick in flight no backend has above ceil(c (T + 1) w / W), and there is always one."""
    backends, kind = backends_of(weights), STRATEGIES.number("bounded_load")
    memory = prepared("bounded_load", backends, minimumRingSize=32, balanceFactor=balance)
    for key, other in steps:
        picked = pick(kind, backends, memory, 0, key, 1, 0, 0)
        usable = (backends["available"] != 0) & (backends["weight"] > 0)
        assert (picked >= 0) == usable.any()
        if picked >= 0:
            total = backends["in_flight"][usable].sum() + 1
            started(kind, backends, memory, picked)
            part = backends["weight"][picked] / backends["weight"][usable].sum()
            assert backends["in_flight"][picked] < balance * total * part * (1 + 1e-12) + 1
        number = other % len(weights)
        if other % 3 == 0:
            backends["available"][number] ^= 1
        elif other % 3 == 1:
            backends["in_flight"][number] = max(0, backends["in_flight"][number] - 2)


def test_a_hot_client_is_shared_out():
    """One client's hundred requests: all on one backend of a ring, at most 125 % with bounds.

    Who is below the cap keeps the client: with room, bounded load picks as the ring does.
    """
    backends, kind = backends_of([1.0] * 5), STRATEGIES.number("bounded_load")
    memory = prepared("bounded_load", backends)
    for _ in range(100):
        started(kind, backends, memory, pick(kind, backends, memory, 0, ADDRESS, 1, 0, 0))
    assert backends["in_flight"].max() == 25
    roomy = prepared("bounded_load", backends_of([1.0] * 5), balanceFactor=1000)
    ring = prepared("ring_hash", backends)
    assert picks("bounded_load", backends, roomy, 500).tolist() == (
        picks("ring_hash", backends, ring, 500).tolist()
    )


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("maglev", {"tableSize": 65_536}, "prime"),
        ("maglev", {"tableSize": 1}, "greater than or equal to 2"),
        ("ring_hash", {"minimumRingSize": 9, "maximumRingSize": 8}, "at most maximumRingSize"),
        ("ring_hash", {"maximumRingSize": 8_388_609}, "less than or equal to 8388608"),
        ("bounded_load", {"balanceFactor": 0.99}, "greater than or equal to 1"),
    ],
)
def test_bad_options_are_refused(name, options, message):
    """A table that is no prime, an empty range of sizes, a cap below the mean."""
    with pytest.raises(pydantic.ValidationError, match=message):
        STRATEGIES[name].Options.model_validate(options)
