"""How a consumer subscribes through FastStream, whose own defaults lose records: it acknowledges
first, begins at the end of a topic and parses headers in a way that can raise.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from desk_platform.kafka.connection import faststream_security
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.topic_reader import LOOKS_EVERY_MS
from desk_platform.kafka.tracked_consumer import TrackedConsumer
from desk_platform.precedence import Precedence
from desk_platform.settings import KafkaSettings

MAX_RECORDS = 500
# For what nobody waits for: many events of one document are decided on once.
GATHERED_RECORDS = 1_000
# Of each partition, before anybody asks for it: some hundred events. A consumer reads dozens of
# partitions, and what was in memory at once after an absence is what the process keeps.
FETCHED_BYTES = 128 * 1024
# A consumer gathers only while it has no more than so many to do at a time.
FEW_RECORDS = 500
# While many call at once what the bus brings is gathered so long: a batch costs as much as a call.
_BESIDE_A_BURST = timedelta(milliseconds=100)
# FastStream sleeps this long after an empty poll; `TrackedConsumer` lets those be few.
POLL_MS = 10
# Nothing in a retry topic is in a hurry, and polling costs an idle service most of its time.
RETRY_POLL_MS = 250
# A fetch is answered at once when there is a record. What is asked behind it by the same connection
# waits as long, and a rebalance asks: so only retry topics wait longer than aiokafka's default.
FETCH_WAIT_MS, RETRY_FETCH_WAIT_MS = 500, 2_000
# A killed member's partitions stand still for so long: with the restart, below 15 s.
SESSION = timedelta(seconds=8)
HEARTBEATS = 4
_GRACE = timedelta(seconds=20)
# For what FastStream itself waits for, once the batch in flight has had its own grace.
_LAST_GRACE = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How much is read at a time, and how long things may take.

    For `linger` things are gathered into one batch, where nobody waits; `grace` is what a stop
    leaves to the batch in flight.
    """

    max_records: int = MAX_RECORDS
    linger: timedelta = timedelta(0)
    session: timedelta = SESSION
    grace: timedelta = _GRACE
    precedence: Precedence = field(default_factory=Precedence)

    @classmethod
    def at(
        cls, linger: timedelta, grace: timedelta = _GRACE, precedence: Precedence | None = None
    ) -> "Reading":
        """With a linger more is read at a time."""
        most = GATHERED_RECORDS if linger else MAX_RECORDS
        return cls(most, linger, grace=grace, precedence=precedence or Precedence())

    def pause_after(self, records: int) -> timedelta:
        """How long more is gathered before the next batch, after one of so many records."""
        if records >= FEW_RECORDS:
            return timedelta(0)
        return max(self.linger, _BESIDE_A_BURST) if self.precedence.is_burst else self.linger


def broker_of(settings: KafkaSettings, group: str) -> KafkaBroker:
    """FastStream's broker for one member of a group."""
    return KafkaBroker(
        settings.servers,
        client_id=f"desk-{group}",
        consumer_only=True,
        ack_policy=AckPolicy.MANUAL,
        graceful_timeout=_LAST_GRACE,
        apply_types=False,
        security=faststream_security(settings),
        logger=None,
    )


async def connect(broker: KafkaBroker) -> None:
    """Connect; from now on its subscribers are given consumers that keep track."""
    await broker.connect()
    config = broker.config.broker_config
    # What FastStream would make an `AIOKafkaConsumer` with: a partial of its arguments.
    arguments = cast("partial[AIOKafkaConsumer]", config.builder).keywords
    config.builder = partial(TrackedConsumer, **arguments)


def safe_arguments(
    group_id: str,
    listener: ConsumerRebalanceListener,
    reading: Reading,
    *,
    is_delayed: bool,
    instance: str | None = None,
) -> dict[str, Any]:
    """What every subscriber of the desk has in place of FastStream's defaults.

    With an `instance` the member is a static one: who comes back under that name before its session
    ends has the partitions that it had, without a rebalance.
    """
    is_hurried = not (is_delayed or reading.linger)
    session_ms = int(reading.session.total_seconds() * 1000)
    return {
        "group_id": group_id,
        "group_instance_id": instance,
        "listener": listener,
        "batch": True,
        "max_records": reading.max_records,
        "max_partition_fetch_bytes": FETCHED_BYTES,
        "batch_timeout_ms": POLL_MS if is_hurried else RETRY_POLL_MS,
        "consumer_timeout_ms": LOOKS_EVERY_MS,
        "fetch_max_wait_ms": RETRY_FETCH_WAIT_MS if is_delayed else FETCH_WAIT_MS,
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": session_ms // HEARTBEATS,
        "rebalance_timeout_ms": 60_000,
        "ack_policy": AckPolicy.MANUAL,
        "auto_offset_reset": "earliest",
        "parser": _parse,
        "decoder": _decode,
        "no_reply": True,
        "partition_assignment_strategy": (own_assignor(),),
    }


def own_assignor() -> type[AbstractPartitionAssignor]:
    """A sticky assignor for one consumer: a change of members moves as few partitions as possible.

    aiokafka 0.14 keeps what a member had last on the class, so the consumers of one process would
    each report to their group what another of them had.
    """

    class OwnStickyAssignor(StickyPartitionAssignor):  # type: ignore[misc]  # it is untyped
        """Keeps the assignment of one consumer."""

    return OwnStickyAssignor


async def _parse(records: tuple[KafkaRecord, ...]) -> KafkaMessage:
    """Never raises, unlike FastStream's own parser, which loses a batch over one odd header."""
    return KafkaMessage(
        body=b"", headers={}, raw_message=records, message_id="", consumer=_NO_CONSUMER
    )


async def _decode(message: KafkaMessage) -> KafkaMessage:
    return message


class _NoConsumer:
    """Stands where FastStream wants a consumer to acknowledge with: offsets are ours alone."""

    async def commit(self) -> None: ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...


_NO_CONSUMER = _NoConsumer()
