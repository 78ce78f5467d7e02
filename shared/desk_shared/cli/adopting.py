"""`desk topics adopt`: take a topic that was made anew for the one that was read before.

Reads each service's positions, and writes nothing else; the services notice within seconds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition

from desk_shared.bus.connection import kafka_arguments
from desk_shared.bus.replaced import why_replaced
from desk_shared.bus.topic_ids import topic_ids
from desk_shared.cli.setting import settings
from desk_shared.errors import NotFound
from desk_shared.events.topics import BY_NAME
from desk_shared.store import Store
from desk_shared.store.positions import MongoPositions, Position
from desk_shared.terminal import say


@dataclass(frozen=True, slots=True)
class Anew:
    """A topic that is not the one that a group read, and what it holds now."""

    service: str
    position: Position
    why: str
    cluster: str
    topic_id: str
    records: int
    ends: Mapping[int, int] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        one = self.position
        return (
            f"{one.group} stopped reading {one.topic}: {self.why}. It would read all {self.records}"
            f" records of id {self.topic_id or 'unknown'} from the beginning; the marks of making"
            f" {one.generation} (id {one.topic_id or 'unknown'}) would count no more, identities of"
            " events still would"
        )


def adopt(
    topics: Annotated[
        list[str] | None, typer.Argument(help="Only these; without any, all that were replaced.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only shown.")] = False,
) -> None:
    """Show which topics were made anew and what would be read again, and with --yes begin."""
    prefix = settings().topic_prefix
    left = asyncio.run(_adopt(frozenset(prefix + one for one in topics or ()), really=yes))
    if left and not yes:
        say("Nothing was changed. Repeat with --yes to begin.")
        raise typer.Exit(1)


async def _adopt(only: frozenset[str], *, really: bool) -> list[Anew]:
    found = [one for one in await find_replaced() if not only or one.position.topic in only]
    if unmet := only - {one.position.topic for one in found}:
        raise NotFound(f"Nobody has stopped reading {', '.join(sorted(unmet))}.")
    if not found:
        say("Every topic is the one that was read before.")
    for one in found:
        say(f"{one.sentence}.")
        if really and not await _accept(one):
            say(f"{one.position.id} was changed meanwhile; look again.")
        elif really:
            say(f"{one.position.group} begins {one.position.topic} again within seconds.")
    return found


async def _accept(one: Anew) -> bool:
    chosen = settings()
    store = Store(chosen.store, chosen.store.database_prefix + one.service)
    try:
        positions = MongoPositions(store.database)
        return await positions.adopt(one.position, one.cluster, one.topic_id)
    finally:
        await store.stop()


def services() -> list[str]:
    """Those that read anything."""
    readers = {one for topic in BY_NAME.values() for one in (*topic.readers, *topic.followers)}
    return sorted(readers - {"outside"})


async def find_replaced() -> list[Anew]:
    """By service, what is not what it read before: told by the service, or seen now."""
    chosen, found = settings(), list[tuple[str, Position]]()
    for service in services():
        store = Store(chosen.store, chosen.store.database_prefix + service)
        try:
            found += [(service, one) for one in await MongoPositions(store.database).all()]
        finally:
            await store.stop()
    mine = [one for one in found if one[1].topic.startswith(chosen.topic_prefix)]
    consumer = AIOKafkaConsumer(**kafka_arguments(chosen.kafka))
    await consumer.start()
    try:
        return await compare(mine, consumer)
    finally:
        await consumer.stop()


async def compare(found: Sequence[tuple[str, Position]], consumer: AIOKafkaConsumer) -> list[Anew]:
    """Those that the brokers have otherwise than they were read."""
    ids = await topic_ids(consumer._client, sorted({one.topic for _, one in found}))  # noqa: SLF001
    anew: list[Anew] = []
    for service, one in found:
        if (topic_id := ids.topics.get(one.topic)) is None:
            continue
        partitions = [TopicPartition(one.topic, n) for n in ids.partitions[one.topic]]
        asked = await consumer.end_offsets(partitions)
        ends = {partition.partition: end for partition, end in asked.items()}
        if why := one.replaced or why_replaced(one, ids, ends):
            starts = await consumer.beginning_offsets(partitions)
            records = sum(ends.values()) - sum(starts.values())
            anew.append(Anew(service, one, why, ids.cluster, topic_id, records, ends))
    return anew
