"""All erasures that were ever asked for: every replica reads their topic from its beginning."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from desk_contracts import names
from desk_contracts.errors import DependencyDown, Invalid
from desk_contracts.events.erasures import ErasureRequested
from desk_contracts.redaction import Erasure, Redactor

from desk_platform.health import Health
from desk_platform.heartbeat import beat
from desk_platform.kafka.connection import renew_login
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.end_offsets import end_offsets
from desk_platform.kafka.records import KafkaRecord
from desk_platform.kafka.topic_reader import follow
from desk_platform.kafka.tracked_consumer import ASKED_WITHIN, within
from desk_platform.settings import ServiceSettings
from desk_platform.settings.groups import Environment
from desk_platform.settings.loader import SettingsError
from desk_platform.telemetry import get_logger

log = get_logger()
LEAST_KEY = 32


def read_key(settings: ServiceSettings) -> bytes | None:
    """The key of hashes; None where nobody can be erased. Only one machine may go without."""
    if settings.erasure_key is None:
        return b"one machine, no key" if settings.environment is Environment.LOCAL else None
    key = settings.erasure_key.get_secret_value()
    if len(key) < LEAST_KEY:
        raise SettingsError([f"DESK_ERASURE_KEY needs at least {LEAST_KEY} random characters."])
    return key.encode()


class Erasures:
    """Kept up to date without a group."""

    def __init__(self, settings: ServiceSettings, health: Health) -> None:
        self.key, self.health = read_key(settings), health
        self._settings, prefix = settings.kafka, settings.topic_prefix
        self._name = prefix + names.ERASURES
        self._door = RecordDecoder(prefix=prefix)
        self.all: dict[str, Erasure] = {}
        self.tickets: frozenset[str] = frozenset()
        self.is_complete = False
        self._changed, self._at_end = asyncio.Event(), asyncio.Event()

    def redactor(self) -> Redactor:
        """Applies all of them; without the key it recognises nobody."""
        return Redactor(self.key or b"", self.all.values())

    async def wait(self, longest: float) -> bool:
        """Until the end of the topic was reached, or another erasure came since the last call;
        False if neither was within so many seconds."""
        try:
            async with asyncio.timeout(longest):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    async def read_to_end(self) -> None:
        """Wait until all are here that there were when the reading began."""
        await self._at_end.wait()

    async def run(self) -> None:
        """Read until cancelled; the reading begins anew if it is run again."""
        try:
            async with follow(self._settings) as consumer:
                await self._read(consumer)
        except KafkaError as error:
            raise DependencyDown(
                f"the brokers do not give {self._name}: {error!r}", dependency="kafka"
            ) from error

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        partition = TopicPartition(self._name, 0)
        consumer.assign([partition])
        async with within(ASKED_WITHIN, f"the end of {self._name}"):
            end = (await end_offsets(consumer._client, [partition]))[partition]  # noqa: SLF001
        while True:
            if not self.is_complete and await consumer.position(partition) >= end:
                self.is_complete = True
                self._changed.set()
                self._at_end.set()
            beat()
            renew_login(consumer._client, self._settings)  # noqa: SLF001 (nothing public has it)
            batches = await consumer.getmany(partition, timeout_ms=1_000)
            for record in batches.get(partition, ()):
                self._hear(record)

    def _hear(self, record: KafkaRecord) -> None:
        erasure = decode(self._door, record)
        if erasure is None or erasure.id in self.all:
            return
        self.all[erasure.id] = erasure
        self.tickets |= erasure.tickets
        if self.is_complete:
            self._changed.set()


def decode(door: RecordDecoder, record: KafkaRecord) -> Erasure | None:
    """The erasure that a record asks for; None if it asks for none."""
    try:
        event = door.read(record)
    except Invalid as error:
        log.warning("erasure_unreadable", reason=str(error), offset=record.offset)
        return None
    data = event.data
    if not isinstance(data, ErasureRequested):
        return None
    return Erasure(
        event.subject,
        event.time,
        data.person_hash,
        data.pseudonym,
        frozenset(data.tickets),
        frozenset(data.quoting),
    )
