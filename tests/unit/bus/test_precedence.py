"""People first: while somebody calls a batch of the bus is done in slices, all of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from desk_platform.kafka.batch_processor import BatchProcessor
from desk_platform.kafka.records import Failure
from desk_platform.precedence import (
    LONGEST_SECONDS,
    QUIET_SECONDS,
    SLICE,
    SLICE_SECONDS,
    SMALLEST_SLICE,
    Precedence,
)
from desk_platform.store import Stored

from tests.support.bus_desk import Desk, Story, noted, received


class Watch:
    """A watch that is set by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def desk(watch: Watch) -> Desk:
    made = Desk(ordered=False)
    made.unit_of_work.precedence = Precedence(watch)
    return made


def slices_of(desk: Desk) -> list[int]:
    """How many documents each write has from now on."""
    sizes: list[int] = []
    write: Callable[[Sequence[Stored[Story]]], Awaitable[frozenset[str]]] = desk.documents.write

    async def counted(documents: Sequence[Stored[Story]]) -> frozenset[str]:
        sizes.append(len(documents))
        return await write(documents)

    desk.documents.write = counted  # type: ignore[method-assign]
    return sizes


async def handled(desk: Desk, count: int) -> None:
    batch = [received(noted(f"t{number}", 1), number) for number in range(count)]

    async def on_failed(_: Sequence[Failure]) -> None:
        raise AssertionError

    await BatchProcessor(desk.unit_of_work).handle(batch, on_failed)


async def test_while_nobody_calls_a_batch_is_one(desk: Desk) -> None:
    sizes = slices_of(desk)
    await handled(desk, 4 * SLICE)
    assert sizes == [4 * SLICE]


async def test_after_a_call_a_batch_is_done_in_slices_until_it_is_calm_again(
    desk: Desk, watch: Watch
) -> None:
    sizes = slices_of(desk)
    with desk.unit_of_work.precedence.call():
        pass
    await handled(desk, 3 * SLICE + 1)
    assert sizes == [SLICE, SLICE, SLICE, 1]
    assert len(desk.published_ids()) == 3 * SLICE + 1
    watch.at += QUIET_SECONDS
    sizes.clear()
    await handled(desk, 3 * SLICE)
    assert len(sizes) <= 1


async def test_a_call_that_has_come_goes_before_the_next_slice(desk: Desk) -> None:
    precedence, order = desk.unit_of_work.precedence, []
    sizes = slices_of(desk)

    async def call() -> None:
        with precedence.call():
            for _ in range(5):
                await asyncio.sleep(0)
            order.append(("call", len(sizes)))

    with precedence.call():
        pass
    work = asyncio.create_task(handled(desk, 2 * SLICE + 1))
    calling = asyncio.create_task(call())
    await calling
    await work
    assert order == [("call", 0)]
    assert sum(sizes) == 2 * SLICE + 1


async def test_calls_without_end_leave_the_bus_its_share(desk: Desk) -> None:
    began = asyncio.get_running_loop().time()
    with desk.unit_of_work.precedence.call():
        await handled(desk, 3 * SLICE)
    spent = asyncio.get_running_loop().time() - began
    assert spent >= 2 * LONGEST_SECONDS
    assert len(desk.published_ids()) == 3 * SLICE


class NeverPassed(Precedence):
    """Nobody may be let pass."""

    async def let_pass(self) -> None:
        raise AssertionError


async def test_what_is_no_burst_waits_for_nobody(desk: Desk, watch: Watch) -> None:
    desk.unit_of_work.precedence = NeverPassed(watch)
    sizes = slices_of(desk)
    with desk.unit_of_work.precedence.call():
        await handled(desk, SLICE)
    assert sizes == [SLICE]


async def test_nobody_keeps_a_slow_store_for_longer_than_agreed(desk: Desk, watch: Watch) -> None:
    """People may call another service, which needs the same store: so without any call here."""
    write = desk.documents.write

    async def slowly(documents: Sequence[Stored[Story]]) -> frozenset[str]:
        watch.at += len(documents) * SLICE_SECONDS / 20
        return await write(documents)

    desk.documents.write = slowly  # type: ignore[method-assign]
    sizes = slices_of(desk)
    await handled(desk, 40 * SLICE)
    assert sum(sizes) == 40 * SLICE
    assert max(sizes[10:]) <= 25
    assert min(sizes[:-1]) >= SMALLEST_SLICE


async def test_a_quick_store_is_given_all_there_is(desk: Desk) -> None:
    await handled(desk, 3 * SLICE)
    sizes = slices_of(desk)
    await handled(desk, 20 * SLICE)
    assert len(sizes) <= 4
