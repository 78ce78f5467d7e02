"""The latest tickets of each team, read again every minute at most."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from desk_platform.clock import Clock
from desk_platform.store import Documents

from desk_intake.tickets.forecast import (
    UNKNOWN,
    Forecast,
    ForecastRecord,
    PastTicket,
    TeamPast,
    foresee,
    look_back,
    past_of,
)
from desk_intake.tickets.model import Ticket

# So many open ones and so many others: a few hundred are enough for a quantile.
MOST_READ = 300
_KEPT_FOR = timedelta(minutes=1)
_RECORD_KEPT_FOR = timedelta(minutes=10)
_MOST_TEAMS = 200


@dataclass(frozen=True, slots=True)
class TeamPasts:
    """What is known of how long a team's tickets last."""

    tickets: Documents[Ticket]
    clock: Clock
    _cached: OrderedDict[str, tuple[datetime, TeamPast]] = field(default_factory=OrderedDict)
    _records: OrderedDict[str, tuple[datetime, ForecastRecord]] = field(default_factory=OrderedDict)

    async def foresee(self, ticket: Ticket) -> Forecast | None:
        """When it will be solved; None for a ticket that is over."""
        if not ticket.is_open:
            return None
        described = past_of(ticket)
        if described is None or not ticket.team:
            return UNKNOWN
        return foresee(described, await self.of(ticket.team), self.clock.now())

    async def foresee_person(self, ticket: Ticket) -> Forecast | None:
        """When a person answers who was asked for; None where nobody waits for one."""
        if not ticket.is_open or ticket.person_requested_at is None or not ticket.waits_for_person:
            return None
        if not ticket.team:
            return UNKNOWN
        requests = (await self.of(ticket.team)).person_requests
        wait = PastTicket(ticket.person_requested_at, None, is_solved=False)
        return foresee(wait, requests, self.clock.now())

    async def look_back(self, team: str) -> ForecastRecord:
        """What would have been said of its latest tickets, and what came."""
        now = self.clock.now()
        if (kept := self._records.get(team)) is not None and now - kept[0] < _RECORD_KEPT_FOR:
            return kept[1]
        # A hundred forecasts of some hundred tickets take a tenth of a second: nobody waits for it.
        record = await asyncio.to_thread(look_back, await self.of(team), now)
        self._records[team] = now, record
        while len(self._records) > _MOST_TEAMS:
            self._records.popitem(last=False)
        return record

    async def of(self, team: str) -> TeamPast:
        """Its latest tickets, all that began after one moment: those of before are not whole."""
        now = self.clock.now()
        if (kept := self._cached.get(team)) is not None and now - kept[0] < _KEPT_FOR:
            return kept[1]
        listed: list[list[Ticket]] = []
        for is_open in (True, False):
            facets = {"team": team, "open": is_open}
            rows = await self.tickets.find_brief(facets, order="newest", limit=MOST_READ)
            listed.append([row.state for row in rows if row.state is not None])
        since = max((rows[-1].opened_at for rows in listed if len(rows) == MOST_READ), default=None)
        older: list[PastTicket] = []
        latest: list[PastTicket] = []
        for item in filter(None, map(past_of, chain(*listed))):
            is_late = since is None or item.opened_at >= since
            (latest if is_late else older).append(item)
        waiting = tuple(item for item in older if item.ended_at is None)
        is_whole = len(listed[0]) < MOST_READ
        past = TeamPast(tuple(latest), waiting if is_whole else None)
        self._cached[team] = now, past
        while len(self._cached) > _MOST_TEAMS:
            self._cached.popitem(last=False)
        return past
