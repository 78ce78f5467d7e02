"""The part of the consumer rule that touches documents: once each, in order, nothing lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from desk_contracts import Message
from desk_contracts.errors import DependencyDown, Invalid, Rejected, Transient
from desk_contracts.ids import identity
from desk_kernel import Context, Decision
from desk_platform.kafka import Cause, WorkItem
from desk_platform.store import Stored
from desk_platform.telemetry import names

from tests.support.bus_desk import (
    BROKEN,
    POISON,
    SHAKY,
    START,
    Desk,
    Story,
    noted,
    received,
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def loose() -> Desk:
    return Desk(ordered=False)


async def test_a_batch_is_folded_in_order_and_its_events_published(desk: Desk) -> None:
    await desk.feed(*(received(noted("t", number), number) for number in (1, 2, 3)))
    assert await desk.notes() == ("1", "2", "3")
    assert len(desk.published_ids()) == 3
    assert not await desk.documents.pending(START + timedelta(days=1), 10)


async def test_a_redelivered_record_changes_and_publishes_nothing(loose: Desk) -> None:
    event = received(noted("t", 1), 7)
    await loose.feed(event)
    for unit_of_work in (loose.unit_of_work, loose.another()):
        await loose.feed(event, unit_of_work=unit_of_work)
    assert await loose.notes() == ("1",)
    assert len(loose.published_ids()) == 1


async def test_another_copy_of_the_same_event_changes_nothing(loose: Desk) -> None:
    await loose.feed(received(noted("t", 1), 7))
    await loose.feed(received(noted("t", 1), 9))
    await loose.feed(received(noted("t", 1), 2, topic="desk.tickets.metrics.retry"))
    assert await loose.notes() == ("1",)


async def test_offsets_catch_what_the_list_of_recent_ids_forgot(loose: Desk) -> None:
    batch = [received(noted("t", number), number) for number in range(200)]
    await loose.feed(*batch)
    await loose.feed(batch[0], unit_of_work=loose.another())
    assert len(await loose.notes()) == 200


async def test_offsets_of_one_partition_say_nothing_of_another(loose: Desk) -> None:
    await loose.feed(received(noted("t", 1), 50, partition=0))
    await loose.feed(received(noted("t", 2), 3, partition=1))
    assert await loose.notes() == ("1", "2")


async def test_an_old_sequence_number_changes_nothing(desk: Desk) -> None:
    await desk.feed(*(received(noted("t", number), number) for number in (1, 2)))
    await desk.feed(received(noted("t", 1), 99), unit_of_work=desk.another())
    assert await desk.notes() == ("1", "2")


async def test_events_behind_a_gap_are_held_and_released_in_order(desk: Desk) -> None:
    await desk.feed(received(noted("t", 1), 1))
    await desk.feed(received(noted("t", 4), 2), received(noted("t", 3), 3))
    assert await desk.notes() == ("1",)
    buffered = (await desk.documents.load(["t"]))["t"].buffered
    assert len(buffered) == 2
    await desk.feed(received(noted("t", 2), 4), unit_of_work=desk.another())
    assert await desk.notes() == ("1", "2", "3", "4")
    assert not (await desk.documents.load(["t"]))["t"].buffered


async def test_a_gap_is_counted_once_and_only_if_it_is_one(desk: Desk) -> None:
    batch = [received(noted("t", number), number) for number in range(1, 5)]
    await desk.feed(*batch)
    # Redelivered with its first event: the document is not looked for, so a gap seems to be there.
    await desk.feed(batch[0], received(noted("t", 5), 5), unit_of_work=desk.another())
    assert desk.telemetry.value(names.INTEGRITY_GAPS) == 0
    assert len(await desk.notes()) == 5
    await desk.feed(received(noted("t", 7), 7))
    assert desk.telemetry.value(names.INTEGRITY_GAPS) == 1


async def test_copies_of_a_held_event_are_held_once(desk: Desk) -> None:
    for offset in (3, 3, 8):
        await desk.feed(received(noted("t", 2), offset))
    assert len((await desk.documents.load(["t"]))["t"].buffered) == 1


async def test_a_document_does_not_hold_without_bound(desk: Desk) -> None:
    await desk.feed(*(received(noted("t", number), number) for number in range(2, 300)))
    assert len((await desk.documents.load(["t"]))["t"].buffered) == 200
    assert {type(error) for _, error in desk.failures} == {Transient}
    assert len(desk.failures) == 98


@pytest.mark.parametrize(
    ("text", "kind"), [(POISON, Invalid), (BROKEN, ZeroDivisionError), (SHAKY, Transient)]
)
async def test_a_failure_is_dead_lettered_alone(
    loose: Desk, text: str, kind: type[Exception]
) -> None:
    await loose.feed(
        received(noted("t", 1), 1), received(noted("t", 2, text), 2), received(noted("u", 1), 3)
    )
    assert [type(error) for _, error in loose.failures] == [kind]
    assert await loose.notes("t") == ("1",)
    assert await loose.notes("u") == ("1",)


async def test_a_failure_is_dead_lettered_before_the_write_that_would_hide_it(loose: Desk) -> None:
    snapshots: list[dict[str, Stored[Story]]] = []

    async def look(_failures: object) -> None:
        snapshots.append(await loose.documents.load(["t"]))

    batch = [received(noted("t", 1, POISON), 1), received(noted("t", 2), 2)]
    tasks = [task for item in batch for task in loose.unit_of_work.work_items_of(item)]
    await loose.unit_of_work.run(tasks, look)
    assert snapshots == [{}]
    assert await loose.notes() == ("2",)


async def test_what_could_not_be_dead_lettered_is_not_hidden_by_a_write(loose: Desk) -> None:
    async def refuse(_failures: object) -> None:
        raise DependencyDown("the bus is away")

    batch = [received(noted("t", 1, POISON), 1), received(noted("t", 2), 2)]
    tasks = [task for item in batch for task in loose.unit_of_work.work_items_of(item)]
    with pytest.raises(DependencyDown):
        await loose.unit_of_work.run(tasks, refuse)
    assert await loose.notes() == ()


async def test_a_buffered_event_that_fails_is_retried_and_the_one_before_it_kept(
    desk: Desk,
) -> None:
    await desk.feed(received(noted("t", 3, SHAKY), 12, partition=4))
    await desk.feed(received(noted("t", 1), 1), received(noted("t", 2), 2))
    assert await desk.notes() == ("1", "2")
    ((task, error),) = desk.failures
    assert isinstance(error, Transient)
    cause = task.cause
    assert cause is not None
    assert cause.identity == identity("/desk/intake", "t-3")
    assert cause.origin is not None
    assert (cause.origin.topic, cause.origin.partition, cause.origin.offset) == (
        "desk.tickets",
        4,
        12,
    )
    assert not (await desk.documents.load(["t"]))["t"].buffered
    assert desk.published_ids() == [event.id for event in desk.publisher.events()]
    assert len(desk.published_ids()) == 2


async def test_nothing_is_published_that_was_not_written(desk: Desk) -> None:
    """A held event that fails after its predecessor was applied leaves no half of it behind."""
    await desk.feed(received(noted("t", 2, BROKEN), 1))
    await desk.feed(received(noted("t", 1), 2))
    stored = (await desk.documents.load(["t"]))["t"]
    assert stored.state == Story(notes=("1",))
    assert stored.sequence == len(desk.published_ids()) == 1


async def test_a_conflict_is_applied_again_on_the_newer_document(loose: Desk) -> None:
    await loose.feed(received(noted("t", 1), 1))
    other = loose.another()
    await loose.feed(received(noted("t", 2), 2), unit_of_work=other)
    await loose.feed(received(noted("t", 3), 3))  # from a copy that is old by now
    assert await loose.notes() == ("1", "2", "3")
    assert loose.telemetry.value(names.GUARD_CONFLICTS) == 1
    assert len(set(loose.published_ids())) == len(loose.published_ids()) == 3


async def test_a_document_that_always_changes_has_the_record_retried_later(loose: Desk) -> None:
    other = loose.another()

    async def race(offset: int) -> None:
        await loose.feed(received(noted("t", offset), offset, partition=1), unit_of_work=other)

    class Racing(type(loose.documents)):  # type: ignore[misc]
        async def load(self, ids: object) -> object:
            documents = await loose.documents.load(ids)  # type: ignore[arg-type]
            self.loads = getattr(self, "loads", 100) + 1
            await race(self.loads)
            return documents

    racing = Racing(loose.documents._schema, loose.clock)
    racing.write = loose.documents.write
    loose.cached = 0
    slow = loose.another()
    slow._documents = racing
    await loose.feed(received(noted("t", 1), 1), unit_of_work=slow)
    ((_, error),) = loose.failures
    assert isinstance(error, Transient)
    assert error.kind == "contended"


async def test_an_outbox_survives_a_bus_that_is_away(desk: Desk) -> None:
    desk.publisher.is_down = True
    batch = [received(noted("t", number), number) for number in (1, 2)]
    with pytest.raises(DependencyDown):
        await desk.feed(*batch)
    assert len((await desk.documents.load(["t"]))["t"].outbox) == 2
    desk.publisher.is_down = False
    await desk.feed(*batch)
    assert await desk.notes() == ("1", "2")
    assert len(desk.published_ids()) == len(set(desk.published_ids())) == 2
    assert not (await desk.documents.load(["t"]))["t"].outbox


async def test_a_carried_outbox_goes_out_before_what_follows(desk: Desk) -> None:
    desk.publisher.is_down = True
    with pytest.raises(DependencyDown):
        await desk.feed(received(noted("t", 1), 1))
    desk.publisher.is_down = False
    await desk.feed(received(noted("t", 2), 2))
    causes = [event.causation_id for event in desk.publisher.events()]
    assert causes == ["t-1", "t-2"]


async def test_a_write_of_unknown_outcome_is_looked_up_again(loose: Desk) -> None:
    """The store did it and its answer got lost: the next try finds it done."""
    write = loose.documents.write

    async def lose_answer(documents: object) -> frozenset[str]:
        await write(documents)  # type: ignore[arg-type]
        raise DependencyDown("no answer")

    await loose.feed(received(noted("t", 1), 1))
    loose.documents.write = lose_answer  # type: ignore[method-assign]
    with pytest.raises(DependencyDown):
        await loose.feed(received(noted("t", 2), 2))
    loose.documents.write = write  # type: ignore[method-assign]
    seen: list[tuple[str, ...]] = []

    def look(state: Story | None, _context: Context) -> Decision[Story] | None:
        seen.append(() if state is None else state.notes)
        return None

    await loose.unit_of_work.run([WorkItem("t", look)], loose.on_failed)
    assert seen == [("1", "2")]


def told_only_of(wanted: int, seen: list[int]) -> Callable[[Story | None, Context], None]:
    """A rule that has something to say only about a story of that length."""

    def rule(state: Story | None, _context: Context) -> None:
        seen.append(len(state.notes) if state else 0)
        if seen[-1] != wanted:
            raise Rejected("not that one")

    return rule


async def test_nothing_is_concluded_from_a_copy_that_another_member_made_old(
    loose: Desk,
) -> None:
    await loose.feed(received(noted("t", 1), 1))
    await loose.feed(received(noted("t", 2), 2), unit_of_work=loose.another())
    seen: list[int] = []
    await loose.unit_of_work.run([WorkItem("t", told_only_of(2, seen))], loose.on_failed)
    assert not loose.failures  # a refusal by the old copy would have been an outcome
    assert seen == [1, 2]


async def test_a_held_event_that_another_member_let_go_is_not_taken_for_held(
    desk: Desk,
) -> None:
    """One member reads the topic, another one the retry topic of the same ticket."""
    retries = desk.another()
    await desk.feed(received(noted("t", 3), 1), unit_of_work=retries)  # held, and remembered so
    stored = (await desk.documents.load(["t"]))["t"]
    stored.buffered = ()
    assert not await desk.documents.write([stored])
    await desk.feed(*(received(noted("t", number), number) for number in (1, 2)))
    await desk.feed(received(noted("t", 3), 1), unit_of_work=retries)
    assert await desk.notes() == ("1", "2", "3")


async def test_a_timer_is_not_missed_because_a_copy_is_old(desk: Desk) -> None:
    other = desk.another()
    await desk.feed(received(noted("t", 1), 1))
    await desk.unit_of_work.run(
        [WorkItem("t", lambda state, _context: Decision(state or Story()))], desk.on_failed
    )
    again = Decision(Story(), due=START + timedelta(minutes=1))
    await other.run([WorkItem("t", lambda _state, _context: again)], desk.on_failed)
    desk.clock.advance(timedelta(minutes=2))
    await desk.unit_of_work.on_timer(["t"], desk.on_failed)
    assert (await desk.documents.load(["t"]))["t"].state == Story(fired=1)


async def test_a_repeated_command_is_answered_with_the_document_as_it_is_now(
    loose: Desk,
) -> None:
    def add(state: Story | None, _context: Context) -> Decision[Story]:
        return Decision(Story(notes=(*(state or Story()).notes, "x")))

    await loose.unit_of_work.run([WorkItem("t", add, Cause("key"))], loose.on_failed)
    await loose.feed(received(noted("t", 1), 1), unit_of_work=loose.another())
    answers: list[Stored[Story]] = []
    await loose.unit_of_work.run(
        [WorkItem("t", add, Cause("key"))],
        loose.on_failed,
        lambda documents: answers.append(documents["t"]),
    )
    assert [answer.state for answer in answers] == [Story(notes=("x", "1"))]


async def test_memory_is_bounded_and_can_be_forgotten() -> None:
    desk = Desk(ordered=False, cached=3)
    await desk.feed(*(received(noted(f"t{number}", 1), number) for number in range(10)))
    assert len(desk.unit_of_work._cache._documents) == 3
    desk.unit_of_work.forget()
    assert not desk.unit_of_work._cache._documents


async def test_a_timer_fires_once_and_is_cleared(desk: Desk) -> None:
    await desk.feed(received(noted("t", 1), 1))
    desk.clock.advance(timedelta(hours=2))
    for _ in range(2):
        await desk.unit_of_work.on_timer(["t"], desk.on_failed)
    stored = (await desk.documents.load(["t"]))["t"]
    assert stored.state is not None
    assert stored.state.fired == 1
    assert stored.due is None


async def test_a_timer_that_was_moved_does_not_fire_at_its_old_moment(desk: Desk) -> None:
    await desk.feed(received(noted("t", 1), 1))
    desk.clock.advance(timedelta(minutes=59))
    await desk.feed(received(noted("t", 2), 2))  # due moves to an hour from now
    desk.clock.advance(timedelta(minutes=2))
    await desk.unit_of_work.on_timer(["t"], desk.on_failed)
    stored = (await desk.documents.load(["t"]))["t"]
    assert stored.state is not None
    assert stored.state.fired == 0
    assert stored.due == START + timedelta(minutes=59) + timedelta(hours=1)


async def test_waking_what_is_not_there_does_nothing(desk: Desk) -> None:
    await desk.unit_of_work.on_timer(["nobody"], desk.on_failed)
    assert not desk.failures
    assert await desk.documents.load(["nobody"]) == {}


async def test_a_repeated_command_is_done_once(loose: Desk) -> None:
    def add(state: Story | None, _context: Context) -> Decision[Story]:
        return Decision(Story(notes=(*(state or Story()).notes, "x")))

    for unit_of_work in (loose.unit_of_work, loose.another()):
        await unit_of_work.run([WorkItem("t", add, Cause("key-1"))], loose.on_failed)
    assert await loose.notes() == ("x",)


async def test_timers_are_told_only_of_what_is_written(desk: Desk) -> None:
    due, later = desk.unit_of_work.due, desk.clock.now() + timedelta(days=400)
    await due.renew(later, desk.documents.due)
    desk.documents.is_down = True
    with pytest.raises(DependencyDown):
        await desk.feed(received(noted("t", 1), 1))
    assert due.take(later, 9) == {}
    desk.documents.is_down = False
    await desk.feed(received(noted("t", 1), 1))
    assert list(due.take(later, 9)) == ["t"]


async def test_a_document_whose_events_wait_for_the_bus_never_outgrows_the_store(
    loose: Desk,
) -> None:
    waiting = (Message("desk.tickets", b"t", b"x" * 150_000, ()),) * 65
    await loose.documents.write([Stored("t", outbox=waiting), Stored("u", outbox=waiting[:50])])
    loose.publisher.is_down = True
    with pytest.raises(DependencyDown):
        await loose.feed(received(noted("t", 1), 1), received(noted("u", 2), 2))
    assert [getattr(error, "kind", "") for _, error in loose.failures] == ["too-much-unpublished"]
    stored = await loose.documents.load(["t", "u"])
    assert [len(stored[id].outbox) for id in ("t", "u")] == [65, 51]
