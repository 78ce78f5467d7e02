"""How one consumer gets on: what it read last, how far it is behind, and what that means.

Nothing here asks the brokers. A consumer is looked at when somebody asks how it is, so that an age
is true at that moment and an idle consumer need not wake to report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from desk_platform.clock import Clock


@dataclass(frozen=True, slots=True)
class Limits:
    """When silence means that something hangs or is away."""

    # A loop that stands still for ten ticks misses heartbeats soon after.
    tick: timedelta = timedelta(seconds=10)
    # Well above a poll's own timeout and the pause after a poll that failed.
    poll: timedelta = timedelta(seconds=90)
    # No poll is due while a batch is handled. Below Kafka's default max.poll.interval of 300 s.
    batch: timedelta = timedelta(minutes=4)
    # Lag without a single commit for this long: joined, assigned and stuck.
    commit: timedelta = timedelta(minutes=5)
    # Above the longest that a broker lets an idle fetch wait (2 s), and below the 10 s in which
    # readiness follows.
    fetch: timedelta = timedelta(seconds=8)
    # A group waits for slow members up to its rebalance timeout of 60 s.
    join: timedelta = timedelta(seconds=75)
    # A dependency is asked every 2.5 s and given 3 s to answer; a lag is looked at every 2 s.
    answer: timedelta = timedelta(seconds=9)


DEFAULT_LIMITS = Limits()


class Marks(NamedTuple):
    """What a consumer knows of its own reading.

    `polled_at` is when its last poll ended. `dry_since` is since when polls have found nothing, so
    that a fetch is under way; None while records wait to be handled. `fetched_at` is when brokers
    last answered a fetch. `trouble` is why the last poll failed. `has_ended` is whether it reads no
    more, whatever the brokers do.
    """

    polled_at: datetime | None = None
    dry_since: datetime | None = None
    fetched_at: datetime | None = None
    trouble: str = ""
    has_ended: bool = False


@dataclass(slots=True)
class Progress:
    """One consumer. What it marks, it marks once per batch or look, never per record."""

    name: str
    clock: Clock
    # When it was made or assigned: what it says before may be outdated.
    began_at: datetime
    last_commit: datetime
    read_marks: Callable[[], Marks] = Marks
    assigned: int = 0
    assigned_at: datetime | None = None
    joining_since: datetime | None = None
    batch_since: datetime | None = None
    # When the consumer was at work last, apart from its polls.
    active_at: datetime | None = None
    # Records of topics that were replaced: a restart would not help, so no watch counts them.
    halted: int = 0
    pause_reason: str | None = None
    limits: Limits = DEFAULT_LIMITS
    _lag: int | None = None
    _lag_at: datetime | None = None

    @property
    def lag(self) -> int | None:
        """Records behind the end of its partitions; None while that is unknown.

        What was known long ago is unknown: the end of the log moves on without us.
        """
        is_known = self._lag_at is not None and self.lag_age <= self.limits.answer
        return self._lag if is_known else None

    @property
    def lag_at(self) -> datetime | None:
        """When the lag was known last; None before it was known at all."""
        return self._lag_at

    @property
    def lag_age(self) -> timedelta:
        """How long ago the lag was known last, or ought to have been known first."""
        return self.clock.now() - (self._lag_at or self.began_at)

    def begin_batch(self) -> None:
        self.batch_since = self.clock.now()

    def end_batch(self) -> None:
        self.batch_since, self.active_at = None, self.clock.now()

    def mark_commit(self) -> None:
        self.last_commit = self.clock.now()

    def begin_joining(self) -> None:
        """Its partitions are shared out anew; nothing is fetched meanwhile."""
        self.joining_since = self.joining_since or self.clock.now()

    def mark_assignment(self, partitions: int) -> None:
        """Each assignment starts the watches anew."""
        self.assigned, self.joining_since = partitions, None
        self.began_at = self.assigned_at = self.active_at = self.clock.now()
        self.last_commit = self.began_at
        self._lag = self._lag_at = None

    def mark_lag(self, records: int, *, halted: int = 0) -> None:
        """With no lag there is nothing to commit: the commit watch starts when lag appears."""
        if not self.lag or records == 0:
            self.last_commit = self.clock.now()
        self._lag, self._lag_at, self.halted = records, self.clock.now(), halted

    def pause(self, reason: str) -> None:
        """Paused on purpose (a dependency is away): a restart would not help."""
        self.pause_reason = reason

    def resume(self) -> None:
        self.pause_reason = None
        self.last_commit = self.active_at = self.clock.now()

    def find_stall(self) -> str | None:
        """Why this consumer hangs, so that a restart may help, or None."""
        if (marks := self.read_marks()).has_ended:
            return f"{self.name} reads no more: {marks.trouble or 'its client ended by itself'}"
        if self.assigned == 0 or self.pause_reason is not None:
            return None
        now, lag = self.clock.now(), self.lag
        if self.batch_since is not None:
            if (busy := now - self.batch_since) > self.limits.batch:
                return f"{self.name} has been at one batch for {in_seconds(busy)}"
        else:
            active = (marks.polled_at, self.active_at, self.began_at)
            silent = now - max(moment for moment in active if moment is not None)
            if silent > self.limits.poll:
                return f"{self.name} has not polled for {in_seconds(silent)}"
        if lag and (idle := now - self.last_commit) > self.limits.commit:
            return f"{self.name} is {lag} records behind and committed nothing for" + (
                f" {in_seconds(idle)}"
            )
        return None

    def find_trouble(self) -> str | None:
        """Why it gets nothing from the brokers, though it asks; None if it does."""
        marks, now = self.read_marks(), self.clock.now()
        if marks.trouble:
            return f"{self.name} cannot read: {marks.trouble}"
        if self.joining_since is not None:
            joining = now - self.joining_since
            if joining > self.limits.join:
                return f"{self.name} has been joining its group for {in_seconds(joining)}"
            return None
        if self.assigned == 0 or self.assigned_at is None or marks.dry_since is None:
            return None
        since = max(marks.dry_since, self.assigned_at, marks.fetched_at or self.assigned_at)
        if (silent := now - since) > self.limits.fetch:
            return f"the brokers have answered no fetch of {self.name} for {in_seconds(silent)}"
        return None


def in_seconds(span: timedelta) -> str:
    """Rounded, with its unit: `12 s`."""
    return f"{span.total_seconds():.0f} s"
