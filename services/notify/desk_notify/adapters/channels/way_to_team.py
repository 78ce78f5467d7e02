"""How long a ticket's way to its first team took, as a figure: from its opening to the topic."""

from collections.abc import Sequence

from desk_contracts.events.notifications import Notified
from desk_platform.kafka import BatchHandler, Received
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.kafka.records import time_of
from desk_platform.telemetry import Telemetry, names


class MeasuredWay:
    """Another receiver of what teams were told, measured by the time that the topic has of it."""

    def __init__(self, inner: BatchHandler, telemetry: Telemetry) -> None:
        self._inner = inner
        self._delay = telemetry.metrics.get_meter("desk_notify").create_histogram(
            names.WAY_TO_TEAM,
            unit="s",
            description="From a ticket's opening to its first team's topic",
            explicit_bucket_boundaries_advisory=list(names.WAY_BUCKETS),
        )

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        """After the work is done: a batch that is read again is measured once."""
        await self._inner.handle(batch, on_failed)
        for received in batch:
            message, sent_ms = received.event.data, time_of(received.raw)
            if isinstance(message, Notified) and message.opened_at is not None and sent_ms:
                self._delay.record(max(0.0, sent_ms / 1000 - message.opened_at.timestamp()))

    def forget(self) -> None:
        self._inner.forget()
