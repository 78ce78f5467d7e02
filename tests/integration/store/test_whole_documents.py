"""A reader beside a writer sees a document as it was or as it is, never half of each."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from desk_local import LocalServers, local_servers
from pymongo import AsyncMongoClient, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection

pytestmark = [pytest.mark.connected, pytest.mark.timeout(360)]

Row = dict[str, Any]
IDS = [f"row {number}" for number in range(50)]
ROUNDS = 100


@dataclass
class Seen:
    """What the readers found; a torn row mixes two versions or lacks fields."""

    rows: int = 0
    torn: list[Row] = field(default_factory=list)
    is_done: bool = False


def row(id: str, version: int) -> Row:
    """Two shapes in turn, every field with the version in it."""
    letter = "f" if version % 2 else "g"
    fields = {f"{letter}{number}": version for number in range(20)}
    return {"_id": id, "version": version, **fields, "last": version}


@pytest.fixture(params=["h2", "memory"])
def servers(request: pytest.FixtureRequest) -> Iterator[LocalServers]:
    with local_servers(kafka=False, backend=request.param, is_quick=True) as servers:
        yield servers


@pytest.fixture
async def rows(servers: LocalServers) -> AsyncIterator[AsyncCollection[Row]]:
    async with AsyncMongoClient[Row](
        servers.store_url, retryWrites=False, retryReads=False
    ) as client:
        yield client["desk"]["rows"]


async def write(rows: AsyncCollection[Row], seen: Seen) -> None:
    for version in range(1, ROUNDS):
        await rows.bulk_write(
            [ReplaceOne({"_id": id, "version": version}, row(id, version + 1)) for id in IDS],
            ordered=False,
        )
    seen.is_done = True


async def read(rows: AsyncCollection[Row], seen: Seen) -> None:
    while not seen.is_done:
        for document in await rows.find({"_id": {"$in": IDS}}).to_list(None):
            seen.rows += 1
            if document != row(document["_id"], document["version"]):
                seen.torn.append(document)


async def test_readers_see_whole_documents(rows: AsyncCollection[Row]) -> None:
    await rows.create_index([("_id", 1), ("version", 1)], unique=True)
    await rows.insert_many([row(id, 1) for id in IDS])
    seen = Seen()
    await asyncio.gather(write(rows, seen), *(read(rows, seen) for _ in range(4)))
    assert seen.rows > 1_000
    assert seen.torn == []
    assert {item["version"] async for item in rows.find({})} == {ROUNDS}
