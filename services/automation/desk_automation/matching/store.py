"""The compiled runbooks of the charter in force, and what runs of earlier charters still wait for.

A runbook that is taken out of the charter ends no run of its own: what is measured for it is heard.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from desk_charter import Charter, CharterSource
from desk_charter.runbooks import Runbook
from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_platform.clock import Clock
from desk_platform.kafka.retry import insist
from desk_platform.store import Documents, Listed
from desk_platform.store.pages import After, pages

from desk_automation.matching.decide import ModeOf
from desk_automation.matching.rulebook import Rulebook
from desk_automation.rollouts.fleet import FleetRules
from desk_automation.rollouts.model import FaultSeen
from desk_automation.runs.model import Phase, Run
from desk_automation.verification.decide import LATE

_PAGE = 500
# In the order in which a run goes through them: one that moves on meanwhile is met again.
_MEASURED = (
    Phase.SETTLING,
    Phase.AWAITING_APPROVAL,
    Phase.AWAITING_CONSENT,
    Phase.QUEUED,
    Phase.WORKING,
    Phase.VERIFYING,
    Phase.ESCALATED,
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
    """Before anything is read: which measurements runs wait for that another process began."""

    def __init__(self, runs: Documents[Run], rulebooks: Rulebooks, clock: Clock) -> None:
        self._runs, self._rulebooks, self._clock = runs, rulebooks, clock

    async def hear(self) -> None:
        """Waits as long as the store is away: without this, what is measured would be lost."""
        self._rulebooks.hear(await insist(self._find_measurements, self._clock))

    async def _find_measurements(self) -> frozenset[str]:
        measurements: set[str] = set()
        oldest = self._clock.now() - 2 * LATE
        for phase in _MEASURED:
            page_after = partial(self._find_page, str(phase))
            async for page in pages(page_after, lambda listed: (listed.sort, listed.id)):
                runs = [item.state for item in page if item.state is not None]
                measurements |= {run.plan.verify.measurement for run in runs if run.plan.verify}
                if phase is Phase.ESCALATED and runs and runs[-1].created_at < oldest:
                    break
        return frozenset(measurements)

    async def _find_page(self, phase: str, after: After | None) -> Sequence[Listed[Run]]:
        return await self._runs.find_brief(
            {"phase": phase}, order="newest", after=after, limit=_PAGE
        )
