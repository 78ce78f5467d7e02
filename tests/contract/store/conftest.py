"""The same suite on the fake and on the real store with both drivers."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from desk_platform.clock import FakeClock
from desk_platform.settings import StoreSettings
from desk_platform.settings.groups import StoreDriver
from desk_platform.store import MongoDocuments, Store
from desk_platform.store.idempotency import MongoKeptCalls
from desk_platform.store.leases import MongoLeases
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
    mongo: str = request.getfixturevalue("mongo")
    prefix: str = request.getfixturevalue("prefix")
    driver = StoreDriver(request.param)
    store = Store(StoreSettings(url=mongo, driver=driver), prefix + "contract")
    nowhere = Store(StoreSettings(url=NOWHERE, driver=driver), prefix + "contract")
    documents = MongoDocuments(store.database, THINGS, clock.now)
    newer = MongoDocuments(store.database, NEWER_THINGS, clock.now)
    strange = MongoDocuments(store.database, STRANGE_THINGS, clock.now)
    leases = MongoLeases(store.database, clock.now)
    calls = MongoKeptCalls(store.database, clock.now)
    for item in (documents, documents, leases, calls, calls):
        await item.prepare()  # harmless when the indexes are there
    gone = MongoDocuments(nowhere.database, THINGS, clock.now)
    leases_gone = MongoLeases(nowhere.database, clock.now)
    calls_gone = MongoKeptCalls(nowhere.database, clock.now)
    yield Kind(documents, newer, strange, leases, calls, gone, leases_gone, calls_gone, clock)
    await store.drop()
    await store.stop()
    await nowhere.stop()


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
