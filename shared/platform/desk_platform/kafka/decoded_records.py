"""What was decoded a moment ago, for the next reader of the same topic in this process.

Intake reads its own log three times: for what follows of it, for people, for its index.
"""

from desk_contracts import AnyEvent

from desk_platform.kafka.records import KafkaRecord

# About 3 KB each.
MOST = 2_048


class DecodedRecords:
    """The newest events by their bytes. Whoever reads them gets the same event: it is frozen."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._decoded: dict[bytes, tuple[KafkaRecord, AnyEvent]] = {}

    def find(self, record: KafkaRecord) -> AnyEvent | None:
        """The event of a record of the same key, headers and value."""
        kept = self._decoded.get(record.value or b"")
        if kept is None:
            return None
        other, event = kept
        is_same = other.headers == record.headers and other.key == record.key
        return event if is_same else None

    def keep(self, record: KafkaRecord, event: AnyEvent) -> None:
        """For the next reader; the oldest makes room."""
        self._decoded[record.value or b""] = record, event
        if len(self._decoded) > self._most:
            del self._decoded[next(iter(self._decoded))]
