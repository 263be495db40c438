"""Why backends are not available: reasons that come and go by themselves."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.balancer import BACKENDS, STRATEGIES, pick
from emu.hops.balancer.barring import Bar, bar, bar_from_start, clear

CHANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.sampled_from(list(Bar))))


@settings(deadline=None)
@given(CHANGES)
def test_only_a_backend_without_reasons_is_available(changes):
    """After any changes exactly the backends without a reason are available, and are picked."""
    kind = STRATEGIES.number("random")
    backends = np.zeros(3, BACKENDS)
    backends["weight"] = backends["available"] = 1
    memory = STRATEGIES["random"].prepare(STRATEGIES.chosen("random").options, backends)
    reasons = [set(), set(), set()]
    for comes, backend, reason in changes:
        (bar if comes else clear)(kind, backends, memory, backend, int(reason))
        (reasons[backend].add if comes else reasons[backend].discard)(reason)
    free = [not its for its in reasons]
    assert backends["available"].tolist() == free
    picked = {pick(kind, backends, memory, 0, 0, 1, request, 0) for request in range(200)}
    assert picked == ({backend for backend in range(3) if free[backend]} or {-1})


def test_reasons_from_the_start_add_up():
    """A backend barred for two reasons from the start is available when both are gone."""
    backends = np.zeros(2, BACKENDS)
    bar_from_start(backends, np.array([True, False]), Bar.WEIGHTLESS)
    bar_from_start(backends, np.array([True, False]), Bar.NOT_JOINED)
    assert backends["available"].tolist() == [0, 1]
    assert backends["barred"].tolist() == [Bar.WEIGHTLESS | Bar.NOT_JOINED, 0]
