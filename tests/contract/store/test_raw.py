"""What one store keeps goes to another and back, and nothing is different."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from desk_contracts.codec import Message
from desk_contracts.ids import new_id
from desk_platform.clock import FakeClock
from desk_platform.settings import StoreSettings
from desk_platform.store import Origin, Schema, Store, Stored, open_store
from desk_platform.store.files import copy_files
from desk_platform.store.idempotency import KeptCall
from desk_platform.store.positions import Position
from desk_platform.store.raw import PAGE, copy_collection, digest_of

from tests.support.store_kinds import START, THINGS, Thing

MESSAGE = Message("desk.tickets", b"k\xff", b'{"a": "\xc3\xa4"}', (("ce_id", b"\x80"),))
CLOCK = FakeClock(START + timedelta(microseconds=1_234_567))
DOCUMENTS = PAGE + 7


@pytest.fixture(params=[("sqlite", "mongo"), ("mongo", "sqlite"), ("sqlite", "sqlite")], ids=str)
async def stores(
    request: pytest.FixtureRequest, tmp_path: Path, prefix: str
) -> AsyncIterator[tuple[Store, Store]]:
    def open_(kind: str, name: str) -> Store:
        url = f"sqlite:{tmp_path}" if kind == "sqlite" else request.getfixturevalue("mongo")
        return open_store(StoreSettings(url=url), prefix + name)

    source, target = open_(request.param[0], "from"), open_(request.param[1], "to")
    yield source, target
    for store in (source, target):
        await store.drop()
        await store.stop()


async def fill(store: Store) -> None:
    """One of everything that a store keeps."""
    documents = store.documents(THINGS, CLOCK.now)
    await documents.prepare()
    things = [
        Stored(
            f"t{number:04}",
            state=Thing(name=f"@{number}", at=CLOCK.now(), rank=number, code=f"c{number}"),
        )
        for number in range(DOCUMENTS)
    ]
    full = things[0]
    full.sequence, full.outbox, full.buffered = 7, (MESSAGE, MESSAGE), (MESSAGE,)
    full.due = CLOCK.now() + timedelta(hours=1)
    full.mark("an event", Origin("desk.tickets", 3, 9), "a digest")
    await documents.write(things)
    await documents.write([Stored("without a state", buffered=(MESSAGE,))])
    await documents.identities.keep([KeptCall("t1", "an event", "said", CLOCK.now())])
    await store.calls(CLOCK.now).keep([KeptCall("t1", "a call", "asked", CLOCK.now())])
    await store.milestones().next("a group")
    await store.positions().begin(Position("a group", "desk.tickets", "c", "t", 2, {0: 5, 11: 6}))


async def test_it_goes_over_and_back_with_nothing_changed(stores: tuple[Store, Store]) -> None:
    source, target = stores
    await fill(source)
    # A collection that holds nothing is a collection, too.
    await source.documents(Schema("nothing", Thing), CLOCK.now).prepare()
    names = await source.collections()
    assert set(names) >= {"things", "things.handled", "calls", "milestones", "positions"}
    for name in names:
        await copy_collection(source, target, name)
        assert await digest_of(target, name) == await digest_of(source, name)
    assert (await digest_of(target, "things"))[0] == DOCUMENTS + 1
    before, after = (store.documents(THINGS, CLOCK.now) for store in stores)
    await after.prepare()
    ids = ["t0000", "t0003", "without a state"]
    assert await after.load(ids) == await before.load(ids)
    assert await after.find({"name": "@5"}) == await before.find({"name": "@5"})
    assert await after.pending(CLOCK.now() + timedelta(days=1), 9)
    assert await after.identities.find("t1", "an event") == "said"
    assert await target.milestones().next("a group") == 2
    assert await target.positions().all() == await source.positions().all()


async def test_a_difference_is_seen(stores: tuple[Store, Store]) -> None:
    source, target = stores
    await fill(source)
    await copy_collection(source, target, "things")
    documents = target.documents(THINGS, CLOCK.now)
    [item] = (await documents.load(["t0001"])).values()
    await documents.write([item])
    assert await digest_of(target, "things") != await digest_of(source, "things")


async def test_files_go_with_it_and_one_that_differs_is_noticed(
    stores: tuple[Store, Store],
) -> None:
    async def pieces(text: bytes) -> AsyncIterator[bytes]:
        yield text

    source, target = (store.files() for store in stores)
    first, second = new_id(), new_id()
    assert await copy_files(source, target) == (0, True)
    await source.put(first, pieces(b"one"))
    await source.put(second, pieces(b"two"))
    assert await copy_files(source, target) == (2, True)
    assert await target.list_ids() == sorted([first, second])
    await target.delete(first)
    await target.put(first, pieces(b"another"))
    assert await copy_files(source, target) == (2, False)


async def test_a_row_takes_the_place_of_another_unless_that_was_written(
    stores: tuple[Store, Store],
) -> None:
    for store in stores:
        await fill(store)
        [row] = await store.read_raw("things", "t0001", 1)
        assert row["_id"] == "t0002"
        # Under the same id, then under another one.
        version = int(str(row["version"]))
        facets = {**row["facets"], "code": "another"}  # type: ignore[dict-item]
        same = {**row, "version": version + 1}
        # For a moment there may be both: one with a unique facet keeps its id.
        other = {**row, "_id": "moved", "version": version + 2, "facets": facets}
        assert await store.replace_raw("things", row, same)
        assert not await store.replace_raw("things", row, same)
        assert await store.replace_raw("things", same, other)
        assert not await store.replace_raw("things", same, {**other, "_id": "too late"})
        documents = store.documents(THINGS, CLOCK.now)
        left = await documents.load(["t0002", "moved", "too late"])
        assert {id: item.version for id, item in left.items()} == {"moved": version + 2}
        assert [item.id for item in await documents.find({"name": "@2"})] == ["moved"]


async def test_what_was_replaced_is_in_no_file_after_a_scrub(tmp_path: Path) -> None:
    store = open_store(StoreSettings(url=f"sqlite:{tmp_path}"), "scrubbed")
    try:
        await fill(store)
        documents = store.documents(THINGS, CLOCK.now)
        [item] = (await documents.load(["t0001"])).values()
        item.state = Thing(name="unheard-of", code="c1")
        await documents.write([item])
        again = (await documents.load(["t0001"]))["t0001"]
        again.state = Thing(name="plain", code="c1")
        await documents.write([again])

        def holds(text: bytes) -> bool:
            return any(text in path.read_bytes() for path in tmp_path.iterdir())

        assert holds(b"unheard-of")
        await store.scrub()
        assert not holds(b"unheard-of")
        assert holds(b"plain")
        assert (await documents.load(["t0001"]))["t0001"].state == again.state
    finally:
        await store.stop()
