"""The same suite on the fake and on the real store with both drivers."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from desk_shared.clock import FakeClock
from desk_shared.settings import StoreSettings
from desk_shared.settings.groups import StoreDriver
from desk_shared.store import MongoDocuments, Store
from desk_shared.store.leases import MongoLeases
from desk_shared.testing.fakes import FakeDocuments, FakeLeases

from tests.contract.store.kinds import (
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
        away = FakeDocuments(THINGS, clock)
        away.is_down = True
        leases = FakeLeases(clock)
        leases_away = FakeLeases(clock)
        leases_away.is_down = True
        things, later = FakeDocuments(THINGS, clock), FakeDocuments(NEWER_THINGS, clock)
        odd = FakeDocuments(STRANGE_THINGS, clock)
        # one collection, and several versions of the software
        things._rows, odd._rows = cast(Any, later._rows), cast(Any, later._rows)
        odd._pending = things._pending
        yield Kind(things, later, odd, leases, away, leases_away, clock)
        return
    mongo: str = request.getfixturevalue("mongo")
    prefix: str = request.getfixturevalue("prefix")
    driver = StoreDriver(request.param)
    store = Store(StoreSettings(url=mongo, driver=driver), prefix + "contract")
    nowhere = Store(StoreSettings(url=NOWHERE, driver=driver), prefix + "contract")
    documents = MongoDocuments(store.database, THINGS, clock.now)
    newer = MongoDocuments(store.database, NEWER_THINGS, clock.now)
    strange = MongoDocuments(store.database, STRANGE_THINGS, clock.now)
    real = MongoLeases(store.database, clock.now)
    await documents.prepare()
    await documents.prepare()  # harmless when they are there
    await real.prepare()
    gone = MongoDocuments(nowhere.database, THINGS, clock.now)
    leases_gone = MongoLeases(nowhere.database, clock.now)
    yield Kind(documents, newer, strange, real, gone, leases_gone, clock)
    await store.drop()
    await store.stop()
    await nowhere.stop()
