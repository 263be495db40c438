"""Parts of the compiled loop: requests of watched clients, with all their attempts.

A call is a request as its client sees it, until one of its attempts is answered, or none will be:
see `emu.engines.process.call`.
"""

from emu.distributions import sample
from emu.engines.compiled.client import hand_out, new_attempt, set_out
from emu.engines.compiled.closing import done, leave
from emu.engines.compiled.layout import (
    CALL,
    CONNECT,
    LATER,
    NONE,
    PENDING,
    WANTED,
    Fixed,
    Moving,
)
from emu.engines.compiled.schedule import schedule, schedule_timer, ticket_at
from emu.engines.compiled.taking import client_connect
from emu.engines.ending import NEVER, deadline_of, ending, ending_given_up
from emu.events import Kind, ticket_of
from emu.hops.retries import backoff, began, dropped, ended, requested, retries
from emu.kernel import kernel, part
from emu.random_streams import THINK
from emu.recorder.rows import ABSENT, Outcome

_CLIENT_HEDGE = int(Kind.CLIENT_HEDGE)
_CLIENT_RETRY = int(Kind.CLIENT_RETRY)
_CLIENT_SEND = int(Kind.CLIENT_SEND)
_CLIENT_TIMEOUT = int(Kind.CLIENT_TIMEOUT)
_OK, _CANCELLED = int(Outcome.OK), int(Outcome.CANCELLED)
_REQUEST_TIMEOUT = int(Outcome.REQUEST_TIMEOUT)


@kernel
def begin(f: Fixed, m: Moving, client: int, number: int, now: int) -> None:
    """A client has a new request."""
    m.counters[PENDING] -= 1
    call = m.counters[CALL]
    m.counters[CALL] = m.calls[call]["next"]
    it = m.calls[call]
    it["number"], it["intended_ns"], it["client"] = number, now, client
    it["sent"] = it["pending"] = 0
    it["first"] = it["last"] = NONE
    requested(f.policies, m.budgets, f.net.clients[client]["policy"], client, now)
    _try(f, m, call, 0, now)


@kernel
def _try(f: Fixed, m: Moving, call: int, retried: int, now: int) -> None:
    """Send another attempt."""
    it = m.calls[call]
    client, attempt = it["client"], it["sent"]
    its = f.policies[f.net.clients[client]["policy"]]
    slot = new_attempt(f, m, client, it["number"], attempt, it["intended_ns"], now)
    it["sent"] += 1
    mine = m.attempts[slot]
    mine["call"], mine["retried"], mine["next"] = call, retried, NONE
    mine["given_up"] = NONE
    if it["last"] == NONE:
        it["first"] = slot
    else:
        m.attempts[it["last"]]["next"] = slot
    it["last"] = slot
    began(m.budgets, client)
    ticket = ticket_at(m.rows, slot)
    until = min(_deadline(f, m, call), now + its["timeout_ns"])
    mine["until_ns"] = until
    if until < NEVER:
        schedule_timer(m.events, m.counters, _CLIENT_TIMEOUT, until, ticket, slot)
    if it["sent"] < its["hedged"]:
        later = now + its["hedge_ns"]
        schedule_timer(m.events, m.counters, _CLIENT_HEDGE, later, ticket, call)
    m.counters[LATER] = 0
    time, kind = set_out(f, m, slot, client, now)
    if m.counters[LATER] == CONNECT:
        time, kind = client_connect(f, m, slot, now)
    if time != NONE:
        schedule(m.events, kind, time, ticket, slot)
    m.counters[LATER] = 0  # nobody waits yet for a connection that was opened now


@part
def _deadline(f: Fixed, m: Moving, call: int) -> int:
    """When the client gives the whole request up."""
    it = m.calls[call]
    return int(deadline_of(it["intended_ns"], f.net.clients[it["client"]]["timeout_ns"]))


@kernel
def conclude(f: Fixed, m: Moving, slot: int, now: int) -> None:
    """The answer to an attempt is at its client, or what stands for one."""
    row, journey, mine = m.rows[slot], m.journeys[slot], m.attempts[slot]
    if journey["connection"] > 0:
        met, listener = row["outcome"], journey["listener"]
        balanced = listener != NONE and f.net.listeners[listener]["joins"] == 0
        if balanced and not (f.live and row["lb_ns"] == ABSENT):
            met = _OK  # whatever happened behind it, the balancer has answered
        done(f, m, journey["connection"], met, now)
    if mine["given_up"] == NONE:
        row["outcome"], row["done_ns"] = ending(row["outcome"], now, NEVER, f.end)
        _answered(f, m, slot, now)
    else:
        row["outcome"], row["done_ns"] = ending_given_up(
            row["outcome"], mine["given_up"], mine["given_up_ns"], f.end
        )
    hand_out(m, slot)


