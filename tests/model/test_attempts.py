"""How a client's requests are tried, as kernels read it; and the users of closed loops."""

import numpy as np
import pytest

from emu.hops.retries import NEVER, NO_BUDGET, ONCE, POLICY, UNDER_WAY, WINDOW
from emu.model.build import build
from emu.recorder.rows import Outcome
from emu.scenario.retries import FAILURES

MS = 1_000_000

SPEC = """
requests: 1
clients:
  - {name: c, addresses: 198.51.100.0/29, arrivals: {poisson: {rate: 1/s}}}
  - {name: d, arrivals: {poisson: {rate: 1/s}}}
"""


@pytest.fixture
def modelled(described):
    """The model where the first client has these fields."""

    def make(**fields):
        return build(described(SPEC, **{f"clients[0].{name}": it for name, it in fields.items()}))

    return make


def policy(model, client=0):
    """The policy of a client, by field."""
    row = model.policies[model.clients["policy"][client]]
    return {name: row[name].item() for name in POLICY.names}


def bits(*outcomes):
    """These outcomes as bits."""
    return sum(1 << Outcome[name.upper()] for name in outcomes)


def test_who_sends_once_is_not_watched(modelled):
    """No retries and no hedges: one policy for all, and nobody is watched."""
    model = modelled()
    assert policy(model) == policy(model, 1) == dict(zip(POLICY.names, ONCE, strict=True))
    assert not model.clients["watched"].any()


def test_defaults(modelled):
    """Three attempts, after any failure, no time of their own, Envoy's back-off, no budget."""
    model = modelled(retries={})
    assert policy(model) == {
        "attempts": 3, "timeout_ns": NEVER, "failures": bits(*FAILURES), "base_ns": 25 * MS,
        "max_ns": 250 * MS, "hedged": 1, "hedge_ns": NEVER, "budget": NO_BUDGET, "share": 0,
        "least": 0,
    }  # fmt: skip
    assert model.clients["watched"].tolist() == [1, 0]
    assert len(model.policies) == 2


def test_every_failure_can_be_named():
    """All outcomes that are produced, but for answers, and for what is no answer yet."""
    others = {"ok", "cancelled", "in_flight"}
    assert {outcome.name.lower() for outcome in Outcome} - others == set(FAILURES)


@pytest.mark.parametrize(
    ("budget", "fields"),
    [
        ({"minPerSecond": 10}, (WINDOW, 0.2, 10)),
        ({"share": 0.5, "minConcurrent": 3}, (UNDER_WAY, 0.5, 3)),
        ({"share": 0, "minConcurrent": 0}, (UNDER_WAY, 0, 0)),
    ],
)
def test_budgets(modelled, budget, fields):
    """A window of so many a second, or a share of what is under way."""
    its = policy(modelled(retries={"budget": budget, "on": ["refused"], "timeout": "1s"}))
    assert (its["budget"], its["share"], its["least"]) == fields
    assert (its["failures"], its["timeout_ns"]) == (bits("refused"), 1000 * MS)


def test_hedges(modelled):
    """How many attempts there are, and when the next one is sent."""
    its = policy(modelled(hedge={"after": "5ms", "attempts": 4}))
    assert (its["attempts"], its["hedged"], its["hedge_ns"]) == (1, 4, 5 * MS)


def test_users_are_dealt_to_addresses(modelled):
    """Twenty users of six addresses are numbered as if there were 24, so that each keeps one."""
    loop = {"closed_loop": {"users": 20, "thinkTime": {"uniform": {"low": "1s", "high": "2s"}}}}
    model = modelled(arrivals=loop)
    row = model.clients[0]
    assert (row["sources"], row["users"], row["stride"], row["watched"]) == (6, 20, 24, 1)
    assert np.count_nonzero(model.clients["users"]) == 1
