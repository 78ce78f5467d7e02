"""What was decoded a moment ago, for the next reader of the same topic in this process.

Intake and triage read `desk.tickets` twice: for what follows of it, and for an index.
"""

from desk_contracts import AnyEvent

from desk_platform.kafka.records import KafkaRecord

MOST = 1_024
# With its event a record takes some times its size: few are larger, and those are decoded again.
LARGEST = 4_096


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
        """For the next reader, unless it is large; the oldest makes room."""
        value = record.value or b""
        if len(value) > LARGEST:
            return
        self._decoded[value] = record, event
        if len(self._decoded) > self._most:
            del self._decoded[next(iter(self._decoded))]
