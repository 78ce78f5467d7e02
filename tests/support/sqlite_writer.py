"""Processes that write to one file of SQLite: one that is killed, and some that race."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from desk_contracts.codec import Message
from desk_platform.store import Schema, Stored
from desk_platform.store.sqlite.store import SqliteStore
from pydantic import BaseModel

AT_ONCE = 20


class Count(BaseModel):
    number: int = 0


COUNTS = Schema("counts", Count)


def now() -> datetime:
    return datetime.now(UTC)


def outbox_of(number: int) -> tuple[Message, ...]:
    """What a write of that number publishes: bytes that are no text, too."""
    return (
        Message("desk.tickets", b"k\xff", str(number).encode() + b"\x00\xfe", (("h", b"\x80"),)),
    )


async def write_until_killed(folder: Path) -> None:
    """Each line says that so many writes of each document are answered."""
    documents = SqliteStore(folder, "killed").documents(COUNTS, now)
    ids = [f"c{number}" for number in range(AT_ONCE)]
    stored = await documents.load(ids)
    number = max((item.version for item in stored.values()), default=0)
    while True:
        number += 1
        each = [
            Stored(id, number - 1, Count(number=number), outbox=outbox_of(number)) for id in ids
        ]
        # One by one and side by side, so that commits are shared.
        refused = await asyncio.gather(*(documents.write([item]) for item in each))
        assert not any(refused), refused
        print(number, flush=True)  # noqa: T201


async def count_up(folder: Path, times: int) -> None:
    """Add one so often, again wherever another process was faster."""
    documents = SqliteStore(folder, "raced").documents(COUNTS, now)
    for _ in range(times):
        while True:
            stored = (await documents.load(["c"])).get("c") or Stored("c", state=Count())
            assert stored.state is not None
            stored.state = Count(number=stored.state.number + 1)
            if not await documents.write([stored]):
                break


if __name__ == "__main__":
    command, place = sys.argv[1], Path(sys.argv[2])
    if command == "count":
        asyncio.run(count_up(place, int(sys.argv[3])))
    else:
        asyncio.run(write_until_killed(place))
