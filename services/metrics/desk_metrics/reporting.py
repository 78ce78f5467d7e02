"""Reports to owners, once a week: woken by a durable timer, written and published as one document.

Of several replicas that wake, the guard of the document lets one report; its ids are fixed.
"""

from collections.abc import Iterable

from desk_shared.bus import CommandQueue
from desk_shared.bus.timers import Report
from desk_shared.clock import Clock
from desk_shared.errors import Transient
from desk_shared.kernel import Context, Decision
from desk_shared.store import Documents
from desk_shared.telemetry import get_logger

from desk_metrics.domain.periods import Period
from desk_metrics.domain.reporting import (
    WEEKLY,
    Reported,
    as_of,
    first_reported,
    next_period,
    report,
    skills_period,
)
from desk_metrics.systems import Sources

log = get_logger()


class Reporting:
    """Makes the report of the week when it is due."""

    def __init__(
        self,
        documents: Documents[Reported],
        commands: CommandQueue[Reported],
        sources: Sources,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._commands = commands
        self._sources = sources
        self._clock = clock

    async def begin(self) -> None:
        """A desk that never reported begins with its next week."""

        def first(known: Reported | None, context: Context) -> Decision[Reported] | None:
            if known is not None:
                return None
            reported = first_reported(context.now)
            return Decision(reported, due=reported.due)

        await self._commands.change(WEEKLY, first)

    async def wake(self, ids: Iterable[str], _report: Report) -> None:
        """Make what is due; with the store away it stays due and is found again."""
        for id in ids:
            stored = (await self._documents.load([id])).get(id)
            known = None if stored is None else stored.state
            period = None if known is None else next_period(known, self._clock.now())
            if period is None:
                continue
            try:
                await self._make(id, period)
            except Transient as error:
                log.warning("report_waits", period=period.name, reason=str(error))

    async def _make(self, id: str, period: Period) -> None:
        known = as_of(period)
        look = await self._sources.look(period, known)
        heard = await self._sources.heard(look, known)
        quarter = skills_period(period)
        gaps = [] if quarter is None else await self._sources.gaps(quarter, known)
        goals = await self._sources.goals(known)

        def publish(before: Reported | None, _context: Context) -> Decision[Reported] | None:
            if before is None or before.until >= period.end:
                return None
            after, events = report(before, look.systems, gaps, goals, heard, period)
            return Decision(after, events, after.due)

        await self._commands.change(id, publish)
        log.info(
            "owners_told",
            period=period.name,
            systems=len(look.systems),
            skill_gaps=len(gaps),
            goals=len(goals),
        )
