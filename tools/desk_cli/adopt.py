"""`desk topics adopt`: take a topic that was made anew for the one that was read before.

Reads each service's positions, and writes nothing else; the services notice within seconds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from desk_contracts.errors import NotFound
from desk_contracts.topics import BY_NAME
from desk_platform.kafka.connection import kafka_arguments
from desk_platform.kafka.topic_ids import topic_ids
from desk_platform.kafka.topic_replacement import why_replaced
from desk_platform.store.positions import Position
from desk_platform.terminal import say

from desk_cli.options import read_store, settings


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
        before = self.position
        return (
            f"{before.group} stopped reading {before.topic}: {self.why}. It would read all"
            f" {self.records} records of id {self.topic_id or 'unknown'} from the beginning; the"
            f" marks of making {before.generation} (id {before.topic_id or 'unknown'}) would count"
            " no more, identities of events still would"
        )


def adopt(
    topics: Annotated[
        list[str] | None, typer.Argument(help="Only these; without any, all that were replaced.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only shown.")] = False,
) -> None:
    """Show which topics were made anew and what would be read again, and with --yes begin."""
    prefix = settings().topic_prefix
    left = asyncio.run(_adopt(frozenset(prefix + topic for topic in topics or ()), really=yes))
    if left and not yes:
        say("Nothing was changed. Repeat with --yes to begin.")
        raise typer.Exit(1)


async def _adopt(only: frozenset[str], *, really: bool) -> list[Anew]:
    anew = [topic for topic in await find_replaced() if not only or topic.position.topic in only]
    if unmet := only - {topic.position.topic for topic in anew}:
        raise NotFound(f"Nobody has stopped reading {', '.join(sorted(unmet))}.")
    if not anew:
        say("Every topic is the one that was read before.")
    for topic in anew:
        say(f"{topic.sentence}.")
        if really and not await _accept(topic):
            say(f"{topic.position.id} was changed meanwhile; look again.")
        elif really:
            say(f"{topic.position.group} begins {topic.position.topic} again within seconds.")
    return anew


async def _accept(topic: Anew) -> bool:
    store = read_store(topic.service)
    try:
        positions = store.positions()
        return await positions.adopt(topic.position, topic.cluster, topic.topic_id)
    finally:
        await store.stop()


def services() -> list[str]:
    """Those that read anything."""
    readers = {
        reader for topic in BY_NAME.values() for reader in (*topic.readers, *topic.followers)
    }
    return sorted(readers - {"outside"})


async def find_replaced() -> list[Anew]:
    """By service, what is not what it read before: noted by the service, or seen now."""
    chosen, positions = settings(), list[tuple[str, Position]]()
    for service in services():
        store = read_store(service)
        try:
            positions += [(service, position) for position in await store.positions().all()]
        finally:
            await store.stop()
    mine = [named for named in positions if named[1].topic.startswith(chosen.topic_prefix)]
    consumer = AIOKafkaConsumer(**kafka_arguments(chosen.kafka))
    await consumer.start()
    try:
        return await compare(mine, consumer)
    finally:
        await consumer.stop()


async def compare(
    positions: Sequence[tuple[str, Position]], consumer: AIOKafkaConsumer
) -> list[Anew]:
    """Those that the brokers have otherwise than they were read."""
    ids = await topic_ids(consumer._client, sorted({position.topic for _, position in positions}))  # noqa: SLF001
    anew: list[Anew] = []
    for service, position in positions:
        if (topic_id := ids.topics.get(position.topic)) is None:
            continue
        partitions = [TopicPartition(position.topic, n) for n in ids.partitions[position.topic]]
        offsets = await consumer.end_offsets(partitions)
        ends = {partition.partition: end for partition, end in offsets.items()}
        if why := position.replaced or why_replaced(position, ids, ends):
            starts = await consumer.beginning_offsets(partitions)
            records = sum(ends.values()) - sum(starts.values())
            anew.append(Anew(service, position, why, ids.cluster, topic_id, records, ends))
    return anew
