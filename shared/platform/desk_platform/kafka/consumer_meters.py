"""What a consumer tells of its work in figures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter

from desk_contracts.topics import RETRY

from desk_platform.kafka.records import KafkaRecord
from desk_platform.telemetry import Meters, names


class ConsumerMeters:
    """The figures of one consumer group; what failed is counted for the whole service."""

    def __init__(self, meters: Meters, group: str, owner: str) -> None:
        self._meters, self._group, self._owner = meters, {names.GROUP: group}, owner
        # A counter that begins with its first failure shows Prometheus no increase.
        meters.retries.add(0, {names.GROUP: owner})
        meters.dead_letters.add(0, {names.GROUP: owner})
        meters.consumers_stopped.set(0, self._group)

    def count_batch(
        self, records: Sequence[KafkaRecord], age: timedelta | None, seconds: float
    ) -> None:
        """A batch is handled; `age` is that of its first event."""
        attributes = {names.DESTINATION: records[0].topic, **self._group}
        self._meters.consumed_messages.add(len(records), attributes)
        self._meters.process_duration.record(seconds, attributes)
        if age is not None:
            self._meters.event_lag.record(max(0.0, age.total_seconds()), attributes)

    @contextmanager
    def measure_commit(self) -> Iterator[None]:
        """How long a commit takes; whatever it raises is told with it."""
        attributes = {
            names.SYSTEM: names.KAFKA,
            names.OPERATION_NAME: names.COMMIT,
            **self._group,
        }
        began = perf_counter()
        try:
            yield
        except Exception as error:
            attributes[names.ERROR_TYPE] = type(error).__qualname__
            raise
        finally:
            self._meters.operation_duration.record(perf_counter() - began, attributes)

    def count_failure(self, target: str, reason: str) -> None:
        """A record went to this retry or dead-letter topic."""
        meters = self._meters
        counter = meters.retries if target.endswith(RETRY) else meters.dead_letters
        counter.add(1, {names.GROUP: self._owner, names.REASON: reason})

    def show_stopped(self) -> None:
        """Its dead-letter budget is spent."""
        self._meters.consumers_stopped.set(1, self._group)
