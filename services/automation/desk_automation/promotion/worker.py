"""The modes of promoted runbooks, as every replica knows them: read from the store again and again.

A match is planned by what was read last. That a run acts unasked is asked of the store once more.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from desk_charter.runbook_brakes import Mode
from desk_charter.runbooks import Runbook
from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.kafka.retry import insist
from desk_platform.store import Documents

from desk_automation.promotion.decide import Version, promotion_id
from desk_automation.promotion.model import PromotionState, find_mode
from desk_automation.runs.plan import version_of

# A promotion takes hold on every replica within this; a demotion holds at once.
LOOK_EVERY = timedelta(seconds=2)


class PromotedModes:
    """The last reading, so that no match waits for the store."""

    def __init__(
        self,
        documents: Documents[PromotionState],
        runbooks: Callable[[], tuple[Runbook, ...]],
        clock: Clock,
    ) -> None:
        self._documents, self._runbooks, self._clock = documents, runbooks, clock
        self._promoted: Mapping[str, Mode] = {}

    def find(self, runbook: Runbook, day: date) -> Mode:
        """The mode in force."""
        if runbook.promotion is None:
            return runbook.mode_on(day)
        id = promotion_id(runbook.id, version_of(runbook))
        return find_mode(runbook, self._promoted.get(id), day)

    def find_version(self, runbook: str, version: str) -> Version | None:
        """That version of the runbook, if it is in force and declares promotion."""
        declared = next((item for item in self._runbooks() if item.id == runbook), None)
        if declared is None or declared.promotion is None or version_of(declared) != version:
            return None
        return Version(version, declared)

    async def is_promoted(self, runbook: str, version: str, mode: Mode) -> bool:
        """Whether that version still has this mode, as the store says now."""
        id = promotion_id(runbook, version)
        stored = (await self._documents.load([id])).get(id)
        return stored is not None and stored.state is not None and stored.state.mode == mode

    async def begin(self) -> None:
        """Before anything is matched; waits as long as the store is away."""
        await insist(self.refresh, self._clock)

    async def run(self) -> None:
        """Refresh until cancelled; whoever keeps this loop tells of a store that is away."""
        while True:
            await self.refresh()
            beat()
            await self._clock.sleep(LOOK_EVERY)

    async def refresh(self) -> None:
        """Read the modes of all runbooks in force that declare promotion."""
        declared = [item for item in self._runbooks() if item.promotion is not None]
        ids = [promotion_id(item.id, version_of(item)) for item in declared]
        stored = await self._documents.load(ids) if ids else {}
        self._promoted = {
            id: item.state.mode
            for id, item in stored.items()
            if item.state is not None and item.state.mode is not None
        }
