"""What an event costs metrics while its store holds ten thousand tickets, and a hundred times that.

The store is filled with ready documents. Two tickets in three of those that are measured go on
where their document stands, the rest are new.
"""

import itertools
import random
import statistics
from collections.abc import Mapping, Sequence

from desk_contracts import AnyEvent
from desk_contracts.names import CONTRIBUTIONS, SLA, TICKETS
from desk_contracts.topics import BY_NAME
from desk_metrics.measures.contributions import PARTS, part_of
from desk_metrics.measures.store import TICKETS as TICKET_RECORDS
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store.mongo.driver import Collection, InsertOne
from desk_platform.store.mongo.driver import Row as Document
from desk_platform.store.mongo.store import MongoStore

from desk_bench.lives import BEGAN, Life, book, in_event_time, lives, publish, ticket_id
from desk_bench.projecting import Bench, prepared
from desk_bench.ready import ready
from desk_bench.rows import Row, compared

ROUNDS = 3
PARTITIONS = 6
_BULK = 1_000
# New tickets have numbers of their own, beyond every one that is in the store.
_NEW = 100_000_000


async def run(kafka: str, store_url: str, sizes: Sequence[int], tickets: int) -> list[Row]:
    """Smallest first; each size holds the smaller ones. The ratio is the last to the first."""
    store = MongoStore(StoreSettings(url=store_url), "bench-scale")
    scaled = Scaled(KafkaSettings(bootstrap=kafka), store_url, store, tickets)
    await prepared(store.database)
    costs = [await scaled.cost(size) for size in sizes]
    await store.drop()
    await store.stop()
    rows = [
        Row(f"metrics fold with {size:,} tickets stored", round(cost, 1), "µs/event")
        for size, cost in zip(sizes, costs, strict=True)
    ]
    name = f"metrics fold, {sizes[-1]:,} tickets against {sizes[0]:,}"
    return [*rows, compared(name, costs[-1], costs[0], "µs/event", "≤ 1.1")]


class Scaled:
    """A store that grows, and tickets that are measured in it, none of them twice."""

    def __init__(
        self, kafka: KafkaSettings, store_url: str, store: MongoStore, tickets: int
    ) -> None:
        self._kafka, self._mongo, self._store = kafka, store_url, store
        self._old, self._new = tickets * 2 // 3, tickets // 3
        self._filled = 0
        self._used: set[int] = set()
        self._fresh = itertools.count(_NEW)
        self._chance = random.Random(1)  # noqa: S311

    async def cost(self, size: int) -> float:
        """Microseconds an event, the middle of some rounds."""
        collection = self._store.database[TICKET_RECORDS.collection]
        await _fill(collection, await _patterns(self._mongo), range(self._filled, size))
        self._filled = size
        rates = [await self._round(f"s{size}-{number}.") for number in range(ROUNDS)]
        return 1e6 / statistics.median(rates)

    async def _round(self, prefix: str) -> float:
        """Events a second, on topics of their own."""
        topics = [BY_NAME[name] for name in (TICKETS, SLA, CONTRIBUTIONS)]
        await apply_topics(self._kafka, topics, prefix=prefix, partitions=PARTITIONS)
        new = list(itertools.islice(self._fresh, self._new))
        events = in_event_time(_continued(self._sample()) + lives(new))
        await publish(self._kafka, events, prefix)
        bench = Bench(self._kafka, self._mongo, len(events), prefix)
        return await bench.project_into(self._store.database, "scale")

    def _sample(self) -> list[int]:
        sampled = self._chance.sample(range(self._filled), self._old + len(self._used))
        mine = [number for number in sampled if number not in self._used][: self._old]
        self._used.update(mine)
        return mine


def _continued(numbers: Sequence[int]) -> list[AnyEvent]:
    """What comes after that with which the store was filled."""
    lives = [(len((life := Life(n, BEGAN).begin()).events), life.end()) for n in numbers]
    return [event for begun, life in lives for event in life.events[begun:]]


async def _patterns(store_url: str) -> dict[str, Document]:
    """A document for each part of a day, as the store has it: what is posted names the part."""
    store, policies = MongoStore(StoreSettings(url=store_url), "bench-patterns"), book()
    documents = await prepared(store.database)
    firsts = {part_of(ticket_id(number)): number for number in range(100 * PARTS)}
    begun = [Life(number, BEGAN).begin() for number in firsts.values()]
    await documents.write([ready(life.events, policies) for life in begun])
    rows = await store.database[TICKET_RECORDS.collection].find({}).to_list(None)
    await store.drop()
    await store.stop()
    assert len(rows) == PARTS
    return {part_of(str(row["_id"])): row for row in rows}


async def _fill(collection: Collection, patterns: Mapping[str, Document], numbers: range) -> None:
    """Tickets at the point where the desk has done its part, in bulks."""
    for first in range(numbers.start, numbers.stop, _BULK):
        ids = [ticket_id(n) for n in range(first, min(first + _BULK, numbers.stop))]
        rows = [InsertOne(_named(patterns[part_of(id)], id)) for id in ids]
        await collection.bulk_write(rows, ordered=False)


def _named(pattern: Document, id: str) -> Document:
    state = str(pattern["state"]).replace(str(pattern["_id"]), id)
    return {**pattern, "_id": id, "state": state}
