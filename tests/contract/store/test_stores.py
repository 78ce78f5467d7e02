"""What a store answers beside its documents: counts, positions, milestones, on each kind."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from desk_contracts.codec import Message
from desk_platform.clock import FakeClock
from desk_platform.settings import StoreSettings
from desk_platform.store import Origin, Store, Stored, open_store
from desk_platform.store.census import Entry
from desk_platform.store.positions import Position

from tests.support.store_kinds import KINDS, START, THINGS, Thing

CLOCK = FakeClock(START)
MESSAGE = Message("desk.tickets", b"k", b"v", ())
READ = Position("a group", "desk.tickets", "cluster", "topic", offsets={0: 5, 1: 7})


@pytest.fixture(params=KINDS[1:])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, prefix: str
) -> AsyncIterator[Store]:
    settings = StoreSettings(url=f"sqlite:{tmp_path}")
    if request.param != "sqlite":
        settings = StoreSettings(url=request.getfixturevalue("mongo"), driver=request.param)
    store = open_store(settings, prefix + "stores")
    yield store
    await store.drop()
    await store.stop()


async def test_what_was_never_written_is_empty(store: Store) -> None:
    await store.ping()
    assert await store.census("things") == {}
    assert await store.entry_of("things", "a") == Entry("a", 0)
    assert await store.find_handled_since("desk/tickets/0", 0) == set()
    assert await store.milestones().all() == {}
    assert await store.positions().all() == []
    assert await store.documents(THINGS, CLOCK.now).count() == 0


async def test_each_document_is_counted_with_what_waits_in_it(store: Store) -> None:
    documents = store.documents(THINGS, CLOCK.now)
    await documents.write(
        [
            Stored("a", state=Thing(code="a"), sequence=3, outbox=(MESSAGE, MESSAGE)),
            Stored("b", buffered=(MESSAGE,)),
        ]
    )
    entries = {"a": Entry("a", 3, waiting=2), "b": Entry("b", 0, buffered=1)}
    assert await store.census("things") == entries
    assert await store.entry_of("things", "a") == entries["a"]
    assert await store.entry_of("things", "c") == Entry("c", 0)


async def test_who_handled_a_record_since_is_found_in_any_collection(store: Store) -> None:
    documents = store.documents(THINGS, CLOCK.now)
    early, late, elsewhere = (Stored(id, state=Thing(code=id)) for id in ("early", "late", "other"))
    early.mark("e", Origin("desk.tickets", 0, 4))
    late.mark("l", Origin("desk.tickets", 0, 9))
    elsewhere.mark("o", Origin("desk.tickets", 1, 20))
    await documents.write([early, late, elsewhere, Stored("unmarked", state=Thing(code="u"))])
    mark = Origin("desk.tickets", 0, 0).mark_key
    assert await store.find_handled_since(mark, 5) == {"late"}
    assert await store.find_handled_since(mark, 0) == {"early", "late"}


async def test_milestones_only_grow(store: Store) -> None:
    milestones = store.milestones()
    assert [await milestones.next("a") for _ in range(3)] == [1, 2, 3]
    assert await milestones.next("b") == 1
    assert await store.milestones().all() == {"a": 3, "b": 1}


async def test_a_position_moves_forward_until_it_is_stopped_and_adopted(store: Store) -> None:
    positions = store.positions()
    await positions.begin(READ)
    await positions.begin(replace(READ, offsets={}))
    await positions.advance(READ, {0: 3, 1: 9, 2: 1})
    [kept] = await positions.all()
    assert kept.offsets == {0: 5, 1: 9, 2: 1}
    await positions.stop(kept, "another topic")
    assert (await positions.of("a group"))["desk.tickets"].replaced == "another topic"
    assert await positions.of("another group") == {}
    assert await positions.adopt(kept, "cluster", "new")
    assert not await positions.adopt(kept, "cluster", "newer")
    [adopted] = await positions.all()
    assert (adopted.topic_id, adopted.generation, adopted.offsets) == ("new", 1, {})
    # What belongs to the topic of before changes nothing.
    await positions.advance(kept, {0: 99})
    assert [item.offsets for item in await positions.all()] == [{}]


async def test_a_dropped_store_begins_anew(store: Store) -> None:
    documents = store.documents(THINGS, CLOCK.now)
    await documents.write([Stored("a", state=Thing(code="a"))])
    await store.drop()
    assert await store.census("things") == {}
    CLOCK.advance(timedelta(seconds=1))
    again = store.documents(THINGS, CLOCK.now)
    assert await again.write([Stored("a", state=Thing(code="a"))]) == frozenset()
