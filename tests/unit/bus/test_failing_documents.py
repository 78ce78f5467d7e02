"""One document's failure is its own: in a rule, in the store, on the way to the bus."""

from collections.abc import Sequence

import pytest
from desk_contracts.errors import DependencyDown, Transient
from desk_kernel import Context, Decision
from desk_platform.kafka import Cause, WorkItem
from desk_platform.store import Stored, Unreadable
from desk_testing.fakes import FakeDocuments

from tests.support.bus_desk import Desk, Story, noted, received


def unwritable(store: FakeDocuments[Story], ids: set[str]) -> None:
    """The store takes no state of these documents with the text "large"."""
    write = store.write

    async def refuse(documents: Sequence[Stored[Story]]) -> frozenset[str]:
        if any(
            document.id in ids and document.state and "large" in document.state.notes
            for document in documents
        ):
            raise OverflowError("too large for the store")
        return await write(documents)

    store.write = refuse  # type: ignore[method-assign]


async def test_a_document_that_cannot_be_written_fails_alone() -> None:
    desk = Desk(ordered=False)
    unwritable(desk.documents, {"bad"})
    batch = [received(noted(f"t{n}", 1, sequence=False), n) for n in range(9)]
    batch.insert(4, received(noted("bad", 1, "large", sequence=False), 20))
    await desk.feed(*batch)
    assert [(task.id, type(error)) for task, error in desk.failures] == [("bad", OverflowError)]
    assert [await desk.notes(f"t{n}") for n in range(9)] == [("1",)] * 9
    assert len(desk.publisher.messages) == 9


async def test_of_several_tasks_only_the_one_that_makes_it_unwritable_fails() -> None:
    desk = Desk()
    unwritable(desk.documents, {"t"})
    await desk.feed(
        received(noted("t", 1)), received(noted("t", 2, "large"), 1), received(noted("t", 3), 2)
    )
    assert [(task.id, type(error)) for task, error in desk.failures] == [("t", OverflowError)]
    stored = (await desk.documents.load(["t"]))["t"]
    assert (stored.state, stored.sequence, len(stored.buffered)) == (Story(notes=("1",)), 1, 1)


async def test_a_document_that_cannot_be_read_fails_alone_and_is_left_as_it_is() -> None:
    desk = Desk(cached=0)
    await desk.feed(received(noted("bad", 1)), received(noted("good", 1), 1))
    desk.documents.damage("bad")
    await desk.feed(received(noted("bad", 2), 2), received(noted("good", 2), 3))
    assert [(task.id, type(error)) for task, error in desk.failures] == [("bad", Unreadable)]
    assert await desk.notes("good") == ("1", "2")
    with pytest.raises(Unreadable):
        await desk.documents.load(["bad"])


async def test_what_cannot_be_sent_stays_in_its_document_and_holds_up_nothing() -> None:
    desk = Desk(ordered=False, cached=0)
    missing = Transient("no such topic", code="topic-missing")
    desk.publisher.refused = lambda message: missing if message.key == b"bad" else None
    await desk.feed(received(noted("bad", 1)), received(noted("good", 1), 1))
    await desk.feed(received(noted("bad", 2), 2), received(noted("good", 2), 3))
    assert desk.failures == []
    assert [event.subject for event in desk.publisher.events()] == ["good", "good"]
    assert len((await desk.documents.load(["bad"]))["bad"].outbox) == 2


async def test_what_was_acknowledged_is_not_sent_again_for_anothers_sake() -> None:
    def fan_out(_state: Story | None, _context: Context) -> Decision[Story]:
        return Decision(Story(), tuple(noted(ticket, 1) for ticket in ("a", "bad", "b")))

    desk = Desk(ordered=False, cached=0)
    missing = Transient("no such topic", code="topic-missing")
    desk.publisher.refused = lambda message: missing if message.key == b"bad" else None
    await desk.unit_of_work.run([WorkItem("t", fan_out, Cause("once"))], desk.on_failed)
    for _ in range(5):
        await desk.another().run([WorkItem("t", fan_out, Cause("once"))], desk.on_failed)
    assert [event.subject for event in desk.publisher.events()] == ["a", "b"]
    desk.publisher.refused = lambda _: None
    await desk.another().run([WorkItem("t", fan_out, Cause("once"))], desk.on_failed)
    assert [event.subject for event in desk.publisher.events()] == ["a", "b", "bad"]


async def test_a_broker_that_is_away_for_one_partition_pauses_and_repeats_no_other() -> None:
    desk = Desk(ordered=False, cached=0)
    away = DependencyDown("no leader", dependency="kafka")
    desk.publisher.refused = lambda message: away if message.key == b"bad" else None
    batch = [received(noted(name, 1), n) for n, name in enumerate(("a", "bad", "b"))]
    for _ in range(3):
        with pytest.raises(DependencyDown):
            await desk.feed(*batch, unit_of_work=desk.another())
        await desk.unit_of_work.published_outboxes.flush()
    desk.publisher.refused = lambda _: None
    await desk.feed(*batch, unit_of_work=desk.another())
    assert sorted(event.subject for event in desk.publisher.events()) == ["a", "b", "bad"]
