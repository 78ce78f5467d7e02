"""Tells runs what came of the measurements that they wait for."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from desk_contracts.errors import DependencyDown
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.retry import attempt_async
from desk_platform.kafka.timers import Report
from desk_platform.kafka.unit_of_work import WorkItem
from desk_platform.store import Documents

from desk_automation.verification import decide
from desk_automation.verification.model import Subject
from desk_automation.verification.store import subject_rule


class VerificationNotifier:
    """Tells runs that a measurement they wait for has come, or that none will. Timers fire into it,
    on the replica that reads the device's partition."""

    def __init__(
        self,
        subjects: CommandQueue[Subject],
        stored_subjects: Documents[Subject],
        reschedule: Callable[[str], Awaitable[object]],
    ) -> None:
        self._subjects = subjects
        self._stored_subjects = stored_subjects
        self._reschedule = reschedule

    async def on_timer(
        self, ids: Iterable[str], report: Report, until: datetime | None = None
    ) -> None:
        """All that was published of these before `until` is read. Each run is told before the
        update is cleared, so a crash tells it twice, never not at all."""
        for id, stored in (await self._stored_subjects.load(ids)).items():
            if stored.state is not None:
                error = await attempt_async(self._notify(id, stored.state, until))
                if isinstance(error, DependencyDown):
                    raise error
                if error is not None:  # one that fails holds no other up
                    await report([(WorkItem(id, lambda _state, _context: None), error)])

    async def _notify(self, id: str, subject: Subject, until: datetime | None) -> None:
        if until is not None and decide.close_windows(subject, until) is not None:
            changed = await self._subjects.change(
                id, subject_rule(lambda state, _: decide.close_windows(state, until))
            )
            subject = changed.state or subject
        for run in subject.updates:
            await self._reschedule(run)
        if subject.updates:
            await self._subjects.change(
                id, subject_rule(lambda state, _: decide.clear_updates(state, subject))
            )
