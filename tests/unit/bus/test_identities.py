"""An event is known by its source and id, and what comes under a known one is the same or told."""

import pytest
from desk_contracts.errors import Invalid
from desk_platform.kafka import Received

from tests.support.bus_desk import Desk, outside, received


@pytest.fixture
def loose() -> Desk:
    return Desk(ordered=False)


async def test_one_id_of_two_sources_is_two_events(loose: Desk) -> None:
    await loose.feed(received(outside("17", "a", "/monitor/a"), 1))
    await loose.feed(received(outside("17", "b", "/monitor/b"), 2))
    assert await loose.notes() == ("a", "b")
    assert len(set(loose.published_ids())) == 2
    assert not loose.failures


async def test_a_known_identity_that_says_something_else_is_told_and_changes_nothing(
    loose: Desk,
) -> None:
    await loose.feed(received(outside("17", "a"), 1), received(outside("17", "b"), 2))
    assert await loose.notes() == ("a",)
    ((task, error),) = loose.failures
    assert isinstance(error, Invalid)
    assert error.kind == "id-reused"
    assert "17" in str(error)
    assert "/monitor/a" in str(error)
    assert isinstance(task.cause, Received)
    assert task.cause.raw.offset == 2


async def test_copies_of_an_outside_event_are_never_taken_for_something_else(
    loose: Desk,
) -> None:
    first = received(outside("17", "a"), 1)
    await loose.feed(first, first)
    await loose.feed(first, unit_of_work=loose.another())
    await loose.feed(received(outside("17", "a"), 5), received(outside("17", "a"), 2, partition=3))
    await loose.feed(received(outside("17", "a"), 2, topic="desk.tickets.metrics.retry"))
    assert await loose.notes() == ("a",)
    assert not loose.failures


async def test_a_record_read_again_is_never_told_as_something_else(loose: Desk) -> None:
    other = received(outside("17", "b"), 2)
    await loose.feed(received(outside("17", "a"), 1), other, received(outside("18", "c"), 3))
    assert len(loose.failures) == 1
    # Read again after a crash before the commit: it is in its dead letter already.
    await loose.feed(other, unit_of_work=loose.another())
    assert len(loose.failures) == 1


async def test_the_event_that_made_a_document_is_known_for_as_long_as_it_lives(
    loose: Desk,
) -> None:
    await loose.feed(received(outside("first", "a"), 0))
    await loose.feed(*(received(outside(f"n{n}", "b"), n) for n in range(1, 200)))
    await loose.feed(received(outside("first", "a"), 200), received(outside("first", "c"), 201))
    assert len(await loose.notes()) == 200
    assert [getattr(error, "kind", "") for _, error in loose.failures] == ["id-reused"]
    await loose.feed(received(outside("last", "d"), 202))
    assert len((await loose.documents.load(["t"]))["t"].recent) < 64
