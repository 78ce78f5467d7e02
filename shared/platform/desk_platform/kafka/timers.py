"""Durable timers: a document's `due` moment lives in the store, memory only holds the next ones.

A timer that decides from the absence of an event belongs to the partition that could still bring
it: it fires on the member that holds the partition, once all that was published before it was
due is handled. Any other may fire on every replica; the document's guard lets one firing win and
its events have fixed ids.
A document that fails is tried again later and later, then given up: its timer is put off for good,
until the document changes or the service is started again. No other waits for it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from desk_contracts.errors import Transient
from desk_kernel import Backoff

from desk_platform.clock import Clock
from desk_platform.health import Health
from desk_platform.heartbeat import beat
from desk_platform.kafka.adaptive_pause import QueryThrottle
from desk_platform.kafka.document_failures import Troubles
from desk_platform.kafka.due_moments import DueMoments
from desk_platform.kafka.pending_timers import WaitingTimers
from desk_platform.kafka.retry import attempt_async
from desk_platform.kafka.unit_of_work import WorkItem
from desk_platform.kafka.watermarks import Watermarks
from desk_platform.store import Documents
from desk_platform.telemetry import Meters, get_logger, names

log = get_logger()

# The store is asked this often for what falls due soon; one that takes long is asked less often,
# and each time for what falls due until three such pauses later.
REFRESH, LONGEST_REFRESH = timedelta(seconds=10), timedelta(seconds=40)
HORIZON = 3
BATCH = 500
# A timer that waits for its partition looks again so soon.
LISTENED_EVERY = timedelta(milliseconds=50)
# So often a document may fail, 1, 2, 4 .. 128 s apart, before its timer is put off for good. What
# is only away or contended counts for nothing.
MAX_FAILURES = 9
PAUSES = Backoff(timedelta(seconds=1), timedelta(minutes=5))
GIVEN_UP = datetime(9000, 1, 1, tzinfo=UTC)


# The state is nobody's business here, so timers serve documents of any kind.
Report = Callable[[Sequence[tuple[WorkItem[Any], Exception]]], Awaitable[None]]
# What timers fire into: a unit of work, or a worker that does effects for due documents.
OnTimer = Callable[[Sequence[str], Report], Awaitable[None]]
# The same for a unit of work that is given the time for which to decide.
OnTimerAt = Callable[[Sequence[str], Report, datetime], Awaitable[None]]
# Awaited before anything fires, for those who must not act on an outdated state.
ReadinessGate = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Silence:
    """For timers that decide from the absence of events: how far each partition is read, and what
    fires."""

    watermarks: Watermarks
    on_timer: OnTimerAt


class Timers:
    """Fires the timers of one collection when they are due."""

    def __init__(  # noqa: PLR0913, PLR0917 (what it stands between)
        self,
        name: str,
        on_timer: OnTimer,
        due: DueMoments,
        documents: Documents[Any],
        clock: Clock,
        meters: Meters,
        readiness_gate: ReadinessGate | None = None,
        health: Health | None = None,
        silence: Silence | None = None,
    ) -> None:
        self._name = name
        self._on_timer, self._due = on_timer, due
        self._readiness_gate = readiness_gate
        self._silence = silence
        self._waiting = WaitingTimers(name, clock, meters, health)
        self._documents = documents
        self._clock = clock
        self._meters = meters
        self._throttle = QueryThrottle(clock)
        self._refreshes_at = clock.now()
        self._troubles = Troubles(f"timers {name}", clock, meters, health)
        self._has_begun = False
        self._assignment = 0

    async def run(self) -> None:
        """Fire timers until cancelled."""
        self._refreshes_at = self._clock.now()  # what a failure left unfinished is found again
        if not self._has_begun:
            await self._documents.take_up(GIVEN_UP, self._clock.now())
            self._has_begun = True
        while True:
            silence = self._silence
            assignment = 0 if silence is None else silence.watermarks.assignment_number()
            # Others' timers that became ours are in the store, not in memory.
            if self._clock.now() >= self._refreshes_at or assignment != self._assignment:
                self._assignment = assignment
                await self._refresh(self._clock.now())
            await self._fire()
            beat()
            moment = min(self._refreshes_at, self._due.next() or self._refreshes_at)
            if self._waiting.partitions():
                moment = min(moment, self._clock.now() + LISTENED_EVERY)
            await self._due.wait(max(0.0, (moment - self._clock.now()).total_seconds()))

    async def _refresh(self, now: datetime) -> None:
        pause = min(LONGEST_REFRESH, self._throttle.pause(REFRESH))
        self._refreshes_at = now + pause
        try:
            with self._throttle.measure():
                await self._due.renew(now + HORIZON * pause, self._documents.due)
        finally:
            self._waiting.clear()
            self._troubles.show()

    async def _fire(self) -> None:
        now = self._clock.now()
        if self._readiness_gate is not None and self._is_due(now):
            await self._readiness_gate()
        while self._is_due(now):
            ready = self._due.take(now, BATCH)
            if self._silence is None:
                await self._fire_now(ready, None)
            else:
                self._waiting.add(ready, self._silence.watermarks)
        if self._silence is not None:
            await self._fire_heard(self._silence.watermarks)

    def _is_due(self, now: datetime) -> bool:
        earliest = self._due.next()
        return earliest is not None and earliest <= now

    async def _fire_heard(self, watermarks: Watermarks) -> None:
        """Fire what waited for its partition, each decided for the time up to which it is read."""
        partitions = self._waiting.partitions()
        if partitions:
            await watermarks.advance(partitions)
        while heard := self._take_ready(watermarks):
            until, ready = heard
            await self._fire_now(ready, until)
        self._waiting.show(watermarks)

    def _take_ready(self, watermarks: Watermarks) -> tuple[datetime, dict[str, datetime]] | None:
        """Take what no longer waits and is read up to one time, of however many partitions."""
        ready: dict[str, datetime] = {}
        moment: datetime | None = None
        for partition in self._waiting.partitions():
            until = watermarks.find_heard_until(partition)
            if until is None or moment not in {None, until}:
                continue
            if taken := self._waiting.take(partition, until, BATCH - len(ready)):
                moment = until
                ready |= taken
        return None if moment is None else (moment, ready)

    async def _fire_now(self, ready: Mapping[str, datetime], at: datetime | None) -> None:
        now = self._clock.now()
        for due in ready.values():
            self._meters.timer_lateness.record(
                (now - due).total_seconds(), {names.TIMER_KIND: self._name}
            )
        if ready:
            await self._fire_each(list(ready), at)
            beat()

    async def _fire_each(self, ids: Sequence[str], at: datetime | None) -> None:
        """Together if that works; else each alone, so that one failure is only its own."""
        if self._silence is None or at is None:
            firing = self._on_timer(ids, self._report)
        else:
            firing = self._silence.on_timer(ids, self._report, at)
        error = await attempt_async(firing)
        if error is None:
            return
        if isinstance(error, Transient):
            raise error
        if len(ids) == 1:
            await self._put_off(ids[0], error)
            return
        for id in ids:
            await self._fire_each([id], at)

    async def _report(self, failures: Sequence[tuple[WorkItem[Any], Exception]]) -> None:
        for task, error in failures:
            await self._put_off(task.id, error)

    async def _put_off(self, id: str, error: Exception) -> None:
        """Put its timer off; the next change of the document sets it anew."""
        now, failures = self._clock.now(), self._troubles.failures(id)
        until = now + PAUSES.after(failures + 1)
        if failures + 1 >= MAX_FAILURES and not isinstance(error, Transient):
            self._troubles.note(id, error, None)
            await self._documents.put_off(id, now, GIVEN_UP)
            return
        self._troubles.note(id, error, until)
        await self._documents.put_off(id, now, until)
        self._due.remember(id, until)
