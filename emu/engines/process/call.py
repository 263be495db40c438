"""A request as its client sees it: with all attempts, until one is answered, or none will be."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.engines.ending import NEVER, deadline_of
from emu.engines.process.moments import do_at
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.retries import backoff, began, dropped, ended, requested, retries
from emu.recorder.rows import Outcome

if TYPE_CHECKING:
    from emu.engines.process.client import Client


class Call:
    """Request ``number`` of a watched client."""

    def __init__(self, client: "Client", number: int, intended: int) -> None:
        self._client, self._emulation, self._env = client, client.emulation, client.emulation.env
        self.number, self._intended = number, intended
        self._policies, self._policy = client.emulation.model.policies, client.policy
        self._its = self._policies[self._policy]
        self._budgets = client.emulation.state.budgets
        self._deadline = deadline_of(intended, client.timeout)
        self._sent = self._pending = 0
        self._open: list[Request] = []
        self._over = False
        requested(self._policies, self._budgets, self._policy, client.number, self._env.now)
        self._try(retried=False)

    def _try(self, retried: bool) -> None:
        """Send another attempt."""
        request = self._client.attempt(self.number, self._sent, self._intended)
        request.call, request.retried = self, retried
        self._sent += 1
        self._open.append(request)
        began(self._budgets, self._client.number)
        now = self._env.now
        until = min(self._deadline, now + int(self._its["timeout_ns"]))
        request.deadline_ns = until
        self._at(Kind.CLIENT_TIMEOUT, request.ticket, until, lambda: self._time_out(request))
        if self._sent < self._its["hedged"]:
            later = now + int(self._its["hedge_ns"])
            self._at(Kind.CLIENT_HEDGE, request.ticket, later, self._hedge)
        self._client.send(request)

    def _at(self, kind: Kind, ticket: int, at: int, do: Callable[[], None]) -> None:
        """Do something then, if there is such a time."""
        if at < NEVER:
            do_at(self._env, kind, ticket, at, do)

    def answered(self, request: Request) -> None:
        """An attempt that the client still waited for has ended."""
        self._close(request)
        if request.outcome != Outcome.OK:
            self._fail(request, request.outcome)
            return
        for other in tuple(self._open):
            self._give_up(other, Outcome.CANCELLED)
        self._end()

    def _time_out(self, request: Request) -> None:
        """The client gives up on an attempt, or on the whole request."""
        if request not in self._open:
            return
        if self._env.now < self._deadline:
            self._give_up(request, Outcome.REQUEST_TIMEOUT)
            self._fail(request, Outcome.REQUEST_TIMEOUT)
            return
        for each in tuple(self._open):
            self._give_up(each, Outcome.REQUEST_TIMEOUT)
        self._end()

    def _give_up(self, request: Request, outcome: Outcome) -> None:
        """Wait for an attempt no longer; it goes on, but leaves a connection that is open."""
        self._close(request)
        request.given_up = outcome
        request.given_up_ns = self._env.now
        connection, pool = request.held, request.pool
        if connection is not None and pool is not None and connection.is_open:
            request.held = None
            pool.give_up(connection)

    def _close(self, request: Request) -> None:
        self._open.remove(request)
        ended(self._budgets, self._client.number, request.retried)

    def _fail(self, request: Request, outcome: int) -> None:
        """Try again, or wait for the attempts that there are, or give the request up."""
        number, now = self._client.number, self._env.now
        later = now + backoff(
            self._policies, self._policy, self._emulation.model.seed, self.number, request.attempt
        )
        if later < self._deadline and retries(
            self._policies, self._budgets, self._policy, number, self._sent + self._pending,
            outcome, now,
        ):  # fmt: skip
            self._pending += 1
            self._emulation.expect()
            self._at(Kind.CLIENT_RETRY, request.ticket, later, self._retry)
        elif not self._open and not self._pending:
            self._end()

    def _retry(self) -> None:
        self._pending -= 1
        self._emulation.expected(sent=not self._over)
        if self._over:
            dropped(self._budgets, self._client.number)
        else:
            self._try(retried=True)

    def _hedge(self) -> None:
        if not self._over and self._sent < self._its["hedged"]:
            self._emulation.expect()
            self._emulation.expected(sent=True)
            self._try(retried=False)

    def _end(self) -> None:
        self._over = True
        self._client.over(self)
