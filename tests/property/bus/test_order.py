"""However a ticket's events arrive, late, twice, in any order, the end is the same."""

import asyncio
from itertools import pairwise

from desk_platform.store import Stored
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bus_desk import Desk, Story, noted, received

MOST = 12


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[int, list[list[tuple[int, int]]]]:
    """How many events there are; batches of (number, offset), every number at least once."""
    many = draw(st.integers(1, MOST))
    copies = draw(st.lists(st.integers(1, many), max_size=MOST))
    order = draw(st.permutations([*range(1, many + 1), *copies]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=4)) | {0, len(order)})
    numbered = list(zip(order, range(len(order)), strict=True))
    return many, [numbered[first:last] for first, last in pairwise(cuts)]


async def end_of(batches: list[list[tuple[int, int]]], *, cached: int, restart: bool) -> Desk:
    desk = Desk(cached=cached)
    for batch in batches:
        unit_of_work = desk.another() if restart else desk.unit_of_work
        events = [received(noted("t", number), offset) for number, offset in batch]
        await desk.feed(*events, unit_of_work=unit_of_work)
    return desk


@given(arrivals(), st.sampled_from([0, 100]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_arrival_order_gives_the_same_state_and_each_event_once(
    given_: tuple[int, list[list[tuple[int, int]]]], cached: int, restart: bool
) -> None:
    many, batches = given_

    async def check() -> None:
        desk = await end_of(batches, cached=cached, restart=restart)
        stored: Stored[Story] = (await desk.documents.load(["t"]))["t"]
        assert stored.state == Story(notes=tuple(str(number) for number in range(1, many + 1)))
        assert (stored.sequence, stored.buffered, stored.outbox) == (many, (), ())
        causes = [event.causation_id for event in desk.publisher.events()]
        assert causes == [f"t-{number}" for number in range(1, many + 1)]
        assert len(set(desk.published_ids())) == many
        assert not desk.failures

    asyncio.run(check())


@given(arrivals(), st.lists(st.booleans(), min_size=5, max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_bus_that_fails_at_times_changes_nothing_but_the_number_of_copies(
    given_: tuple[int, list[list[tuple[int, int]]]], outages: list[bool]
) -> None:
    """Each batch is read again until it comes through, as the consumer does."""
    many, batches = given_

    async def check() -> None:
        desk = Desk()
        for batch, is_down in zip(batches, outages, strict=False):
            events = [received(noted("t", number), offset) for number, offset in batch]
            if is_down:
                desk.publisher.is_down = True
                await asyncio.gather(desk.feed(*events), return_exceptions=True)
                desk.publisher.is_down = False
            await desk.feed(*events)
        assert await desk.notes() == tuple(str(number) for number in range(1, many + 1))
        assert len(set(desk.published_ids())) == many

    asyncio.run(check())


@given(arrivals())
@settings(max_examples=100, deadline=None)
def test_an_unordered_projection_takes_each_event_once(
    given_: tuple[int, list[list[tuple[int, int]]]],
) -> None:
    many, batches = given_

    async def check() -> None:
        desk = Desk(ordered=False)
        for batch in batches:
            # Redelivery repeats a record with its offset; a copy has another offset.
            events = [received(noted("t", number), offset) for number, offset in batch]
            await desk.feed(*events)
            await desk.feed(*events, unit_of_work=desk.another())
        assert sorted(await desk.notes(), key=int) == [str(n) for n in range(1, many + 1)]
        assert len(set(desk.published_ids())) == many

    asyncio.run(check())
