"""What a document handled is known for its time, whatever came in between."""

from collections.abc import Collection, Sequence
from datetime import timedelta

import pytest
from desk_contracts.errors import DependencyDown, KeyReused
from desk_kernel import Context, Decision
from desk_platform.kafka import Cause, CommandQueue, Projection, UnitOfWork, WorkItem
from desk_platform.store import Stored
from desk_platform.store.document import KEPT_HERE, MOST_HERE
from desk_platform.store.idempotency import KeptCall
from desk_testing.fakes import FakeDocuments, FakeKeptCalls

from tests.support.bus_desk import STORIES, Desk, Story, noted, outside, received

OTHERS = 3 * MOST_HERE


@pytest.fixture
def loose() -> Desk:
    return Desk(ordered=False)


def add(text: str) -> WorkItem[Story]:
    """Asks for one note under a key, as HTTP does; what is asked is its digest."""
    key, _, note = text.partition("=")

    def rule(state: Story | None, _context: Context) -> Decision[Story]:
        before = state or Story()
        return Decision(Story(notes=(*before.notes, note)))

    return WorkItem("t", rule, Cause(key, content=note))


@pytest.mark.parametrize("batch", [1, 7, 64, 500])
async def test_a_copy_is_known_however_many_came_in_between(loose: Desk, batch: int) -> None:
    events = [outside(f"n{n}", f"{n}") for n in range(OTHERS)]
    records = [received(event, place) for place, event in enumerate([*events, *reversed(events)])]
    for first in range(0, len(records), batch):
        member = loose.unit_of_work if first % 3 else loose.another()
        await loose.feed(*records[first : first + batch], unit_of_work=member)
    assert await loose.notes() == tuple(str(n) for n in range(OTHERS))
    assert not loose.failures
    assert len(set(loose.published_ids())) == OTHERS


async def test_another_content_is_told_however_many_came_in_between(loose: Desk) -> None:
    for n in range(OTHERS):
        await loose.feed(received(outside(f"n{n}", f"{n}"), n))
    await loose.feed(received(outside("n40", "another"), OTHERS))
    assert [getattr(error, "kind", "") for _, error in loose.failures] == ["id-reused"]
    assert len(await loose.notes()) == OTHERS


async def test_an_event_of_our_own_is_known_however_many_came_in_between(loose: Desk) -> None:
    for n in (*range(OTHERS), 30, 5, 100):
        await loose.feed(received(noted("t", n, sequence=False), n, partition=n % 3))
    assert len(await loose.notes()) == OTHERS


async def test_a_key_is_known_with_what_was_asked_however_many_came_in_between(
    loose: Desk,
) -> None:
    commands = CommandQueue(loose.unit_of_work)
    for n in range(OTHERS):
        task = add(f"key-{n}={n}")
        assert isinstance(task.cause, Cause)
        await commands.change("t", task.rule, task.cause)  # type: ignore[arg-type]  # a rule
    before = await loose.notes()
    await loose.unit_of_work.run([add("key-20=20")], loose.on_failed)
    assert await loose.notes() == before
    await loose.another().run([add("key-20=other")], loose.on_failed)
    ((_, error),) = loose.failures
    assert isinstance(error, KeyReused)
    assert await loose.notes() == before


async def test_a_document_stays_small_and_the_rest_is_kept_beside_it(loose: Desk) -> None:
    for n in range(OTHERS):
        await loose.feed(received(outside(f"n{n}", f"{n}"), n))
        stored = (await loose.documents.load(["t"]))["t"]
        assert len(stored.recent) <= MOST_HERE
        assert next(iter(stored.recent)) == outside("n0", "0").identity
    assert isinstance(loose.documents.identities, FakeKeptCalls)
    kept = len(loose.documents.identities.calls)
    assert kept + len(stored.recent) == OTHERS


async def test_nothing_is_read_beside_a_document_that_has_all_and_once_for_a_batch(
    loose: Desk,
) -> None:
    counting = loose.documents.identities = CountedCalls(loose)
    unit_of_work = loose.another()
    for n in range(KEPT_HERE - 1):
        await loose.feed(received(outside(f"n{n}", "x"), n), unit_of_work=unit_of_work)
    assert counting.reads == 0
    await loose.feed(
        *(received(outside(f"m{n}", "x"), n + 100) for n in range(300)), unit_of_work=unit_of_work
    )
    await loose.feed(
        *(received(outside(f"o{n}", "x"), n + 400) for n in range(300)), unit_of_work=unit_of_work
    )
    assert (counting.reads, counting.writes) == (1, 1)


