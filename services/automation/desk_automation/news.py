"""Tells runs what is heard of the devices and services that they wait for."""

from collections.abc import Iterable
from datetime import datetime

from desk_shared.bus.retry import attempt_async
from desk_shared.bus.timers import Report
from desk_shared.bus.unit_of_work import WorkItem
from desk_shared.errors import DependencyDown

from desk_automation.domain import course, subjects
from desk_automation.domain.subjects import Subject
from desk_automation.worker import UnitsOfWork, nothing, rule_of, subject_rule


class NewsBearer:
    """Tells runs that a measurement they wait for has come, or that none will. Timers fire into it,
    on the replica that hears the device."""

    def __init__(self, units_of_work: UnitsOfWork) -> None:
        self._units_of_work = units_of_work

    async def wake(self, ids: Iterable[str], park: Report, until: datetime | None = None) -> None:
        """All that was published of these before `until` is heard. Each run is told before the news
        is struck off, so a crash tells it twice, not never."""
        found = await self._units_of_work.stored_subjects.load(ids)
        for id, stored in found.items():
            if stored.state is not None:
                error = await attempt_async(self._tell(id, stored.state, until))
                if isinstance(error, DependencyDown):
                    raise error
                if error is not None:  # one that fails holds no other up
                    await park([(WorkItem(id, nothing), error)])

    async def _tell(self, id: str, seen: Subject, until: datetime | None) -> None:
        if until is not None and subjects.heard(seen, until) is not None:
            changed = await self._units_of_work.subjects.change(
                id, subject_rule(lambda subject, _: subjects.heard(subject, until))
            )
            seen = changed.state or seen
        for run in seen.news:
            await self._units_of_work.runs.change(run, rule_of(course.nudged))
        if seen.news:
            await self._units_of_work.subjects.change(
                id, subject_rule(lambda subject, _: subjects.told(subject, seen))
            )
