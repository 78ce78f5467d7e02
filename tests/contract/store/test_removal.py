"""What every store guarantees about removal: what is over and old goes, and nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from desk_contracts import Message
from desk_platform.store import Stored
from desk_platform.store.removal import PAGE, Removal

from tests.support.store_kinds import START, THINGS, Kind, Thing

pytestmark = pytest.mark.timeout(300)

DAY = timedelta(days=1)
OUT = Message("desk.tickets", b"k", b"{}", ())


def over(id: str, at: datetime = START, version: int = 0) -> Stored[Thing]:
    return Stored(id, version, Thing(name="over", at=at, code=id))


async def put(kind: Kind, *documents: Stored[Thing]) -> None:
    assert await kind.documents.write(documents) == frozenset()


async def remove_old(kind: Kind, *, kept: timedelta = 60 * DAY) -> int:
    return await Removal(THINGS, kind.documents, lambda: kept, kind.clock).look()


async def list_ids(kind: Kind) -> Sequence[str]:
    return [document.id for document in await kind.documents.find({}, limit=PAGE * 3)]


async def test_a_version_is_removed_once_and_another_never(kind: Kind) -> None:
    await put(kind, over("a"), over("b"), over("c"))
    await put(kind, over("b", version=1))
    versions = [over("a", version=1), over("b", version=1), over("gone", version=1)]
    assert await kind.documents.remove(versions) == 1
    assert await kind.documents.remove(versions) == 0
    assert await kind.documents.remove([]) == 0
    assert await list_ids(kind) == ["b", "c"]


async def test_after_a_removal_the_id_and_its_unique_facet_are_free(kind: Kind) -> None:
    await put(kind, over("a"))
    assert await kind.documents.remove([over("a", version=1)]) == 1
    # Who had read it loses the write, and begins anew.
    assert await kind.documents.write([over("a", version=1)]) == {"a"}
    await put(kind, over("a"), Stored("b", 0, Thing(code="other")))
    assert (await kind.documents.load(["a"]))["a"].version == 1


async def test_of_a_write_and_a_removal_one_wins(kind: Kind) -> None:
    for number in range(10):
        id = f"t{number}"
        await put(kind, over(id))
        refused, removed = await asyncio.gather(
            kind.documents.write([over(id, version=1)]),
            kind.documents.remove([over(id, version=1)]),
        )
        assert removed == len(refused)
        assert (id in await kind.documents.load([id])) is (removed == 0)


async def test_two_removals_at_once_remove_each_once(kind: Kind) -> None:
    await put(kind, *(over(f"t{number}") for number in range(50)))
    kind.clock.advance(61 * DAY)
    assert sum(await asyncio.gather(remove_old(kind), remove_old(kind))) == 50


async def test_what_is_over_and_old_goes_and_nothing_else(kind: Kind) -> None:
    await put(
        kind,
        over("old"),
        over("newer", START + DAY),
        Stored("not over", 0, Thing(name="other", at=START, code="1")),
        replace(over("due"), due=START),
        replace(over("untold"), outbox=(OUT,)),
        replace(over("waits"), buffered=(OUT,)),
    )
    # What it is cannot be read.
    await put(kind, over("broken"))
    strange: dict[str, object] = {"odd": {"a": "no number"}}
    assert await kind.strange.write([Stored("broken", 1, strange)]) == frozenset()
    assert await remove_old(kind) == 0
    kind.clock.advance(60 * DAY)
    assert await remove_old(kind) == 1
    kept = await list_ids(kind)
    assert kept == ["broken", "due", "newer", "not over", "untold", "waits"]
    await kind.documents.clear_outboxes(await kind.documents.pending(kind.clock.now(), 1))
    kind.clock.advance(DAY)
    assert await remove_old(kind) == 2
    assert await list_ids(kind) == ["broken", "due", "not over", "waits"]


async def test_more_than_a_page_goes_in_one_look_also_past_what_stays(kind: Kind) -> None:
    waiting = [replace(over(f"a{number:03}"), due=START) for number in range(PAGE)]
    await put(kind, *waiting)
    await put(kind, *(over(f"b{number:03}", START + DAY) for number in range(PAGE + 1)))
    kind.clock.advance(61 * DAY)
    assert await remove_old(kind) == PAGE + 1
    assert await list_ids(kind) == [document.id for document in waiting]


async def test_nothing_goes_before_its_events_are_too_old_whatever_is_asked_for(
    kind: Kind,
) -> None:
    await put(kind, over("a"))
    kind.clock.advance(30 * DAY - timedelta(seconds=1))
    assert await remove_old(kind, kept=timedelta(0)) == 0
    kind.clock.advance(timedelta(seconds=1))
    assert await remove_old(kind, kept=timedelta(0)) == 1
