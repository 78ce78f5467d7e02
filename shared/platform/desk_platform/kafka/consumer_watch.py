"""What runs beside a consumer: how far it is behind, and whether its topics are still the same."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta

from desk_platform.clock import Clock
from desk_platform.health import Marks, Progress
from desk_platform.kafka.connection import renew_login
from desk_platform.kafka.lag import lag_of
from desk_platform.kafka.retry import attempt_async, attempt_value
from desk_platform.kafka.topic_replacement import TopicGuard
from desk_platform.kafka.tracked_consumer import TrackedConsumer
from desk_platform.settings import KafkaSettings
from desk_platform.telemetry import get_logger

log = get_logger()

LAG_EVERY = timedelta(seconds=2)

_Current = Callable[[], TrackedConsumer | None]


class ConsumerWatch:
    """Two loops, since the second waits for the batch in flight, while lag must be known then."""

    def __init__(
        self,
        settings: KafkaSettings,
        progress: Progress,
        guard: TopicGuard,
        clock: Clock,
        busy: asyncio.Lock,
    ) -> None:
        """`busy` is held while a batch is handled."""
        self._settings, self._progress, self._guard = settings, progress, guard
        self._clock, self._busy = clock, busy

    def loops(self, current: _Current) -> tuple[Coroutine[None, None, None], ...]:
        """What must run as long as the consumer reads."""
        self._progress.read_marks = lambda: (
            Marks() if (consumer := current()) is None else consumer.marks
        )
        return self._watch_lag(current), self._watch_topics(current)

    async def _watch_lag(self, current: _Current) -> None:
        while True:
            await self._clock.sleep(LAG_EVERY)
            consumer = current()
            if consumer is None:
                continue
            renew_login(consumer.cluster_client, self._settings)
            assignment = consumer.assignment_number
            lag = await attempt_value(lag_of(consumer))
            if isinstance(lag, Exception):  # in a moment of a rebalance, or brokers are away
                log.debug("lag_unknown", group=self._progress.name, reason=repr(lag))
            elif assignment == consumer.assignment_number and self._progress.assigned_at:
                self._progress.mark_lag(lag, halted=self._guard.unread)

    async def _watch_topics(self, current: _Current) -> None:
        while True:
            await self._clock.sleep(LAG_EVERY)
            consumer = current()
            if consumer is not None and self._guard.is_due():
                async with self._busy:
                    error = await attempt_async(self._guard.look(consumer))
                if error is not None:
                    log.debug("topics_unknown", group=self._progress.name, reason=repr(error))