async def test_what_its_topic_does_not_have_any_more_is_forgotten_beside_too() -> None:
    week = timedelta(days=7)
    desk = Desk(ordered=False)
    projection = Projection(
        desk.documents, lambda event: [event.subject], desk.react, known_for=week
    )
    meters = desk.telemetry.telemetry.meters
    unit_of_work: UnitOfWork[Story] = UnitOfWork(projection, desk.publisher, desk.clock, meters)
    for n in range(OTHERS):
        await desk.feed(received(outside(f"n{n}", "x"), n), unit_of_work=unit_of_work)
    desk.clock.advance(week - timedelta(seconds=1))
    assert await desk.documents.identities.sweep(1000) == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.documents.identities.sweep(1000) > OTHERS / 2


async def test_a_state_that_tells_repeats_itself_keeps_nothing_beside(loose: Desk) -> None:
    projection = Projection(
        loose.documents, lambda event: [event.subject], loose.react, is_exact=True
    )
    meters = loose.telemetry.telemetry.meters
    unit_of_work: UnitOfWork[Story] = UnitOfWork(projection, loose.publisher, loose.clock, meters)
    for n in range(OTHERS):
        await loose.feed(received(outside(f"n{n}", "x"), n), unit_of_work=unit_of_work)
    assert isinstance(loose.documents.identities, FakeKeptCalls)
    assert not loose.documents.identities.calls
    assert len((await loose.documents.load(["t"]))["t"].recent) <= MOST_HERE


@pytest.mark.parametrize("step", ["before keep", "after keep", "before write", "after write"])
@pytest.mark.parametrize("batch", [1, 50])
async def test_a_death_at_any_step_neither_loses_nor_doubles(step: str, batch: int) -> None:
    desk = MortalDesk(ordered=False)
    events = [outside(f"n{n}", f"{n}") for n in range(OTHERS)]
    records = [received(event, place) for place, event in enumerate([*events, *events])]
    deaths = 0
    for first in range(0, len(records), batch):
        part = records[first : first + batch]
        desk.dies_at = step if first % 2 == 0 else ""
        try:
            await desk.feed(*part, unit_of_work=desk.another())
        except Died:
            deaths += 1
            desk.dies_at = ""
            await desk.feed(*part, unit_of_work=desk.another())
    assert deaths > 0
    assert await desk.notes() == tuple(str(n) for n in range(OTHERS))
    assert not desk.failures


async def test_a_store_that_is_away_loses_nothing(loose: Desk) -> None:
    for n in range(OTHERS):
        await loose.feed(received(outside(f"n{n}", f"{n}"), n))
    assert isinstance(loose.documents.identities, FakeKeptCalls)
    loose.documents.identities.is_down = True
    with pytest.raises(DependencyDown):
        await loose.feed(received(outside("new", "new"), OTHERS))
    loose.documents.identities.is_down = False
    await loose.feed(received(outside("new", "new"), OTHERS))
    assert len(await loose.notes()) == OTHERS + 1


class CountedCalls(FakeKeptCalls):
    """Says how often it was asked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.clock)
        self.reads = self.writes = 0

    async def find_all(self, ids: Collection[str]) -> dict[str, str]:
        self.reads += 1
        return await super().find_all(ids)

    async def keep(self, calls: Sequence[KeptCall]) -> None:
        self.writes += 1
        await super().keep(calls)


class Died(BaseException):
    """The process ended here."""


class MortalDesk(Desk):
    """Dies at one step of what a batch does."""

    dies_at = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.documents = MortalDocuments(self)
        self.documents.identities = MortalCalls(self)
        self.unit_of_work = self.another()

    def at(self, step: str) -> None:
        if step == self.dies_at:
            raise Died


class MortalDocuments(FakeDocuments[Story]):
    def __init__(self, desk: MortalDesk) -> None:
        super().__init__(STORIES, desk.clock)
        self._desk = desk

    async def write(self, documents: Sequence[Stored[Story]]) -> frozenset[str]:
        self._desk.at("before write")
        refused = await super().write(documents)
        self._desk.at("after write")
        return refused


class MortalCalls(FakeKeptCalls):
    def __init__(self, desk: MortalDesk) -> None:
        super().__init__(desk.clock)
        self._desk = desk

    async def keep(self, calls: Sequence[KeptCall]) -> None:
        self._desk.at("before keep")
        await super().keep(calls)
        self._desk.at("after keep")
