"""Queues whose response times are known exactly, against the numbers that are published."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize

from emu.analysis.queueing import (
    choices_mean_response,
    erlang_c,
    hedged_mean,
    hedged_tail,
    in_turn_mean_response,
    mg1_mean_response,
    mmc_mean_response,
    mmc_response_quantile,
    mmc_response_tail,
    shared_response,
)


@pytest.mark.parametrize(
    ("servers", "load", "waiting", "response"),
    [
        (1, 0.5, 0.5, 2),
        (1, 0.9, 0.9, 10),
        (2, 0.7, 0.5765, 1.9608),
        (2, 0.9, 0.8526, 5.2632),
        (4, 0.9, 0.7878, 2.9694),
        (10, 0.9, 0.6687, 1.6687),
        (20, 0.95, 0.7554, 1.7554),
    ],
)
def test_mmc_gives_the_published_table(servers, load, waiting, response):
    """Erlang C and the mean response, in mean services, at a load of each server."""
    assert erlang_c(servers, servers * load) == pytest.approx(waiting, abs=5e-5)
    assert mmc_mean_response(servers, servers * load, 1) == pytest.approx(response, abs=5e-5)


def test_erlang_c_is_the_sum_of_its_definition():
    """The recursion gives what the sum of the states' weights does, for many servers too."""
    for servers, load in ((3, 2.5), (50, 45), (150, 120)):
        last = load**servers / math.factorial(servers) / (1 - load / servers)
        states = sum(load**k / math.factorial(k) for k in range(servers))
        assert erlang_c(servers, load) == pytest.approx(last / (states + last), rel=1e-12)


def test_erlang_c_of_a_great_many_servers():
    """Ten thousand servers overflow no float; at the same distance from the limit in square roots,
    as many wait (Halfin and Whitt)."""
    assert erlang_c(10_000, 9_900) == pytest.approx(erlang_c(1_000_000, 999_000), abs=0.005)


def test_one_server_has_exponential_responses():
    """M/M/1: the response is exponential with mean 1 / (mu - lambda), so any quantile is known."""
    for share in (0.5, 0.9, 0.99, 0.9999):
        exact = -math.log(1 - share) / (100 - 80)
        assert mmc_response_quantile(1, 80, 0.01, share) == pytest.approx(exact, rel=1e-12)


def test_the_tail_integrates_to_the_mean():
    """The mean is the integral of the tail, with equal rates of waiting and service as well."""
    for servers, load in ((1, 0.5), (2, 1.0), (4, 3.6), (10, 9.0), (4, 3.0)):
        mean, _ = integrate.quad(lambda t, c=servers, a=load: mmc_response_tail(c, a, 1, t), 0, 500)
        assert mean == pytest.approx(mmc_mean_response(servers, load, 1), rel=1e-6)


def test_a_quantile_is_where_the_tail_is_what_is_left():
    """Quantile and tail are inverse to each other, for any number of servers and unit of time."""
    for servers in (1, 2, 7, 100):
        for share in (0.1, 0.5, 0.99, 0.999):
            time = mmc_response_quantile(servers, 0.9 * servers / 0.02, 0.02, share)
            tail = mmc_response_tail(servers, 0.9 * servers / 0.02, 0.02, time)
            assert tail == pytest.approx(1 - share, rel=1e-9)
    assert mmc_response_quantile(3, 100, 0.01, 0.0) == 0


def test_a_tail_far_out_is_no_overflow():
    """Close to saturation the wait is thousands of services, and its tail still a number."""
    assert mmc_response_quantile(1, 0.9999, 1, 0.9999) == pytest.approx(
        -math.log(1e-4) / 1e-4, rel=1e-9
    )
    assert mmc_response_tail(4, 3.9999, 1, 1e6) < 1e-40


def test_in_overload_everybody_waits_for_ever():
    """At and above saturation: probability 1, and infinite responses."""
    assert [erlang_c(2, 2), erlang_c(2, 3)] == [1, 1]
    assert mmc_response_tail(2, 3, 1, 1e9) == 1
    for response in (
        mmc_mean_response(2, 2, 1),
        mmc_response_quantile(2, 2, 1, 0.5),
        mg1_mean_response(1, 1, 0),
        shared_response(1, 1, 1),
        in_turn_mean_response(10, 1, 1),
        choices_mean_response(2, 1, 1),
    ):
        assert response == math.inf


def test_pollaczek_and_khinchine():
    """M/D/1 as published; with exponential services, M/M/1."""
    known = {0.5: 1.5, 0.7: 2.1667, 0.8: 3, 0.9: 5.5, 0.95: 10.5}
    for load, response in known.items():
        assert mg1_mean_response(load, 1, 0) == pytest.approx(response, abs=5e-5)
    assert mg1_mean_response(60, 0.01, 1) == pytest.approx(mmc_mean_response(1, 60, 0.01))


def test_round_robin_over_ten():
    """E_10/M/1 as published, and by another solver; with one queue, M/M/1."""
    known = {0.5: 1.3246, 0.7: 2.0198, 0.8: 2.9223, 0.9: 5.6603, 0.95: 11.1549}
    for load, response in known.items():
        assert in_turn_mean_response(10, load, 1) == pytest.approx(response, abs=5e-5)
        met = optimize.brentq(
            lambda s, a=10 * load: (a / (a + 1 - s)) ** 10 - s, 0, 1 - 1e-9, xtol=1e-15
        )
        assert in_turn_mean_response(10, load, 1) == pytest.approx(1 / (1 - met), rel=1e-9)
    assert in_turn_mean_response(1, 70, 0.01) == pytest.approx(mmc_mean_response(1, 70, 0.01))


def test_the_limit_of_d_choices():
    """Two choices as published; one is M/M/1, and more are better."""
    known = {0.5: 1.2657, 0.7: 1.6145, 0.8: 1.9474, 0.9: 2.6141, 0.95: 3.3830, 0.99: 5.4320}
    for load, response in known.items():
        assert choices_mean_response(2, load, 1) == pytest.approx(response, abs=5e-5)
    assert choices_mean_response(1, 90, 0.01) == pytest.approx(mmc_mean_response(1, 90, 0.01))
    means = [choices_mean_response(d, 0.9, 1) for d in (1, 2, 3, 10)]
    assert means == sorted(means, reverse=True)


def test_processor_sharing_makes_all_sizes_wait_alike():
    """x / (1 - rho), so the mean is that of M/M/1."""
    assert shared_response(80, 0.01, 0.01) == pytest.approx(mmc_mean_response(1, 80, 0.01))
    assert shared_response(80, 0.01, 0.05) == pytest.approx(0.25)


def test_hedging_with_servers_for_all():
    """Before the hedge one exponential runs, after it two; the mean is the tail's integral."""
    assert hedged_tail(2, 1, 1) == pytest.approx(math.exp(-1))
    assert hedged_tail(2, 1, 3) == pytest.approx(math.exp(-4))
    times = np.linspace(0, 60, 600_001)
    mean = integrate.trapezoid([hedged_tail(1.5, 2, t) for t in times], times)
    assert mean == pytest.approx(hedged_mean(1.5, 2), rel=1e-6)
