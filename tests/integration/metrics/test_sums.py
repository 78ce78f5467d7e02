"""Sums of days on a real store: two replicas make them while cells change, and none is wrong."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.measures.store import BUCKETS, RULES, SUMS, DailySums
from desk_metrics.measures.sums import Cut, DaySums, sums_of
from desk_metrics.sla.worktime import micros
from desk_platform.clock import SystemClock
from desk_platform.settings import StoreSettings
from desk_platform.store import Documents, Store, Stored, open_store

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

FIRST = date(2026, 3, 2)
DAYS, ROUNDS = 5, 40
LATER = datetime(2026, 12, 1, tzinfo=UTC)
CUTS = [Cut(by="team", measures=("contacts", "restored")), Cut(by="service")]


@pytest.fixture
async def store(store_url: str, prefix: str) -> AsyncIterator[Store]:
    store = open_store(StoreSettings(url=store_url), prefix + "metrics")
    yield store
    await store.drop()
    await store.stop()


class Collections:
    """One replica's view of the store."""

    def __init__(self, store: Store) -> None:
        now = SystemClock().now
        self.buckets = store.documents(BUCKETS, now)
        self.sums = store.documents(SUMS, now)

    async def look(self) -> dict[str, DaySums]:
        kept = DailySums("goals", self.buckets, self.sums)
        last = FIRST + timedelta(days=DAYS)
        days = [item async for item in kept.days(FIRST, last, CUTS, LATER)]
        return {item.day: item for item in days if isinstance(item, DaySums)}


def entry(chance: random.Random, day: date, revision: int) -> Entry:
    """Any ticket, as it is known at that revision."""
    at = micros(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    took = chance.randint(1, 10**10)
    by = Slice("incident", chance.choice(("vpn", "mail")), chance.choice(("a", "b")))
    published = (Contribution("contacts", at, at), Contribution("restored", at, at + took, 1, took))
    return Entry(f"t{chance.randint(0, 30)}", revision, by, published)


async def change(buckets: Documents[Bucket], seed: int) -> None:
    """Parts of days are written again and again, by more than one writer."""
    chance = random.Random(seed)  # noqa: S311
    for revision in range(1, ROUNDS):
        day = FIRST + timedelta(days=chance.randrange(DAYS))
        id = f"{day}.{chance.randrange(3):02d}"
        stored = (await buckets.load([id])).get(id) or Stored(id)
        stored.state = (stored.state or Bucket(str(day))).with_entry(entry(chance, day, revision))
        await buckets.write([stored])


async def look(collections: Collections) -> None:
    for _ in range(ROUNDS // 2):
        await collections.look()


async def test_sums_are_those_of_the_buckets_whoever_made_them_meanwhile(store: Store) -> None:
    first, other = Collections(store), Collections(store)
    await first.buckets.prepare()
    await first.sums.prepare()
    async with asyncio.TaskGroup() as group:
        for seed in range(2):
            group.create_task(change(first.buckets, seed))
        for collections in (first, other):
            group.create_task(look(collections))
    assert await first.look() == await other.look() == await from_scratch(first.buckets)
    made = await first.sums.versions(f"goals.{FIRST + timedelta(days=n)}" for n in range(DAYS))
    await first.look()
    assert made == await first.sums.versions(made)


async def from_scratch(buckets: Documents[Bucket]) -> dict[str, DaySums]:
    stored = await buckets.find({}, limit=1000)
    days: Iterable[str] = sorted({item.id[:10] for item in stored})
    versions = {item.id: item.version for item in stored}
    return {
        day: sums_of(
            day,
            [item.state for item in stored if item.state and item.state.day == day],
            CUTS,
            (*(versions.get(f"{day}.{part:02d}", 0) for part in range(16)), *RULES),
        )
        for day in days
    }
