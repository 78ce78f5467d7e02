"""motor against PyMongo's async client through our store module, so that the choice has figures."""

import asyncio
import statistics
from time import perf_counter

from desk_platform.clock import SystemClock
from desk_platform.settings import StoreDriver, StoreSettings
from desk_platform.store import Documents, Schema, Stored, open_store
from pydantic import BaseModel, ConfigDict

from desk_bench.rows import Row, compared

ROUNDS = 3
BULK = 1_000


class Note(BaseModel):
    """A small document."""

    model_config = ConfigDict(frozen=True)

    text: str


async def run(store_url: str, documents: int) -> list[Row]:
    """Bulk writes, bulk reads and single reads at concurrency 32, drivers in turn."""
    figures: dict[StoreDriver, list[tuple[float, float, float]]] = {
        item: [] for item in StoreDriver
    }
    for number in range(ROUNDS):
        for driver in StoreDriver:
            figures[driver].append(await _measure(store_url, driver, documents, number))
    rows = []
    for index, name in enumerate(("bulk writes", "bulk reads", "single reads, 32 at once")):
        motor, pymongo = (
            statistics.median(figure[index] for figure in figures[driver])
            for driver in (StoreDriver.MOTOR, StoreDriver.PYMONGO)
        )
        rows.append(compared(f"motor against PyMongo async: {name}", motor, pymongo, "documents/s"))
    return rows


async def _measure(
    store_url: str, driver: StoreDriver, count: int, number: int
) -> tuple[float, float, float]:
    clock = SystemClock()
    store = open_store(StoreSettings(url=store_url, driver=driver), f"bench_{driver}_{number}")
    documents = store.documents(Schema("notes", Note), clock.now)
    await documents.prepare()
    ids = [f"note-{n}" for n in range(count)]
    bulks = [ids[first : first + BULK] for first in range(0, count, BULK)]
    started = perf_counter()
    for bulk in bulks:
        await documents.write([Stored(id, state=Note(text="x" * 200)) for id in bulk])
    written = perf_counter()
    for bulk in bulks:
        await documents.load(bulk)
    loaded = perf_counter()
    singles = ids[: count // 5]
    await asyncio.gather(*(_one_by_one(documents, singles[n::32]) for n in range(32)))
    ended = perf_counter()
    await store.drop()
    await store.stop()
    return count / (written - started), count / (loaded - written), len(singles) / (ended - loaded)


async def _one_by_one(documents: Documents[Note], ids: list[str]) -> None:
    for id in ids:
        await documents.load([id])