@part
def _answered(f: Fixed, m: Moving, slot: int, now: int) -> None:
    """An attempt that the client still waited for has ended."""
    call, outcome = m.attempts[slot]["call"], m.rows[slot]["outcome"]
    _remove(m, call, slot)
    if outcome != _OK:
        _fail(f, m, call, slot, outcome, now)
        return
    _give_all_up(f, m, call, _CANCELLED, now)
    _end(f, m, call, now)


@kernel
def time_out(f: Fixed, m: Moving, slot: int, ticket: int, now: int) -> None:
    """The client gives up on an attempt, or on the whole request."""
    if ticket_at(m.rows, slot) != ticket or m.attempts[slot]["given_up"] != NONE:
        return
    call = m.attempts[slot]["call"]
    if now < _deadline(f, m, call):
        _give_up(f, m, call, slot, _REQUEST_TIMEOUT, now)
        _fail(f, m, call, slot, _REQUEST_TIMEOUT, now)
        return
    _give_all_up(f, m, call, _REQUEST_TIMEOUT, now)
    _end(f, m, call, now)


@kernel
def _give_all_up(f: Fixed, m: Moving, call: int, outcome: int, now: int) -> None:
    """Wait for none of the attempts any longer."""
    while m.calls[call]["first"] != NONE:
        _give_up(f, m, call, m.calls[call]["first"], outcome, now)


@kernel
def _give_up(f: Fixed, m: Moving, call: int, slot: int, outcome: int, now: int) -> None:
    """Wait for an attempt no longer; it goes on, but leaves a connection that is open."""
    _remove(m, call, slot)
    m.attempts[slot]["given_up"], m.attempts[slot]["given_up_ns"] = outcome, now
    leave(f, m, slot, now)


@part
def _remove(m: Moving, call: int, slot: int) -> None:
    """Take an attempt out of those that the client waits for."""
    it, mine = m.calls[call], m.attempts[slot]
    if it["first"] == slot:
        it["first"], before = mine["next"], NONE
    else:
        before = it["first"]
        while m.attempts[before]["next"] != slot:
            before = m.attempts[before]["next"]
        m.attempts[before]["next"] = mine["next"]
    if it["last"] == slot:
        it["last"] = before
    ended(m.budgets, it["client"], mine["retried"])


@kernel
def _fail(f: Fixed, m: Moving, call: int, slot: int, outcome: int, now: int) -> None:
    """Try again, or wait for the attempts that there are, or give the request up."""
    it, row = m.calls[call], m.rows[slot]
    client = it["client"]
    policy = f.net.clients[client]["policy"]
    later = now + backoff(f.policies, policy, f.net.seed, row["request"], row["attempt"])
    if later < _deadline(f, m, call) and retries(
        f.policies, m.budgets, policy, client, it["sent"] + it["pending"], outcome, now
    ):
        it["pending"] += 1
        m.counters[PENDING] += 1
        m.counters[WANTED] += 1
        ticket = ticket_at(m.rows, slot)
        schedule_timer(m.events, m.counters, _CLIENT_RETRY, later, ticket, call)
    elif it["first"] == NONE and it["pending"] == 0:
        _end(f, m, call, now)


@kernel
def retry(f: Fixed, m: Moving, call: int, ticket: int, now: int) -> None:
    """The time to try again has come, unless the request is over."""
    m.counters[PENDING] -= 1
    if _is(m, call, ticket):
        m.calls[call]["pending"] -= 1
        _try(f, m, call, 1, now)
    else:
        m.counters[WANTED] -= 1
        # Of whom it was is in the ticket: a client's requests are as many apart as there are.
        dropped(m.budgets, (ticket >> 8) % len(f.net.clients))


@kernel
def hedge(f: Fixed, m: Moving, call: int, ticket: int, now: int) -> None:
    """The answer is late: another attempt is sent, unless there are enough."""
    if not _is(m, call, ticket):
        return
    it = m.calls[call]
    if it["sent"] < f.policies[f.net.clients[it["client"]]["policy"]]["hedged"]:
        m.counters[WANTED] += 1
        _try(f, m, call, 0, now)


@part
def _is(m: Moving, call: int, ticket: int) -> bool:
    """Whether the call is still that of this ticket."""
    return bool(m.calls[call]["number"] == ticket >> 8)


@kernel
def _end(f: Fixed, m: Moving, call: int, now: int) -> None:
    """The request is over; in a closed loop, its user thinks about the next."""
    it = m.calls[call]
    client, number = it["client"], it["number"]
    it["number"], it["next"] = NONE, m.counters[CALL]
    m.counters[CALL] = call
    if f.net.clients[client]["users"] > 0:
        stride = len(f.net.clients) * f.net.clients[client]["stride"]
        think(f, m, client, number + stride, now)


@kernel
def think(f: Fixed, m: Moving, client: int, number: int, now: int) -> None:
    """A user thinks before this request."""
    distribution = f.net.clients[client]["think"]
    at = now + sample(f.net.table, distribution, f.net.seed, THINK, number, 0)
    if at < f.end:
        ticket = ticket_of(number, 0)
        schedule_timer(m.events, m.counters, _CLIENT_SEND, at, ticket, client)
