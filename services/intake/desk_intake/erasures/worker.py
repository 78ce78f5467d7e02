"""Looks once a day for closed tickets whose texts are kept long enough, and has them erased."""

from collections.abc import AsyncIterator
from datetime import timedelta

from desk_charter.retention import RETENTION, RetentionRule
from desk_contracts.events.tickets import State
from desk_contracts.ids import derive_id
from desk_kernel import Context, Decision
from desk_platform.erasure import Erasures
from desk_platform.heartbeat import beat

from desk_intake.erasures.decide import TICKETS_EACH, expire_texts
from desk_intake.erasures.model import ErasureRequest
from desk_intake.erasures.store import ErasureRequests
from desk_intake.tickets.api.deps import TicketDeps

EVERY = timedelta(days=1)
# So often it shows that it is there.
_ROUND = timedelta(seconds=5)
_PAGE = 200


class RetentionWorker:
    """Every replica looks; the same tickets make the same erasure, so it is asked for once."""

    def __init__(self, tickets: TicketDeps, requests: ErasureRequests, erasures: Erasures) -> None:
        self._tickets, self._requests, self._erasures = tickets, requests, erasures

    async def run(self) -> None:
        """Until cancelled."""
        await self._erasures.read_to_end()
        clock, due = self._tickets.clock, self._tickets.clock.now()
        while True:
            if clock.now() >= due:
                await self.look()
                due = clock.now() + EVERY
            beat()
            await clock.sleep(_ROUND)

    async def look(self) -> None:
        """One round over all rules of the charter."""
        for rule in self._tickets.charter().of(RETENTION):
            if rule.texts_days is None:
                continue
            batch = list[str]()
            async for id in self._list_old(rule, timedelta(days=rule.texts_days)):
                batch.append(id)
                if len(batch) == TICKETS_EACH:
                    await self._expire(rule, batch)
                    batch = []
            if batch:
                await self._expire(rule, batch)

    async def _list_old(self, rule: RetentionRule, kept: timedelta) -> AsyncIterator[str]:
        until = self._tickets.clock.now() - kept
        for state in (State.CLOSED, State.MERGED):
            # What was opened later was changed later, too.
            after: tuple[object, str] | None = (-int(until.timestamp() * 1000), "")
            while after is not None:
                page = await self._tickets.tickets.find_brief(
                    {"state": state.value}, order="newest", after=after, limit=_PAGE
                )
                for listed in page:
                    ticket = listed.state
                    if ticket is None or ticket.kind not in rule.kinds:
                        continue
                    if ticket.updated_at <= until and ticket.id not in self._erasures.tickets:
                        yield ticket.id
                last = page[-1] if len(page) == _PAGE else None
                after = None if last is None or last.state is None else (last.state.newest, last.id)
                beat()

    async def _expire(self, rule: RetentionRule, tickets: list[str]) -> None:
        id = derive_id("\n".join(tickets), "texts-expired")

        def decide(
            state: ErasureRequest | None, context: Context
        ) -> Decision[ErasureRequest] | None:
            if state is not None:
                return None
            return expire_texts(id, rule.name, tickets, context.now)

        await self._requests.change(id, decide)
