"""How a client's requests are tried, as kernels read it."""

from emu.hops.retries import NEVER, NO_BUDGET, ONCE, POLICY, UNDER_WAY, WINDOW
from emu.recorder.rows import Outcome
from emu.scenario import Client
from emu.scenario.retries import Budget

Policy = tuple[int, int, int, int, int, int, int, int, float, float]
"""The fields of `POLICY`."""


def policy_of(client: Client) -> Policy:
    """The policy of a client; `ONCE` where it neither tries again nor asks twice."""
    policy = dict(zip(POLICY.names or (), ONCE, strict=True))
    retries, hedge = client.retries, client.hedge
    if retries is not None:
        failures = sum(1 << Outcome[name.upper()] for name in retries.on)
        policy |= {"attempts": retries.attempts, "timeout_ns": retries.timeout or NEVER}
        policy |= {"failures": failures, "base_ns": retries.backoff.base}
        policy |= {"max_ns": retries.backoff.max, **_budget(retries.budget)}
    if hedge is not None:
        policy |= {"hedged": hedge.attempts, "hedge_ns": hedge.after}
    return tuple(policy.values())  # type: ignore[return-value]


def _budget(budget: Budget | None) -> dict[str, float]:
    if budget is None:
        return {"budget": NO_BUDGET}
    if budget.min_per_second is not None:
        return {"budget": WINDOW, "share": budget.share, "least": budget.min_per_second}
    return {"budget": UNDER_WAY, "share": budget.share, "least": float(budget.min_concurrent or 0)}
