"""Many runs that wait, made of one: its documents copied in the store, under names of their own.

To have the service make 100,000 of them would take longer than all that is measured beside them.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import cast

from desk_contracts.ids import new_id
from desk_platform.settings import StoreSettings
from desk_platform.store.raw import PAGE, Raw, RawStore, pages_of
from desk_platform.store.store import open_store

# What is no document of a run or its target.
_OTHERS = ("leases", "milestones", "positions", "calls")


async def multiply(store_url: str, subject: str, times: int) -> None:
    """So many copies more of the run on this target, once it rests."""
    settings = StoreSettings(url=store_url)
    store = open_store(settings, f"{settings.database_prefix}automation")
    try:
        run = str((await _find_resting(store, subject))["_id"])
        originals = {
            name: await _find_rows(store, name, (run, subject))
            for name in await store.collections()
            if name not in _OTHERS and not name.endswith(".handled")
        }
        names = ((new_id(), f"{subject}-{number}") for number in range(times))
        while page := list(islice(names, PAGE)):
            for name, rows in originals.items():
                copies = [
                    cast(Raw, _rename(row, {run: id, subject: target}))
                    for row in rows
                    for id, target in page
                ]
                await store.write_raw(name, copies)
    finally:
        await store.stop()


async def _find_resting(store: RawStore, subject: str) -> Raw:
    """Its run, which is due in hours and has told all."""
    while True:
        later = datetime.now(UTC) + timedelta(hours=1)
        for row in [row async for rows in pages_of(store, "runs") for row in rows]:
            facets = cast("Mapping[str, object]", row.get("facets", {}))
            due = cast("datetime | None", row.get("due"))
            is_due_late = due is not None and due > later
            if facets.get("target") == subject and is_due_late and "outbox" not in row:
                return row
        await asyncio.sleep(0.2)


async def _find_rows(store: RawStore, collection: str, names: tuple[str, ...]) -> list[Raw]:
    return [
        row
        async for rows in pages_of(store, collection)
        for row in rows
        if any(name in str(row["_id"]) for name in names)
    ]


def _rename(value: object, names: Mapping[str, str]) -> object:
    match value:
        case str():
            for old, new in names.items():
                value = value.replace(old, new)
            return value
        case Mapping():
            return {name: _rename(item, names) for name, item in value.items()}
        case list():
            return [_rename(item, names) for item in value]
        case _:
            return value
