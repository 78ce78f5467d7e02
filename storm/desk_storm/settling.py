"""When the desk has come to rest, seen from outside: nobody says anything new and nothing waits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from desk_contracts.errors import DependencyDown
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.topic_reader import list_topic_names, reader
from desk_platform.settings import KafkaSettings
from prometheus_client.parser import text_string_to_metric_families

from desk_storm.replicas import Replica

# What is told all the time, as measurements or how far a service has written, is left out.
_PREFIXES = (
    "desk.tickets",
    "desk.triage",
    "desk.sla",
    "desk.automation",
    "desk.problems",
    "desk.notifications",
    "desk.requests",
)
# The longest silence of what still goes on: half of the longest SLA, and some room.
_QUIET_SECONDS = 25.0
# What must be nothing on every page of metrics, and what it is called for people.
_GAUGES = {
    "desk_outbox_pending": "outboxes wait to be sent",
    "desk_timer_waiting_seconds": "seconds a deadline waits to be judged",
}


@dataclass(frozen=True, slots=True)
class Look:
    """The desk at one moment: how much was said until then, and what still waits, in words."""

    records: int
    waiting: tuple[str, ...] = ()


@dataclass(slots=True)
class Stillness:
    """Several looks, one after the other, and what follows from them."""

    at_least: float
    reasons: tuple[str, ...] = ("nobody has looked yet",)
    _records: int | None = None
    _since: float = 0.0

    def see(self, seconds: float, look: Look) -> bool:
        """Whether the desk rests, so many seconds after everybody went home."""
        more = 0 if self._records is None else look.records - self._records
        self.reasons = look.waiting or ((f"{more} more were said in the end",) if more else ())
        if self.reasons or self._records is None:
            self._since = seconds
        self._records = look.records
        return seconds - self._since >= _QUIET_SECONDS and seconds >= self.at_least


@dataclass
class Outlook:
    """Looks at the ends of topics, at what groups have read, and at the pages of services.

    `done` tells how much those around the desk wrote into their own books, `open` what of it is not
    over.
    """

    kafka: KafkaSettings
    replicas: Sequence[Replica]
    done: Callable[[], int]
    open: Callable[[], Sequence[str]]
    _ends: Mapping[TopicPartition, int] = field(default_factory=dict)

    async def look(self) -> Look:
        """Take one; brokers that do not answer are something that waits, too."""
        try:
            ends = await _ends(self.kafka)
            behind = await _behind(self.kafka, self._ends)
        except (KafkaError, DependencyDown, OSError, TimeoutError) as error:
            return Look(0, (f"the brokers do not answer: {error!r}",))
        self._ends = ends
        pages = await _pages(self.replicas)
        return Look(sum(ends.values()) + self.done(), (*behind, *pages, *self.open()))


async def _ends(kafka: KafkaSettings) -> dict[TopicPartition, int]:
    names = [name for name in await list_topic_names(kafka) if name.startswith(_PREFIXES)]
    async with reader(kafka, names) as consumer:
        return dict(await consumer.end_offsets(consumer.assignment()))


async def _behind(kafka: KafkaSettings, ends: Mapping[TopicPartition, int]) -> list[str]:
    """Groups that have not read what was there at the last look; what came since may wait."""
    admin = AIOKafkaAdminClient(**kafka_arguments(kafka))
    await admin.start()
    try:
        reasons: list[str] = []
        for group, *_ in await admin.list_consumer_groups():
            read = await admin.list_consumer_group_offsets(group)
            left = sum(
                max(0, ends.get(partition, 0) - max(0, at.offset)) for partition, at in read.items()
            )
            reasons += [f"{group} has {left} records to read"] if left else []
        return reasons
    finally:
        await admin.close()


async def _pages(replicas: Sequence[Replica]) -> list[str]:
    reasons: list[str] = []
    async with httpx.AsyncClient(timeout=5) as http:
        for replica in replicas:
            try:
                health = await http.get(f"{replica.address}/health/ready")
                metrics = await http.get(f"{replica.address}/metrics")
            except httpx.TransportError as error:
                reasons.append(f"{replica.name} does not answer: {error!r}")
                continue
            if not health.is_success:
                reasons.append(f"{replica.name} is not ready: {health.text}")
            reasons += [f"{replica.name}: {text}" for text in waiting(metrics.text)]
    return reasons


def waiting(page: str) -> list[str]:
    """What waits by a page of metrics."""
    samples = (item for family in text_string_to_metric_families(page) for item in family.samples)
    return [
        f"{sample.value:g} {_GAUGES[sample.name]} ({', '.join(sample.labels.values())})"
        for sample in samples
        if sample.name in _GAUGES and sample.value > 0
    ]
