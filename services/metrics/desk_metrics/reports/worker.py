"""Reports to owners, once a week: a durable timer fires, one document is written and published.

Of several replicas whose timers fire, the guard of the document lets one report; its ids are fixed.
A report waits until the log is read about to its end: after a stop, much of what it counts may
still be in it. Deadlines wait more exactly, each for its partition.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from desk_contracts import AnyEvent
from desk_contracts.errors import Transient
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.health import Progress
from desk_platform.kafka import CommandQueue, Projection
from desk_platform.kafka.timers import Report
from desk_platform.store import Documents
from desk_platform.telemetry import get_logger

from desk_metrics.reports.changes import Changes, add_change, changes_key
from desk_metrics.reports.decide import (
    WEEKLY,
    Reported,
    as_of,
    first_reported,
    next_period,
    report,
    skills_period,
)
from desk_metrics.reports.periods import ReportPeriod
from desk_metrics.reports.store import Sources


def changes_projection(documents: Documents[Changes]) -> Projection[Changes]:
    """What was changed at each service, and which problems it had."""

    def keys(event: AnyEvent) -> Iterable[str]:
        key = changes_key(event)
        return (key,) if key else ()

    def react(
        state: Changes | None, event: AnyEvent, _context: Context
    ) -> Decision[Changes] | None:
        after = add_change(state or Changes(), event)
        return None if after == state else Decision(after)

    return Projection(documents, keys=keys, react=react)


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

        def first(state: Reported | None, context: Context) -> Decision[Reported] | None:
            if state is not None:
                return None
            reported = first_reported(context.now)
            return Decision(reported, due=reported.due)

        await self._commands.change(WEEKLY, first)

    async def on_timer(self, ids: Iterable[str], _report: Report) -> None:
        """Make what is due; with the store away it stays due and is found again."""
        for id in ids:
            stored = (await self._documents.load([id])).get(id)
            reported = None if stored is None else stored.state
            period = None if reported is None else next_period(reported, self._clock.now())
            if period is None:
                continue
            try:
                await self._make(id, period)
            except Transient as error:
                log.warning("report_waits", period=period.name, reason=str(error))

    async def _make(self, id: str, period: ReportPeriod) -> None:
        moment = as_of(period)
        survey = await self._sources.survey(period, moment)
        heard = await self._sources.load_heard(survey, moment)
        quarter = skills_period(period)
        gaps = [] if quarter is None else await self._sources.find_skill_gaps(quarter, moment)
        goals = await self._sources.goals(moment)

        def publish(before: Reported | None, _context: Context) -> Decision[Reported] | None:
            if before is None or before.until >= period.end:
                return None
            after, events = report(before, survey.systems, gaps, goals, heard, period)
            return Decision(after, events, after.due)

        await self._commands.change(id, publish)
        log.info(
            "owners_told",
            period=period.name,
            systems=len(survey.systems),
            skill_gaps=len(gaps),
            goals=len(goals),
        )


# About what a batch takes: a busy desk is never at the end of its log.
BEHIND = 500
_CHECK = timedelta(milliseconds=100)


def is_caught_up(progress: Progress) -> bool:
    """Partitions are ours, their lag is known, and it is small."""
    lag = progress.lag
    if progress.assigned == 0 or lag is None or progress.pause_reason is not None:
        return False
    return lag + progress.halted <= BEHIND


def once_caught_up(progress: Progress, clock: Clock) -> Callable[[], Awaitable[None]]:
    """A gate for timers; at work it opens at once."""

    async def gate() -> None:
        while not is_caught_up(progress):
            await clock.sleep(_CHECK)

    return gate
