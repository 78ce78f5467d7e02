"""What every store guarantees about files: whole or not there, unchanged, in pieces."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_contracts.errors import DependencyDown
from desk_contracts.ids import new_id
from desk_platform.settings import StoreSettings
from desk_platform.settings.groups import StoreDriver
from desk_platform.store.files import CHUNK, Files
from desk_platform.store.mongo.store import MongoStore
from desk_platform.store.sqlite.store import SqliteStore
from desk_testing.fakes import FakeFiles

from tests.support.store_kinds import KINDS, NOWHERE

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(params=KINDS)
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Files]]:
    """Files, and those of a store that is away."""
    if request.param == "fake":
        away = FakeFiles()
        away.is_down = True
        yield [FakeFiles(), away]
        return
    if request.param == "sqlite":
        (tmp_path / "a file").touch()
        stores = [SqliteStore(tmp_path, "contract"), SqliteStore(tmp_path / "a file", "contract")]
        yield [store.files() for store in stores]
        return
    mongo: str = request.getfixturevalue("mongo")
    name, driver = request.getfixturevalue("prefix") + "files", StoreDriver(request.param)
    clients = [MongoStore(StoreSettings(url=url, driver=driver), name) for url in (mongo, NOWHERE)]
    yield [client.files() for client in clients]
    await clients[0].drop()
    for client in clients:
        await client.stop()


@pytest.fixture
def files(both: list[Files]) -> Files:
    return both[0]


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(files: Files, id: str) -> bytes | None:
    opened = await files.open(id)
    return None if opened is None else b"".join([piece async for piece in opened])


LARGE = bytes(range(256)) * 4 * 1024


async def test_a_file_is_read_as_it_was_put_in_pieces(files: Files) -> None:
    id = new_id()
    await files.put(id, pieces(LARGE, b"the end"))
    opened = await files.open(id)
    assert opened is not None
    read = [piece async for piece in opened]
    assert b"".join(read) == LARGE + b"the end"
    assert len(read) > 1
    assert max(map(len, read)) <= CHUNK


async def test_an_empty_file_is_a_file(files: Files) -> None:
    id = new_id()
    await files.put(id, pieces())
    assert await whole(files, id) == b""


async def test_what_is_under_an_id_never_changes(files: Files) -> None:
    id = new_id()
    await files.put(id, pieces(b"first"))
    await files.put(id, pieces(b"second"))
    assert await whole(files, id) == b"first"


async def test_what_broke_off_is_not_there_and_can_be_put_again(files: Files) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionResetError

    id = new_id()
    with pytest.raises(ConnectionResetError):
        await files.put(id, broken())
    assert await whole(files, id) is None
    assert await files.list_ids() == []
    await files.put(id, pieces(b"whole"))
    assert await whole(files, id) == b"whole"


async def test_several_tries_at_once_are_one_file(files: Files) -> None:
    id = new_id()
    await asyncio.gather(*(files.put(id, pieces(LARGE)) for _ in range(4)))
    assert await whole(files, id) == LARGE
    assert await files.list_ids() == [id]


async def test_a_deleted_file_is_gone(files: Files) -> None:
    id, other = new_id(), new_id()
    for item in (id, other):
        await files.put(item, pieces(b"x"))
    await asyncio.gather(files.delete(id), files.delete(new_id()))
    assert await whole(files, id) is None
    assert await whole(files, other) == b"x"
    assert await files.list_ids() == [other]


@pytest.mark.parametrize("id", ["", "../../etc/passwd", "a", "01a223bf-2f5e/.."])
async def test_what_is_no_id_of_ours_is_no_place(files: Files, id: str) -> None:
    for call in (files.put(id, pieces(b"x")), files.open(id), files.delete(id)):
        with pytest.raises(ValueError, match="no id of a file"):
            await call


async def test_a_store_that_is_away_says_so(both: list[Files]) -> None:
    away = both[1]
    with pytest.raises(DependencyDown):
        await away.put(new_id(), pieces(b"x"))
