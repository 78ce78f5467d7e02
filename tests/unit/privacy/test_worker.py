"""An erasure in one store: killed anywhere it begins again, and it is done once everything is."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_contracts.codec import Message
from desk_contracts.events.erasures import ErasureDone
from desk_contracts.ids import new_id
from desk_contracts.redaction import Erasure, hash_person, name_pseudonym
from desk_platform.clock import FakeClock
from desk_platform.erasure import ERASED_HERE, ErasedStore, Erasures, ErasureWorker
from desk_platform.health import Health
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.settings import ServiceSettings, StoreSettings
from desk_platform.settings.groups import Environment
from desk_platform.store import Schema, Store, Stored, open_store
from desk_platform.store.raw import Raw, pages_of
from desk_testing.fakes import FakePublisher
from desk_testing.telemetry import record_telemetry
from pydantic import BaseModel

IVY, KEY = "ivy@corp.example", b"one machine, no key"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HASH = hash_person(KEY, IVY)
STAND_IN = name_pseudonym(KEY, HASH, "e-1")
WAITING = Message("desk.tickets", b"k", b"{}", ())


class Paper(BaseModel):
    """A document of some feature."""

    requester: str = ""
    title: str = ""
    attachments: tuple[dict[str, str], ...] = ()


TICKETS: Schema[Paper] = Schema(
    "tickets",
    Paper,
    facets=lambda paper: {"requester": paper.requester},
    searched=(("requester",),),
    brief=lambda paper: paper,
)
PEOPLE: Schema[Paper] = Schema("people", Paper)


class Stumbling:
    """A store that breaks when it has replaced so many rows."""

    def __init__(self, store: Store, after: int) -> None:
        self._store, self._left = store, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def replace_raw(self, collection: str, row: Raw, other: Raw) -> bool:
        if self._left == 0:
            raise RuntimeError("killed")
        self._left -= 1
        return await self._store.replace_raw(collection, row, other)


@dataclass
class World:
    """One service's store, and its worker."""

    store: Store
    folder: Path
    file: str
    clock: FakeClock
    publisher: FakePublisher

    def worker(self, store: Any = None) -> ErasureWorker:
        meters = record_telemetry().telemetry.meters
        documents = self.store.documents(ERASED_HERE, self.clock.now)
        unit_of_work = UnitOfWork(
            Projection(documents), self.publisher, self.clock, meters, cached=0
        )
        settings = ServiceSettings(environment=Environment.LOCAL)
        erasures = Erasures(settings, Health(self.clock))
        erasures.all = {"e-1": Erasure("e-1", NOW, HASH, STAND_IN, frozenset({"t-1"}))}
        kept = ErasedStore(
            "notify",
            store or self.store,
            documents,
            CommandQueue(unit_of_work),
            self.store.leases(self.clock.now),
        )
        return ErasureWorker(kept, erasures, self.clock)

    async def texts(self) -> str:
        rows = [
            row
            for collection in ("tickets", "people")
            async for page in pages_of(self.store, collection)
            for row in page
        ]
        return str(rows)

    def bytes_of_files(self) -> Iterator[bytes]:
        return (path.read_bytes() for path in self.folder.rglob("*") if path.is_file())

    def receipts(self) -> list[ErasureDone]:
        return [data for e in self.publisher.events() if isinstance(data := e.data, ErasureDone)]


async def pieces() -> AsyncIterator[bytes]:
    yield b"secret file"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FakeClock(NOW + timedelta(hours=1))
    store = open_store(StoreSettings(url=f"sqlite:{tmp_path}"), "notify")
    made = World(store, tmp_path, new_id(), clock, FakePublisher())
    await store.leases(clock.now).prepare()
    await store.documents(ERASED_HERE, clock.now).prepare()
    tickets = store.documents(TICKETS, clock.now)
    people = store.documents(PEOPLE, clock.now)
    await tickets.prepare()
    await people.prepare()
    attached = {"id": made.file, "name": "secret", "sha256": "ab"}
    mine = Paper(requester=IVY, title="secret", attachments=(attached,))
    await tickets.write(
        [
            Stored("t-1", state=mine),
            # Logged after the erasure was asked for.
            Stored("t-2", state=Paper(requester=IVY, title="new")),
            Stored("t-3", state=Paper(requester="bob@corp.example", title=f"Ask {IVY}")),
        ]
    )
    await people.write([Stored(IVY, state=Paper(title="secret"))])
    await store.files().put(made.file, pieces())
    yield made
    await store.drop()
    await store.stop()


async def test_nothing_is_left_and_what_came_later_stays(world: World) -> None:
    await world.worker().catch_up()
    texts = await world.texts()
    assert "secret" not in texts
    assert f"Ask {STAND_IN}" in texts
    documents = world.store.documents(TICKETS, world.clock.now)
    assert [item.id for item in await documents.find({"requester": IVY})] == ["t-2"]
    assert [item.id for item in await documents.find({"requester": STAND_IN})] == ["t-1"]
    assert not any(b"secret" in content for content in world.bytes_of_files())
    assert await world.store.files().list_ids() == []
    assert world.receipts() == [ErasureDone(erasure="e-1", service="notify", documents=3, files=1)]
    await world.worker().catch_up()
    assert len(world.receipts()) == 1


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_killed_in_between_it_is_done_by_the_next(world: World, after: int) -> None:
    with pytest.raises(RuntimeError, match="killed"):
        await world.worker(Stumbling(world.store, after)).catch_up()
    assert world.receipts() == []
    # Its lease lapses.
    world.clock.advance(timedelta(minutes=5))
    await world.worker().catch_up()
    assert "secret" not in await world.texts()
    assert await world.store.files().list_ids() == []
    assert len(world.receipts()) == 1


async def test_a_document_with_events_to_publish_is_waited_for(world: World) -> None:
    documents = world.store.documents(TICKETS, world.clock.now)
    [busy] = (await documents.load(["t-1"])).values()
    busy.outbox = (WAITING,)
    await documents.write([busy])
    worker = world.worker()
    assert not await worker.carry_out_once()
    assert world.receipts() == []
    assert "secret" in await world.texts()
    [busy] = (await documents.load(["t-1"])).values()
    await documents.clear_outboxes([busy])
    await worker.catch_up()
    assert "secret" not in await world.texts()
    assert len(world.receipts()) == 1


async def test_a_store_put_back_is_erased_again(world: World) -> None:
    rows = [row async for page in pages_of(world.store, "people") for row in page]
    await world.worker().catch_up()
    marks = [row async for page in pages_of(world.store, "erased_here") for row in page]
    await world.store.write_raw("people", rows)
    assert "secret" in await world.texts()
    # The mark is in the store, so a store of before does not have it.
    assert [row["_id"] for row in marks] == ["e-1"]
    await world.store.replace_raw("erased_here", marks[0], {**marks[0], "_id": "another"})
    await world.worker().catch_up()
    assert "secret" not in await world.texts()
