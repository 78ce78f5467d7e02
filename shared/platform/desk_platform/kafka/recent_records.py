"""The newest records of a topic in memory, so that whoever comes back soon costs no fetch."""

from collections import deque
from dataclasses import dataclass

from desk_contracts import AnyEvent

from desk_platform.kafka.log_position import LogPosition

MAX_RECORDS, MAX_BYTES = 10_000, 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event of a topic and where it stood."""

    partition: int
    offset: int
    event: AnyEvent
    size: int = 0

    def is_before(self, position: LogPosition) -> bool:
        """Whether a reader at that position has read it."""
        return self.offset < position.at(self.partition)


class RecentRecords:
    """Every event between `begin` and the newest; the oldest make room."""

    def __init__(
        self, begin: LogPosition, most: int = MAX_RECORDS, most_bytes: int = MAX_BYTES
    ) -> None:
        self.begin = begin
        self._most, self._most_bytes = most, most_bytes
        self._records: deque[ReadEvent] = deque()
        self._identities: set[str] = set()
        self._bytes = 0

    def add(self, record: ReadEvent) -> bool:
        """One more, the newest of its partition; False for a copy of one that is here."""
        if record.event.identity in self._identities:
            return False
        self._identities.add(record.event.identity)
        self._records.append(record)
        self._bytes += record.size
        while len(self._records) > self._most or self._bytes > self._most_bytes:
            oldest = self._records.popleft()
            self._bytes -= oldest.size
            self._identities.discard(oldest.event.identity)
            self.begin = self.begin.after(oldest.partition, oldest.offset)
        return True

    def covers(self, position: LogPosition) -> bool:
        """Whether all behind that position is here."""
        return all(position.at(number) >= at for number, at in enumerate(self.begin.offsets))

    def list_between(self, since: LogPosition, until: LogPosition) -> list[ReadEvent]:
        """The events from one position to a later one, in the order in which they were read.

        Looked for from the newest on, and no further than they can be: most readers miss few.
        """
        left = since.count_to(until)
        between: list[ReadEvent] = []
        for record in reversed(self._records):
            if left <= 0:
                break
            if record.is_before(until) and not record.is_before(since):
                between.append(record)
                left -= 1
        return between[::-1]
