"""Calls to one place at once: no more than its slots, in a fair order."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress

import pytest
from desk_automation.runs.worker.fair_queue import Rank
from desk_automation.runs.worker.slots import Slots
from desk_contracts.value_types import Priority

PLAIN = Rank(Priority.P3, "workplace", "clean-disk")
URGENT = Rank(Priority.P1, "network", "restart-gateway")


class Place:
    """Runs that want the same place, and those that are in it."""

    def __init__(self, per_slot: int, free_runs: int) -> None:
        self.free_runs = asyncio.Semaphore(free_runs)
        self.called: list[str] = []
        self.slots = Slots(per_slot, self.free_runs, self.called.append)
        self.inside: list[int] = []
        self.refused: list[int] = []
        self.leave: dict[int, asyncio.Event] = {}

    def begin(self, number: int, rank: Rank = PLAIN) -> "asyncio.Task[None]":
        self.leave[number] = asyncio.Event()
        return asyncio.create_task(self._run(number, rank))

    async def free_run(self, work: Coroutine[None, None, None]) -> None:
        async with self.free_runs:
            await work

    async def _run(self, number: int, rank: Rank) -> None:
        async with self.free_runs, self.slots.line_up("host", str(number), rank) as has_room:
            if not has_room:
                self.refused.append(number)
                return
            async with self.slots.enter("host", rank):
                self.inside.append(number)
                await self.leave[number].wait()
                self.inside.remove(number)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_who_waits_in_line_is_next_and_the_line_has_an_end() -> None:
    place = Place(per_slot=2, free_runs=9)
    tasks = [place.begin(number) for number in range(5)]
    await settle()
    assert place.inside == [0, 1]
    assert place.refused == [4]
    place.leave[1].set()
    await settle()
    assert place.inside == [0, 2]
    assert place.called == ["4"]
    for leave in place.leave.values():
        leave.set()
    await asyncio.gather(*tasks)
    assert place.inside == []


async def test_who_prepares_in_line_keeps_their_room_and_takes_no_slot() -> None:
    place = Place(per_slot=1, free_runs=9)
    async with place.slots.line_up("host", "prepares", PLAIN):
        tasks = [place.begin(0), place.begin(1)]
        await settle()
        assert (place.inside, place.refused) == ([0], [1])
    assert place.called == ["1"]
    place.leave[0].set()
    await asyncio.gather(*tasks)


async def test_who_waits_in_line_holds_up_no_run_elsewhere() -> None:
    place = Place(per_slot=1, free_runs=2)
    tasks = [place.begin(number) for number in range(2)]
    await settle()
    assert not place.free_runs.locked()
    place.leave[0].set()
    await settle()
    assert place.inside == [1]
    place.leave[1].set()
    await asyncio.gather(*tasks)


async def test_who_is_ended_in_line_takes_no_slot_with_them() -> None:
    place = Place(per_slot=1, free_runs=9)
    tasks = [place.begin(0), place.begin(1)]
    await settle()
    tasks[1].cancel()
    with suppress(asyncio.CancelledError):
        await tasks[1]
    place.leave[0].set()
    await tasks[0]
    last = place.begin(2)
    await settle()
    assert place.inside == [2]
    place.leave[2].set()
    await last


async def test_who_is_ended_on_their_turn_passes_it_on() -> None:
    slots = Slots(1, asyncio.Semaphore(9), print)

    async def enter() -> bool:
        async with slots.line_up("host", "next", PLAIN) as has_room, slots.enter("host", PLAIN):
            return has_room

    async with slots.line_up("host", "first", PLAIN), slots.enter("host", PLAIN):
        next_one = asyncio.create_task(enter())
        await settle()
    next_one.cancel()  # it has its turn, and did not run since
    with pytest.raises(asyncio.CancelledError):
        await next_one
    assert await enter()


async def test_of_many_that_found_the_line_full_none_is_left_behind() -> None:
    place = Place(per_slot=2, free_runs=9)
    done: list[str] = []
    runs = [str(number) for number in range(40)]

    async def run(id: str) -> None:
        async with place.slots.line_up("host", id, PLAIN) as has_room:
            if has_room:
                async with place.slots.enter("host", PLAIN):
                    await asyncio.sleep(0)
                    done.append(id)

    async with asyncio.TaskGroup() as group:
        place.called += runs
        while len(done) < 40:
            waiting, place.called[:] = list(place.called), []
            for id in waiting:
                group.create_task(place.free_run(run(id)))
            await settle()
            assert waiting
    assert sorted(done, key=int) == [str(number) for number in range(40)]


async def test_the_urgent_are_called_and_enter_before_those_that_came_first() -> None:
    place = Place(per_slot=1, free_runs=9)
    tasks = [place.begin(number) for number in range(3)]
    await settle()
    tasks.append(place.begin(3, URGENT))
    await settle()
    assert (place.inside, place.refused) == ([0], [2, 3])
    place.leave[0].set()
    await settle()
    assert (place.inside, place.called) == ([1], ["3"])
    tasks.append(place.begin(4))  # room is kept for who was called
    await settle()
    assert place.refused == [2, 3, 4]
    tasks += [place.begin(3, URGENT)]
    await settle()
    place.leave[1].set()
    await settle()
    assert place.inside == [3]
    for leave in place.leave.values():
        leave.set()
    await asyncio.gather(*tasks)


async def test_who_was_called_and_does_not_come_leaves_no_slot_empty() -> None:
    place = Place(per_slot=1, free_runs=9)
    tasks = [place.begin(number) for number in range(4)]
    await settle()
    place.leave[0].set()
    place.leave[1].set()
    await settle()
    assert (place.inside, place.called) == ([], ["2", "3"])
    tasks += [place.begin(5), place.begin(6)]
    await settle()
    assert place.inside == [5]
    for leave in place.leave.values():
        leave.set()
    await asyncio.gather(*tasks)


async def test_of_two_in_line_the_urgent_enters_first() -> None:
    slots, entered = Slots(1, asyncio.Semaphore(9), print), list[str]()

    async def enter(name: str, rank: Rank) -> None:
        async with slots.enter("host", rank):
            entered.append(name)

    async with slots.enter("host", PLAIN):
        tasks = [asyncio.create_task(enter(name, PLAIN)) for name in ("first", "second")]
        tasks.append(asyncio.create_task(enter("urgent", URGENT)))
        await settle()
    await asyncio.gather(*tasks)
    assert entered == ["urgent", "first", "second"]
