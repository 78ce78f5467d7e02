"""How far the log is read: a time for each partition up to which all that was published is done.

What is concluded from silence (nobody answered in time, nothing was measured) may be concluded
only for a moment that lies below this watermark, and only by the member that holds the partition.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from desk_platform.clock import Clock
from desk_platform.kafka.producer import partition_number

_TICK = timedelta(microseconds=1)


class PartitionLog(Protocol):
    """What a member of a consumer group knows of the partitions of one topic."""

    def partition_count(self) -> int | None:
        """How many partitions the topic has; None as long as no broker has said so."""

    def own_partitions(self) -> Collection[int]:
        """The partitions that this member holds now."""

    def assignment_number(self) -> int:
        """Changes with each assignment: what was known of a partition before may be outdated."""

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        """The offsets that the next records will have, asked for now."""

    async def has_handled(self, partition: int, end: int) -> bool:
        """True if every record before `end` is handled, the batch in flight included."""


class Watermarks:
    """The watermarks of one topic's partitions, moved forward only where somebody asks."""

    def __init__(
        self,
        log: PartitionLog,
        clock: Clock,
        written_until: Callable[[], datetime | None] | None = None,
    ) -> None:
        """`written_until` says up to which moment the topic's only writer has published."""
        self._log, self._clock = log, clock
        self._read_writer = written_until or clock.now
        self._assignment = -1
        self._heard: dict[int, datetime] = {}
        self._requested: dict[int, tuple[datetime, int]] = {}

    def partition_of(self, key: str) -> int | None:
        """Where the events of this key are published; None as long as that is unknown."""
        count = self._log.partition_count()
        return None if not count else partition_number(key.encode(), count)

    def is_assigned(self, partition: int) -> bool:
        """Whether this member holds the partition now."""
        return partition in self._log.own_partitions()

    def assignment_number(self) -> int:
        """Changes whenever this member may hold other partitions than before."""
        return self._log.assignment_number()

    def find_heard_until(self, partition: int) -> datetime | None:
        """All that was recorded for the partition before this moment is handled; None: unknown."""
        self._follow_assignment()
        return self._heard.get(partition)

    async def advance(self, partitions: Collection[int]) -> None:
        """Move the watermarks of these partitions as far as the reading has come.

        The end of the log is asked for once, then awaited over as many calls as the reading takes.
        """
        self._follow_assignment()
        # Before the end is asked for: what comes between the two only makes us read further.
        until = self._writer_limit()
        mine = self._log.own_partitions()
        unasked = {
            partition
            for partition in partitions
            if until is not None
            and partition in mine
            and partition not in self._requested
            and self._heard.get(partition, until - _TICK) < until
        }
        if unasked and until is not None:
            assignment = self._assignment
            ends = await self._log.end_offsets(unasked)
            self._follow_assignment()
            if self._assignment == assignment:
                self._requested |= {partition: (until, end) for partition, end in ends.items()}
        for partition, (until_then, end) in list(self._requested.items()):
            if await self._log.has_handled(partition, end):
                self._heard[partition] = until_then
                self._requested.pop(partition, None)

    def why_not(self, partition: int | None) -> str:
        """Why nothing more can be said of a partition yet: the end of a sentence."""
        if partition is None:
            return "no broker has said yet how many partitions the topic has"
        if (until := self._writer_limit()) is None:
            return "its writer has not said how far it has published"
        heard = self.find_heard_until(partition)
        read = "not read to its end yet" if heard is None else f"read until {heard.isoformat()}"
        return f"partition {partition} is {read} and written until {until.isoformat()}"

    def _writer_limit(self) -> datetime | None:
        """What the writer published, but never more than has passed here."""
        until = self._read_writer()
        return None if until is None else min(until, self._clock.now())

    def _follow_assignment(self) -> None:
        """Partitions that moved were somebody else's for a while: begin anew."""
        number = self._log.assignment_number()
        if number != self._assignment:
            self._assignment = number
            self._heard.clear()
            self._requested.clear()
