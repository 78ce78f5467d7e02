"""What a store holds, as it is kept, without anybody's model: to be moved to another store.

A row is a mapping with the field names of MongoDB; moments are `datetime`, messages hold bytes.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Protocol

Raw = Mapping[str, object]
# So many rows are in memory at once.
PAGE = 500
# Rights for a time are nobody's any more once their holders are stopped.
NOT_MOVED = frozenset({"leases"})
# Who wrote a row last only helped MongoDB's own guard.
_NOT_COMPARED = frozenset({"writer"})


class RawStore(Protocol):
    """The part of a store that a move needs."""

    async def collections(self) -> list[str]: ...
    async def read_raw(self, collection: str, after: str, limit: int) -> list[Raw]: ...
    async def write_raw(self, collection: str, rows: Iterable[Raw]) -> None: ...


async def pages_of(store: RawStore, collection: str) -> AsyncIterator[list[Raw]]:
    """All rows in the order of their ids."""
    after = ""
    while rows := await store.read_raw(collection, after, PAGE):
        yield rows
        after = str(rows[-1]["_id"])


async def copy_collection(source: RawStore, target: RawStore, collection: str) -> None:
    """Every row; those with an id that is there already are replaced."""
    async for rows in pages_of(source, collection):
        await target.write_raw(collection, rows)


async def digest_of(store: RawStore, collection: str) -> tuple[int, str]:
    """How many rows there are, and a hash of all they say, to the millisecond."""
    count, digest = 0, hashlib.sha256()
    async for rows in pages_of(store, collection):
        count += len(rows)
        for row in rows:
            content = {name: value for name, value in row.items() if name not in _NOT_COMPARED}
            digest.update(json.dumps(content, sort_keys=True, default=_plain).encode())
    return count, digest.hexdigest()


def _plain(value: object) -> str:
    match value:
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case bytes():
            return value.hex()
        case _:
            raise TypeError(f"{type(value).__name__} is kept by no store")
