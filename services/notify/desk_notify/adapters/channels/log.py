"""The log as a channel: a line for each message of a team that wants it."""

from collections.abc import Sequence

from desk_contracts.events.notifications import Notified
from desk_platform.kafka import BatchHandler, Received
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.telemetry import get_logger

from desk_notify.deliveries.decide import LOG, select_channels
from desk_notify.subscriptions.model import CurrentDirectory

log = get_logger()


class LogChannel:
    """The log channel: a line for each message of a team that wants it, once it is stored."""

    def __init__(self, inner: BatchHandler, directory_now: CurrentDirectory) -> None:
        self._inner = inner
        self._look = directory_now

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        """After the documents: a line for what could not be stored would be told twice."""
        await self._inner.handle(batch, on_failed)
        directory = self._look()
        for received in batch:
            message = received.event.data
            if isinstance(message, Notified) and LOG in select_channels(message, directory):
                log.info(
                    "message_sent",
                    message_id=received.event.id,
                    channel=LOG,
                    recipient=message.recipient,
                    kind=message.kind.value,
                    title=message.title,
                    ticket=message.ticket,
                    code=message.code,
                    urgent=message.urgent,
                )

    def forget(self) -> None:
        self._inner.forget()
