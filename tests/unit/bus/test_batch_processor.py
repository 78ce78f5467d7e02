"""Every unit of work gets every event once; a failure in one of them is nobody else's."""

from collections.abc import Sequence

import pytest
from desk_contracts import AnyEvent
from desk_contracts.errors import DependencyDown, Transient
from desk_kernel import Context, Decision
from desk_platform.kafka import BatchProcessor, Received
from desk_platform.kafka.records import Failure, reroute
from desk_platform.kafka.retry import attempt_async, backoff

from tests.support.bus_desk import CODEC, SHAKY, START, Desk, Record, Story, noted, received, tell


@pytest.fixture
def desks() -> tuple[Desk, Desk]:
    first, second = Desk(ordered=False), Desk(ordered=False)
    first.unit_of_work.name, second.unit_of_work.name = "one", "two"
    return first, second


def calm(event: AnyEvent) -> AnyEvent:
    """The same event with a text that every rule can stand."""
    return event._replace(data=noted(event.subject, 1, event.id).data)


async def expect_no_failure(failures: Sequence[Failure]) -> None:
    assert not failures


def retried(failure: Failure) -> Received:
    message = reroute(failure, "metrics", START)
    raw = Record(message.key, message.value, message.headers, message.topic, 0, 0)
    return Received(CODEC.decode(raw.key, raw.value, raw.headers), raw)


async def test_each_unit_of_work_gets_every_event(desks: tuple[Desk, Desk]) -> None:
    processor = BatchProcessor(*(desk.unit_of_work for desk in desks))
    await processor.handle([received(noted("t", 1), 1)], expect_no_failure)
    assert [await desk.notes() for desk in desks] == [("1",), ("1",)]


async def test_a_rule_is_told_whether_its_batch_has_more_for_the_document() -> None:
    heard: list[tuple[str, bool]] = []

    def listen(state: Story | None, event: AnyEvent, context: Context) -> Decision[Story] | None:
        heard.append((event.id, context.more))
        return tell(state, event, context)

    events = [noted("t", 1), noted("u", 1), noted("t", 2), noted("t", 3)]
    batch = [received(event, offset) for offset, event in enumerate(events)]
    await BatchProcessor(Desk(react=listen).unit_of_work).handle(batch, expect_no_failure)
    assert sorted(heard) == [("t-1", True), ("t-2", True), ("t-3", False), ("u-1", False)]


async def test_a_retried_record_goes_only_where_it_failed(desks: tuple[Desk, Desk]) -> None:
    """Even if the other fold has forgotten by now that it handled it."""
    first, _ = desks
    second = Desk(
        ordered=False, react=lambda state, event, context: tell(state, calm(event), context)
    )
    second.unit_of_work.name = "two"
    failures: list[Failure] = []

    async def on_failed(reported: Sequence[Failure]) -> None:
        failures.extend(reported)

    shaky = noted("t", 1, SHAKY)
    processor = BatchProcessor(first.unit_of_work, second.unit_of_work)
    await processor.handle([received(shaky, 1)], on_failed)
    await processor.handle([received(noted("t", n), n) for n in range(2, 200)], expect_no_failure)
    ((failure),) = failures
    assert (failure.projection, failure.document) == ("one", "t")
    assert isinstance(failure.error, Transient)
    before = await second.notes()
    failures.clear()
    await processor.handle([retried(failure)], on_failed)
    assert [again.projection for again in failures] == ["one"]
    assert await second.notes() == before


async def test_both_units_of_work_can_fail_on_one_record(desks: tuple[Desk, Desk]) -> None:
    failures: list[Failure] = []

    async def on_failed(reported: Sequence[Failure]) -> None:
        failures.extend(reported)

    processor = BatchProcessor(*(desk.unit_of_work for desk in desks))
    await processor.handle([received(noted("t", 1, SHAKY), 1)], on_failed)
    assert sorted(failure.projection for failure in failures) == ["one", "two"]


async def test_a_store_that_is_away_explains_the_rest(desks: tuple[Desk, Desk]) -> None:
    first, second = desks
    second.documents.is_down = True

    async def broken(_ids: object) -> object:
        raise ZeroDivisionError

    first.documents.load = broken  # type: ignore[method-assign,assignment]
    processor = BatchProcessor(first.unit_of_work, second.unit_of_work)
    error = await attempt_async(processor.handle([received(noted("t", 1), 1)], expect_no_failure))
    assert isinstance(error, DependencyDown)


def test_a_pause_grows_to_a_bound_and_is_never_nothing() -> None:
    for failures in range(40):
        ceiling = min(5.0, 0.2 * 2**failures)
        pauses = [backoff(failures).total_seconds() for _ in range(50)]
        assert all(ceiling / 4 <= pause <= ceiling for pause in pauses)
        assert len(set(pauses)) > 1
