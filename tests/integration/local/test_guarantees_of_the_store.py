"""What the local store acknowledged is there after kill -9; guards on (_id, version) are quick."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_local import LocalServers, local_servers
from desk_testing import eventually
from pymongo import AsyncMongoClient, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

pytestmark = [pytest.mark.connected, pytest.mark.timeout(540)]

Rows = AsyncCollection[dict[str, Any]]
KILLS = 3
WRITERS = 6


@pytest.fixture
def h2(tmp_path: Path) -> Iterator[LocalServers]:
    with local_servers(tmp_path, kafka=False, backend="h2") as servers:
        yield servers


async def _insert_until_killed(rows: Rows, writer: int, kept: dict[str, int]) -> None:
    """Insert, then raise the version twice under guard; `kept` is what the store acknowledged."""
    for number in itertools.count():
        id = f"{len(kept)}-{writer}-{number}"
        try:
            await rows.insert_one({"_id": id, "version": 0, "text": "x" * 200})
            kept[id] = 0
            for version in range(2):
                await rows.update_one({"_id": id, "version": version}, {"$inc": {"version": 1}})
                kept[id] = version + 1
        except PyMongoError:
            return


async def _bulk_until_killed(rows: Rows, kept: dict[str, int]) -> None:
    for number in itertools.count():
        ids = [f"{len(kept)}-bulk-{number}-{item}" for item in range(50)]
        try:
            await rows.insert_many([{"_id": id, "version": 0} for id in ids], ordered=False)
        except PyMongoError:
            return
        kept |= dict.fromkeys(ids, 0)


async def _write_and_kill(servers: LocalServers, kept: dict[str, int]) -> None:
    async with _client(servers) as client:
        rows: Rows = client["desk"]["rows"]
        await rows.create_index([("_id", 1), ("version", 1)], unique=True)
        before = len(kept)
        writers = [_insert_until_killed(rows, writer, kept) for writer in range(WRITERS)]
        tasks = [asyncio.create_task(item) for item in [*writers, _bulk_until_killed(rows, kept)]]
        await eventually(lambda: len(kept) > before + 500, timeout=180)
        servers.store.kill()
        await asyncio.gather(*tasks)


def _client(servers: LocalServers) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(
        servers.store_url, serverSelectionTimeoutMS=500, retryWrites=False, maxPoolSize=20
    )


async def test_acknowledged_writes_survive_kill(h2: LocalServers) -> None:
    kept: dict[str, int] = {}
    for _ in range(KILLS):
        await _write_and_kill(h2, kept)
        await asyncio.to_thread(h2.store.start)
        async with _client(h2) as client:
            rows: Rows = client["desk"]["rows"]
            versions = {row["_id"]: row["version"] async for row in rows.find({})}
            lost = {id for id, version in kept.items() if versions.get(id, -1) < version}
            assert not lost
            await _check_index(rows, versions)
    assert len(kept) >= KILLS * 500


async def _check_index(rows: Rows, versions: dict[str, int]) -> None:
    """The guard's index tells the same as the documents: no half of a command was kept."""
    newest = list(versions.items())[-200:]
    guards = [UpdateOne({"_id": id, "version": v}, {"$set": {"seen": True}}) for id, v in newest]
    result = await rows.bulk_write(guards, ordered=False)
    assert result.matched_count == len(newest)


async def test_guards_are_quick_with_their_index_and_slow_without(mongo: str, prefix: str) -> None:
    """The ratio was 30 and more when measured; 3 leaves room for a busy machine."""
    async with AsyncMongoClient[dict[str, Any]](mongo) as client:
        database = client[f"{prefix}guards"]
        slow = await _seconds_for_guards(database["scanned"])
        await database["indexed"].create_index([("_id", 1), ("version", 1)], unique=True)
        quick = await _seconds_for_guards(database["indexed"])
        await client.drop_database(database.name)
    assert slow > 3 * quick


async def _seconds_for_guards(rows: Rows) -> float:
    """The least of three times: what else the machine does only adds."""
    await rows.insert_many([{"_id": f"{n}", "version": 0} for n in range(4000)])
    times = []
    for version in range(3):
        raises = [
            UpdateOne({"_id": f"{n}", "version": version}, {"$inc": {"version": 1}})
            for n in range(300)
        ]
        started = time.perf_counter()
        result = await rows.bulk_write(raises, ordered=False)
        times.append(time.perf_counter() - started)
        assert result.modified_count == len(raises)
    return min(times)
