"""What may keep a run from acting: its trouble is over, all acting is stopped, something holds it.

All of it is asked of the store at once and at the moment at which it counts; nothing is cached.
"""

import asyncio

from desk_platform.store import Documents
from desk_platform.store.grouped_reads import GroupedReads

from desk_automation.runs.model import Run
from desk_automation.runs.worker.restraints import Decide, Restraints
from desk_automation.runs.worker.wellness import is_well
from desk_automation.safety.global_stop import EVERYTHING, GlobalStop
from desk_automation.safety.model import Refusal
from desk_automation.verification.model import Subject


class Hindrances:
    """Asked before a run starts, and right before each act."""

    def __init__(
        self,
        subjects: GroupedReads[Subject],
        stops: Documents[GlobalStop],
        restraints: Restraints,
    ) -> None:
        self._subjects, self._restraints = subjects, restraints
        self._stops = GroupedReads(stops)

    def find_stop(self) -> "asyncio.Future[GlobalStop | None]":
        """The stop of all acting as it is at this moment; it may be off."""
        return self._stops.find(EVERYTHING)

    async def look_before_start(
        self, run: Run, *, is_asked: bool
    ) -> tuple[bool, GlobalStop | None, Decide | None]:
        """Whether its trouble is over, the stop, and what becomes of a run that is held back or
        was. Who was asked already is held back by nothing else."""
        subject, stop = self._subjects.find(run.trigger.subject), self.find_stop()
        held = None if is_asked else await self._restraints.find_change(run, is_well(run))
        return _is_over(run, await subject), await stop, held

    async def look_before_act(self, run: Run) -> tuple[bool, GlobalStop | None, Refusal | None]:
        """Whether its trouble is over, the stop, and what forbids a first act; a later one
        completes what was begun. From the first on its measurements are kept."""
        stop, about = self.find_stop(), run.trigger.subject
        is_measured = run.plan.verify is not None
        subject: Subject | None
        if run.has_sent:
            subject = await self._subjects.find(about)
            return _is_over(run, subject), await stop, None
        subject, refusal = await asyncio.gather(
            self._restraints.watch(run) if is_measured else self._subjects.find(about),
            self._restraints.find_refusal(run),
        )
        return _is_over(run, subject), await stop, refusal


def _is_over(run: Run, subject: Subject | None) -> bool:
    return subject is not None and run.trigger.episode in subject.cleared
