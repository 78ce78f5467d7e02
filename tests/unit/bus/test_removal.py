"""What removes old documents leaves alone what it cannot judge, and goes on for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest
from desk_platform.clock import FakeClock
from desk_platform.heartbeat import on_beat
from desk_platform.store import Stored
from desk_platform.store.removal import EVERY, Removal
from desk_testing.fakes import FakeDocuments

from tests.support.store_kinds import START, THINGS, Thing

DAY = timedelta(days=1)


def over(id: str) -> Stored[Thing]:
    return Stored(id, 0, Thing(name="over", at=START, code=id))


async def test_one_that_cannot_be_read_stays_and_keeps_no_other() -> None:
    clock = FakeClock(START)
    documents = FakeDocuments(THINGS, clock)
    await documents.write([over("broken"), over("whole")])
    documents.damage("broken")
    clock.advance(61 * DAY)
    assert await Removal(THINGS, documents, lambda: 60 * DAY, clock).look() == 1
    assert set(await documents.versions(["broken", "whole"])) == {"broken"}


async def test_it_looks_again_after_an_hour_by_the_time_that_is_asked_for_then() -> None:
    clock = FakeClock(START)
    documents = FakeDocuments(THINGS, clock)
    await documents.write([over("a")])
    clock.advance(50 * DAY)
    counts, asked_for = list[int](), [60 * DAY, 50 * DAY, 40 * DAY]

    class Over(Exception):
        pass

    async def note() -> None:
        counts.append(await documents.count())

    def ask() -> timedelta:
        if not asked_for:
            raise Over
        return asked_for.pop(0)

    class Counting(FakeClock):
        async def sleep(self, pause: timedelta) -> None:
            assert pause == EVERY
            await note()
            await super().sleep(pause)

    beats = list[int]()
    on_beat.set(lambda: beats.append(1))
    counting = Counting(clock.now())
    with pytest.raises(Over):
        await Removal(THINGS, documents, ask, counting).run()
    assert counts == [1, 0, 0]
    assert len(beats) == 3


def test_of_a_collection_that_says_no_end_nothing_is_removed() -> None:
    clock = FakeClock(START)
    endless = replace(THINGS, over=None)
    with pytest.raises(ValueError, match="nothing says when a document of things is over"):
        Removal(endless, FakeDocuments(endless, clock), lambda: DAY, clock)
