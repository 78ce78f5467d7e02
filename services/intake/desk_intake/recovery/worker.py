"""Does what was asked: looks accounts up, brings tokens, and records what came of them.

Everything it must not forget is in a document that is due, so another replica goes on after a
crash. A token that is brought twice is two tokens, of which the newer counts.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from desk_charter import Charter
from desk_contracts.accounts import Account, Directory, Effect
from desk_contracts.errors import DependencyDown
from desk_contracts.ids import new_id, ticket_code
from desk_contracts.messages import catalogue, negotiate
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.retry import insist
from desk_platform.kafka.timers import Report
from desk_platform.telemetry import get_logger

from desk_intake.catalogue.charter import CATALOGUE
from desk_intake.recovery import decide
from desk_intake.recovery.model import (
    Ask,
    AskQueue,
    Courier,
    Kind,
    Phase,
    Recovery,
    digest_of,
    recovery_of,
)
from desk_intake.tickets.api.deps import TicketChanges
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import Cause, record
from desk_intake.tickets.timers import due_of

log = get_logger()
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Recoveries:
    """The collections, and what is outside."""

    asks: CommandQueue[AskQueue]
    recoveries: CommandQueue[Recovery]
    tickets: TicketChanges
    directory: Directory
    courier: Courier
    clock: Clock
    charter: Callable[[], Charter]
    close_after: timedelta


def team_for(charter: Charter, kind: Kind) -> str:
    """The team that looks where nobody knows what came of it: whoever the catalogue names."""
    items = charter.of(CATALOGUE)
    named = (item.fulfilment.team for item in items if item.fulfilment.recovery == kind)
    return next(named, charter.routing.default_team)


class RecoveryWorker:
    """Timers fire into it."""

    def __init__(self, around: Recoveries) -> None:
        self._around = around

    async def on_asks(self, ids: Iterable[str], _report: Report) -> None:
        """Look at what waits in these queues."""
        for id in ids:
            await self._look(id)

    async def on_recoveries(self, ids: Iterable[str], _report: Report) -> None:
        """Give up what nobody ended, and record what is over."""
        for id in ids:
            await self._finish(id)

    async def _look(self, id: str) -> None:
        holder = new_id()
        held = await self._around.asks.change(
            id, lambda queue, context: decide.hold(queue, holder, context.now)
        )
        if held.state is None or held.state.holder != holder:
            return
        done: set[str] = set()
        # One ask takes up to 20 s: none is begun that could end after another replica takes over.
        until = self._around.clock.now() + decide.HELD / 2
        try:
            for ask in held.state.waiting:
                if self._around.clock.now() > until or not await self._handle(ask):
                    break
                done.add(ask.id)
        finally:
            await self._around.asks.change(
                id,
                lambda queue, context: decide.finish(queue, holder, frozenset(done), context.now),
            )

    async def _handle(self, ask: Ask) -> bool:
        """Whether nothing is left to do for it."""
        now = self._around.clock.now()
        if ask.at + decide.VALID <= now:
            log.warning("recovery_too_late", ask=ask.id)
            return True
        try:
            account = await self._around.directory.find_account(ask.login)
            if account is None or not account.mail:
                return True
            await self._bring(account, ask)
        except DependencyDown as down:
            log.warning("recovery_waits", ask=ask.id, dependency=down.fields.get("dependency"))
            return False
        return True

    async def _bring(self, account: Account, ask: Ask) -> None:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        id, digest = recovery_of(account, ask.kind), digest_of(secret)
        after = await self._around.recoveries.change(
            id, lambda state, context: decide.issue(state, account, ask, digest, context.now)
        )
        if after.state is not None and after.state.digest == digest:
            await self._around.courier.deliver(account, ask.kind, f"{id}.{secret}", ask.language)

    async def redeem(self, id: str, secret: str, kind: Kind, password: str) -> Effect | None:
        """Use a token, once; None if it is no good. `DependencyDown`: surely nothing changed."""
        holder = new_id()
        claimed = await self._around.recoveries.change(
            id, lambda state, context: decide.claim(state, secret, kind, holder, context.now)
        )
        recovery = claimed.state
        if recovery is None or recovery.claim != holder:
            return None
        try:
            if kind == "unlock":
                effect = await self._around.directory.unlock(recovery.subject)
            else:
                effect = await self._around.directory.set_password(recovery.subject, password)
        except DependencyDown:
            await self._release(id, holder, None)
            raise
        await self._release(id, holder, effect)
        return effect

    async def _release(self, id: str, holder: str, effect: Effect | None) -> None:
        def rule(state: Recovery | None, context: Context) -> Decision[Recovery] | None:
            return decide.release(state, holder, effect, context.now)

        # What was done must be state, however long the store is away.
        await insist(lambda: self._around.recoveries.change(id, rule), self._around.clock)

    async def _finish(self, id: str) -> None:
        changed = await self._around.recoveries.change(
            id, lambda state, context: decide.give_up(state, context.now)
        )
        recovery = changed.state
        if recovery is None or recovery.phase not in (Phase.DONE, Phase.IN_DOUBT):
            return
        if recovery.is_recorded:
            return
        await self._record(recovery)
        phase = recovery.phase
        await self._around.recoveries.change(
            id, lambda state, _context: decide.mark_recorded(state, phase)
        )

    async def _record(self, recovery: Recovery) -> None:
        id, team = decide.ticket_of(recovery), team_for(self._around.charter(), recovery.kind)
        speak = catalogue(negotiate(recovery.language))
        title = speak.render(decide.TITLES[recovery.kind])

        def rule(ticket: Ticket | None, context: Context) -> Decision[Ticket] | None:
            cause = Cause(f"{id}/{recovery.phase}", at=recovery.at)
            if ticket is None:
                code = ticket_code(id, context.round)
                decided = decide.record_outcome(recovery, code, team, title)
            elif recovery.phase is Phase.DONE and ticket.is_open:
                decided = decide.correct_outcome(recovery)
            else:
                return None
            recorded = record(id, ticket, decided, cause)
            if recorded is None:
                return None
            return recorded._replace(due=due_of(recorded.state, self._around.close_after))

        await self._around.tickets.change(id, rule)
