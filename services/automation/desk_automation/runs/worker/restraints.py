"""What holds a run back before its first act: windows, announced changes, open signals.

Asked of the store and of the charter in force, so it holds for every replica and after a restart.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desk_charter.services import Service, find_dependencies
from desk_charter.windows import ScheduledWindow
from desk_kernel import Decision
from desk_platform.clock import Clock
from desk_platform.kafka import CommandQueue
from desk_platform.store import Documents
from desk_platform.store.grouped_reads import GroupedReads

from desk_automation.inhibition.decide import (
    describe_inhibitor,
    find_inhibitor,
    key_of_service,
    key_of_subject,
)
from desk_automation.inhibition.model import OpenSignal, OpenSignals
from desk_automation.runs import withholding
from desk_automation.runs.model import Run
from desk_automation.runs.verdict import IsWell
from desk_automation.safety.model import Refusal
from desk_automation.verification.decide import watch
from desk_automation.verification.model import Subject
from desk_automation.verification.store import subject_rule
from desk_automation.windows.decide import FindCalendar, describe_window, find_open
from desk_automation.windows.model import Affected, PlannedChanges

Decide = Callable[[Run, datetime], Decision[Run] | None]


@dataclass(frozen=True, slots=True)
class RestraintRecords:
    """Where restraints are read."""

    windows: Callable[[], tuple[ScheduledWindow, ...]]
    find_calendar: FindCalendar
    services: Callable[[], tuple[Service, ...]]
    planned: Documents[PlannedChanges]
    open_signals: Documents[OpenSignals]


class Restraints:
    """Asked before people are, before a run is let in, and before its first act."""

    def __init__(
        self, records: RestraintRecords, subjects: CommandQueue[Subject], clock: Clock
    ) -> None:
        self._records, self._subjects, self._clock = records, subjects, clock
        self._planned = GroupedReads(records.planned)

    async def find_refusal(self, run: Run) -> Refusal | None:
        """Why the run must not act now."""
        return await self._find_window(run) or await self._find_inhibitor(run)

    async def find_change(self, run: Run, is_well: IsWell) -> Decide | None:
        """What becomes of a run that is held back, or was; None where it may go on."""
        refused = await self.find_refusal(run)
        if refused is not None:
            return lambda run, now: withholding.withhold(run, refused, now)
        if run.withheld is None:
            return None
        watched = await self.watch(run)
        seen = watched.watch_of(run.id)
        return lambda run, now: withholding.recheck(run, seen, is_well, now)

    async def watch(self, run: Run) -> Subject:
        """What is known of its subject; from now on what is measured of it is kept."""
        verify = run.plan.verify
        if verify is None:
            return Subject()
        changed = await self._subjects.change(
            run.trigger.subject,
            subject_rule(lambda subject, now: watch(subject, run.id, verify.measurement, now)),
        )
        return changed.state or Subject()

    async def _find_window(self, run: Run) -> Refusal | None:
        trigger = run.trigger
        affected = Affected(
            runbook=run.plan.runbook,
            subject=trigger.subject,
            target=run.target,
            service=trigger.service,
            site=trigger.site,
        )
        planned = PlannedChanges()
        if trigger.service:
            planned = await self._planned.find(trigger.service) or planned
        services = self._records.services()
        service = next((each for each in services if each.name == trigger.service), None)
        now = self._clock.now()
        windows, find_calendar = self._records.windows(), self._records.find_calendar
        window = find_open(windows, find_calendar, service, planned, affected, now)
        if window is None or not withholding.may_withhold(run, window.kind):
            return None
        return Refusal("window", describe_window(window), window.until)

    async def _find_inhibitor(self, run: Run) -> Refusal | None:
        signals, trigger = run.plan.inhibited_by, run.trigger
        if not signals or not withholding.may_withhold(run, "inhibited"):
            return None
        services: tuple[str, ...] = ()
        if trigger.service:
            depended = find_dependencies(self._records.services(), trigger.service)
            services = (trigger.service, *depended)
        own = await self._load_open([key_of_subject(trigger.subject)])
        noted = await self._load_open([key_of_service(service) for service in services])
        named = [signal for signal in noted if signal.signal in signals]
        there = await self._load_open([key_of_subject(signal.subject) for signal in named])
        still = {signal.episode for signal in there}
        open_now = [*own, *(signal for signal in named if signal.episode in still)]
        inhibitor = find_inhibitor(open_now, signals, trigger.episode)
        if inhibitor is None:
            return None
        return Refusal("inhibited", describe_inhibitor(inhibitor))

    async def _load_open(self, keys: list[str]) -> list[OpenSignal]:
        if not keys:
            return []
        stored = await self._records.open_signals.load(list(dict.fromkeys(keys)))
        return [signal for item in stored.values() if item.state for signal in item.state.open]
