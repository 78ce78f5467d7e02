"""The compiled runbooks of the charter in force, and what runs of earlier charters still wait for.

A runbook that is taken out of the charter ends no run of its own: what is measured for it is heard.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from desk_charter import Charter, CharterSource
from desk_charter.runbooks import Runbook
from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_platform.clock import Clock
from desk_platform.kafka.retry import insist
from desk_platform.store import Documents, Listed
from desk_platform.store.listings import Facets
from desk_platform.store.pages import After, pages

from desk_automation.matching.decide import ModeOf
from desk_automation.matching.rulebook import Rulebook
from desk_automation.rollouts.fleet import FleetRules
from desk_automation.rollouts.model import FaultSeen
from desk_automation.runs.model import Phase, Run
from desk_automation.verification.decide import LATE

_PAGE = 500
# Behind every id.
_LAST = "~"
# In the order in which a run goes through them: one that moves on meanwhile is met again.
_MEASURED = (
    Phase.SETTLING,
    Phase.AWAITING_APPROVAL,
    Phase.AWAITING_CONSENT,
    Phase.QUEUED,
    Phase.WORKING,
    Phase.VERIFYING,
)


class Rulebooks:
    """Called for the rulebook in force. What was measured for a run once is so to the end."""

    def __init__(self, source: CharterSource) -> None:
        self._current = Rulebook(source.current)
        self._charter = source.current
        source.on_change(self._take)

    def __call__(self) -> Rulebook:
        return self._current

    def find_faults(
        self, event: Event[SignalRaised], now: datetime, mode_of: ModeOf = Runbook.mode_on
    ) -> dict[str, tuple[FaultSeen, FleetRules]]:
        """By the rulebook in force."""
        return self._current.find_faults(event, now, mode_of)

    def hear(self, measurements: frozenset[str]) -> None:
        """Runs wait for these as well."""
        self._current = Rulebook(self._charter, self._current.measurements | measurements)

    def _take(self, charter: Charter) -> None:
        self._charter = charter
        self._current = Rulebook(charter, self._current.measurements)


class OpenRuns:
    """Before anything is read: which measurements runs wait for that another process began.

    Asked of an index, so it costs what there are measurements, and not what there are runs.
    """

    def __init__(self, runs: Documents[Run], rulebooks: Rulebooks, clock: Clock) -> None:
        self._runs, self._rulebooks, self._clock = runs, rulebooks, clock

    async def hear(self) -> None:
        """Waits as long as the store is away: without this, what is measured would be lost."""
        self._rulebooks.hear(await insist(self._find_measurements, self._clock))

    async def _find_measurements(self) -> frozenset[str]:
        measurements: set[str] = set()
        for phase in map(str, _MEASURED):
            # An earlier version wrote runs that the index does not know.
            async for page in self._pages({"phase": phase, "measured": None}, "_id"):
                measurements |= _find_measured(page)
            after: After = ("", _LAST)
            while following := await self._runs.find_facets(
                {"phase": phase}, order="measured", after=after, limit=1
            ):
                after = (following[0][1]["measured"], _LAST)
                measurements.add(str(after[0]))
        oldest = self._clock.now() - 2 * LATE
        async for page in self._pages({"phase": str(Phase.ESCALATED)}, "newest"):
            measurements |= _find_measured(page)
            if any(item.state is not None and item.state.created_at < oldest for item in page):
                break
        return frozenset(measurements)

    def _pages(self, facets: Facets, order: str) -> AsyncIterator[Sequence[Listed[Run]]]:
        return pages(
            lambda after: self._runs.find_brief(facets, order=order, after=after, limit=_PAGE),
            lambda listed: (listed.sort, listed.id),
        )


def _find_measured(page: Sequence[Listed[Run]]) -> set[str]:
    runs = (item.state for item in page if item.state is not None)
    return {run.plan.verify.measurement for run in runs if run.plan.verify}
