"""The same suite on the fake and on the real store with both drivers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from desk_platform.clock import FakeClock
from desk_platform.settings import StoreSettings
from desk_platform.settings.groups import StoreDriver
from desk_platform.store import Store
from desk_platform.store.mongo.store import MongoStore
from desk_platform.store.sqlite.store import SqliteStore
from desk_testing.fakes import FakeDocuments, FakeKeptCalls, FakeLeases

from tests.support.store_kinds import (
    KINDS,
    NEWER_THINGS,
    NOWHERE,
    START,
    STRANGE_THINGS,
    THINGS,
    Kind,
)


@pytest.fixture(params=KINDS)
async def kind(request: pytest.FixtureRequest) -> AsyncIterator[Kind]:
    clock = FakeClock(START)
    if request.param == "fake":
        yield _fake(clock)
        return
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        (folder / "a file").touch()
        stores: tuple[Store, Store] = (
            SqliteStore(folder, "contract"),
            SqliteStore(folder / "a file", "contract"),
        )
    else:
        mongo: str = request.getfixturevalue("mongo")
        name = request.getfixturevalue("prefix") + "contract"
        driver = StoreDriver(request.param)
        stores = (
            MongoStore(StoreSettings(url=mongo, driver=driver), name),
            MongoStore(StoreSettings(url=NOWHERE, driver=driver), name),
        )
    yield await _open(clock, *stores)
    await stores[0].drop()
    for store in stores:
        await store.stop()


async def _open(clock: FakeClock, store: Store, nowhere: Store) -> Kind:
    documents, leases, calls = (
        store.documents(THINGS, clock.now),
        store.leases(clock.now),
        store.calls(clock.now),
    )
    for item in (documents, documents, leases, calls, calls):
        await item.prepare()  # harmless when the indexes are there
    return Kind(
        documents,
        store.documents(NEWER_THINGS, clock.now),
        store.documents(STRANGE_THINGS, clock.now),
        leases,
        calls,
        nowhere.documents(THINGS, clock.now),
        nowhere.leases(clock.now),
        nowhere.calls(clock.now),
        clock,
    )


def _fake(clock: FakeClock) -> Kind:
    away, leases_away, calls_away = (
        FakeDocuments(THINGS, clock),
        FakeLeases(clock),
        FakeKeptCalls(clock),
    )
    away.is_down = leases_away.is_down = calls_away.is_down = True
    things, later = FakeDocuments(THINGS, clock), FakeDocuments(NEWER_THINGS, clock)
    odd = FakeDocuments(STRANGE_THINGS, clock)
    # one collection, and several versions of the software
    things._rows, odd._rows = cast(Any, later._rows), cast(Any, later._rows)
    odd._pending = things._pending
    leases, calls = FakeLeases(clock), FakeKeptCalls(clock)
    return Kind(things, later, odd, leases, calls, away, leases_away, calls_away, clock)
