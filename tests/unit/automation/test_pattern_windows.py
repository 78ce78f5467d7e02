"""Matches of patterns become runs: once, whoever dies between the writes, and never of old news."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pytest
from desk_automation.pattern_windows.decide import (
    READ_LATER,
    find_next,
    hear_event,
    let_time_pass,
)
from desk_automation.pattern_windows.store import PATTERN_WINDOWS, window_projection
from desk_automation.pattern_windows.worker import MatchStarter
from desk_automation.patterns.model import SubjectWindows
from desk_automation.patterns.rules import compile_pattern
from desk_automation.runs.model import Phase, Run
from desk_charter.patterns import When
from desk_contracts import AnyEvent
from desk_kernel.retention import FORGOTTEN_AFTER
from desk_platform.kafka import CommandQueue, UnitOfWork
from desk_platform.kafka.batch_processor import BatchProcessor
from desk_platform.kafka.records import Failure, Received
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments
from desk_testing.telemetry import record_telemetry

from tests.support.automation_books import OneBook
from tests.support.automation_crashes import Crash
from tests.support.automation_engine import START, Engine, cleared, raised, runbook

COUNT = {"count": {"of": "data.value < 10.0", "at_least": 2, "within": "10m"}, "quiet": "1h"}
HELD = {"held": {"of": "data.value < 10.0", "for": "5m"}}
LATER = timedelta(hours=2)


class Record:
    """As the broker keeps it: with the time at which it came."""

    topic, partition = "desk.signals", 0
    headers: Sequence[tuple[str, bytes | None]] = ()

    def __init__(self, event: AnyEvent, offset: int, arrived: datetime) -> None:
        self.key: bytes | None = event.subject.encode()
        self.value: bytes | None = b"{}"
        self.offset, self.timestamp = offset, int(arrived.timestamp() * 1000)


class Patterns:
    """The windows beside the engine's runs."""

    def __init__(self, when: object) -> None:
        book = runbook(when=when)
        self.engine = Engine((book,))
        self.book = OneBook(book)
        self.clock = self.engine.clock
        self.documents = FakeDocuments(PATTERN_WINDOWS, self.clock)
        meters = record_telemetry().telemetry.meters
        projection = window_projection(self.documents, lambda: self.book)
        self.unit = UnitOfWork(projection, self.engine.bus, self.clock, meters, cached=0)
        self.windows = CommandQueue(self.unit)
        self.runs: CommandQueue[Run] = self.engine.journal
        self.offset = 0

    async def hear(self, *events: AnyEvent, arrived: datetime | None = None) -> None:
        """Events are read from the log."""
        for event in events:
            record = Record(event, self.offset, arrived or event.time)
            self.offset += 1
            self.clock.advance(max(timedelta(), event.time - self.clock.now()))
            await BatchProcessor(self.unit).handle([Received(event, record)], refuse)

    async def fire(self, after: timedelta = LATER) -> None:
        """All timers up to then."""
        self.clock.advance(after)
        starter = MatchStarter(
            self.windows, self.runs, lambda: self.book, self.engine.policy, self.clock
        )
        due = await self.documents.due(self.clock.now(), 10)
        await starter.on_timer([id for _, id in due], refuse_item, self.clock.now())

    async def started(self) -> list[Run]:
        return [item.state for item in await self.engine.runs.find({}) if item.state is not None]

    async def windows_of(self, subject: str = "laptop-1") -> SubjectWindows:
        stored: Stored[SubjectWindows] = (await self.documents.load([subject]))[subject]
        assert stored.state is not None
        return stored.state


async def refuse(failures: Iterable[Failure]) -> None:
    for failure in failures:
        raise failure.error


async def refuse_item(failures: Iterable[tuple[object, Exception]]) -> None:
    for _, error in failures:
        raise error


def at(minutes: float, episode: str) -> AnyEvent:
    return raised(episode=episode, at=START + timedelta(minutes=minutes))


async def test_a_match_is_one_run_of_its_last_event_and_leaves_nothing() -> None:
    patterns = Patterns(COUNT)
    await patterns.hear(at(0, "1"), at(1, "2"))
    await patterns.fire(timedelta(seconds=5))
    [run] = await patterns.started()
    assert run.trigger.episode == "2"
    assert run.phase is Phase.SETTLING
    await patterns.fire()
    assert (await patterns.windows_of()).windows == ()
    assert (await patterns.documents.load(["laptop-1"]))["laptop-1"].due is None


async def test_what_happened_first_and_arrives_second_is_a_part_of_the_match() -> None:
    patterns = Patterns(COUNT)
    later, earlier = raised(episode="2", at=START + timedelta(seconds=1)), raised(episode="1")
    await patterns.hear(later)
    await patterns.hear(earlier, arrived=START + timedelta(seconds=2))
    await patterns.fire(timedelta(seconds=10))
    [run] = await patterns.started()
    assert run.trigger.episode == "2"


async def test_a_match_whose_run_was_written_before_a_death_starts_no_second_one() -> None:
    patterns = Patterns(COUNT)
    await patterns.hear(at(0, "1"), at(1, "2"))

    class Dying(CommandQueue[SubjectWindows]):
        writes = 0

        async def change(self, *args: object, **more: object) -> Stored[SubjectWindows]:
            self.writes += 1
            if self.writes == 2:
                raise Crash
            return await CommandQueue.change(self, *args, **more)  # type: ignore[arg-type]

    patterns.windows = Dying(patterns.unit)
    with pytest.raises(Crash):
        await patterns.fire(timedelta(seconds=5))
    [window] = (await patterns.windows_of()).windows
    assert len(window.matches) == 1
    await patterns.engine.settle(timedelta(seconds=5))
    [begun] = await patterns.started()
    assert begun.has_acted
    patterns.windows = CommandQueue(patterns.unit)
    await patterns.fire(timedelta(seconds=1))
    assert await patterns.started() == [begun]


async def test_what_is_delivered_again_is_not_counted_again() -> None:
    patterns = Patterns(COUNT)
    first = at(0, "1")
    await patterns.hear(first, first)
    patterns.offset = 0
    await patterns.hear(first)
    await patterns.fire()
    assert await patterns.started() == []


async def test_what_ends_before_its_time_starts_nothing() -> None:
    patterns = Patterns(HELD)
    trouble = raised(episode="1")
    await patterns.hear(trouble, cleared(trouble, START + timedelta(minutes=4)))
    await patterns.fire()
    assert await patterns.started() == []


async def test_what_lasts_is_judged_by_when_it_had_lasted_not_by_when_it_began() -> None:
    patterns = Patterns({"held": {"of": "data.value < 10.0", "for": "3h"}})
    await patterns.hear(raised(episode="1"))
    await patterns.fire(timedelta(hours=3, seconds=5))
    [run] = await patterns.started()
    assert run.phase is Phase.SETTLING


async def test_who_is_late_with_the_beginning_is_waited_for_as_long_at_the_end() -> None:
    patterns, late = Patterns(HELD), timedelta(seconds=30)
    trouble, over = raised(episode="1"), START + timedelta(minutes=4, seconds=59)
    patterns.clock.advance(late)
    await patterns.hear(trouble, arrived=START + late)
    await patterns.fire(over + timedelta(seconds=20) - patterns.clock.now())
    patterns.clock.advance(over + late - patterns.clock.now())
    await patterns.hear(cleared(trouble, over), arrived=over + late)
    await patterns.fire()
    assert await patterns.started() == []


def test_a_timer_judges_nothing_that_may_still_be_on_its_way() -> None:
    rule = compile_pattern("r", When.model_validate(HELD))
    rules = {"r": rule}
    heard = hear_event(None, raised(episode="1"), START, [rule])
    assert heard is not None
    windows = let_time_pass(heard, rules, START + timedelta(minutes=1))
    due = START + timedelta(minutes=5) + rule.when.lateness
    assert find_next(windows, rules, START) == due + READ_LATER
    early = let_time_pass(windows, rules, due + READ_LATER - timedelta(microseconds=1))
    assert early == windows
    [window] = let_time_pass(windows, rules, due + READ_LATER).windows
    assert len(window.matches) == 1


async def test_a_match_of_a_log_that_is_read_much_later_repairs_nothing() -> None:
    patterns = Patterns(COUNT)
    patterns.clock.advance(timedelta(days=3))
    await patterns.hear(at(0, "1"), at(1, "2"))
    await patterns.fire(timedelta(seconds=5))
    [run] = await patterns.started()
    assert run.phase is Phase.SKIPPED
    assert run.reason is not None
    assert run.reason.code == "run.stale"


async def test_a_match_that_is_too_old_leaves_no_run_since_its_own_may_have_been_removed() -> None:
    patterns = Patterns(COUNT)
    patterns.clock.advance(FORGOTTEN_AFTER + timedelta(minutes=2))
    await patterns.hear(at(0, "1"), at(1, "2"))
    await patterns.fire(timedelta(seconds=5))
    assert await patterns.started() == []
    assert (await patterns.windows_of()).windows == ()


async def test_late_events_and_those_in_quiet_time_are_left_out_and_counted() -> None:
    patterns = Patterns(COUNT)
    await patterns.hear(at(0, "1"), at(1, "2"))
    await patterns.fire(timedelta(seconds=10))
    await patterns.hear(at(0.5, "3"), arrived=START + timedelta(minutes=1, seconds=20))
    await patterns.hear(at(5, "4"), at(6, "5"))
    await patterns.fire(timedelta(seconds=10))
    left_out = (await patterns.windows_of()).left_out
    assert (left_out.late, left_out.quiet, left_out.flapping) == (1, 1, 0)
    assert len(await patterns.started()) == 1


@pytest.mark.parametrize(("minutes", "is_flapping"), [((0, 1, 2), True), ((0, 1, 7), False)])
async def test_a_match_while_its_subject_flaps_starts_nothing_and_is_counted(
    minutes: tuple[float, float, float], is_flapping: bool
) -> None:
    patterns = Patterns(COUNT | {"flap": {"changes": 3, "within": "5m"}})
    first, over, second = minutes
    await patterns.hear(at(first, "1"))
    await patterns.hear(cleared(raised(episode="1"), START + timedelta(minutes=over)))
    await patterns.hear(at(second, "2"))
    await patterns.fire(timedelta(seconds=10))
    assert (await patterns.windows_of()).left_out.flapping == is_flapping
    assert len(await patterns.started()) == (not is_flapping)


async def test_a_pattern_that_was_changed_begins_anew() -> None:
    three = {"count": COUNT["count"] | {"at_least": 3}}  # type: ignore[operator]
    patterns = Patterns(three)
    await patterns.hear(at(0, "1"))
    patterns.book = OneBook(runbook(when=three | {"quiet": "2h"}))
    # With the first it would be three when the last comes.
    await patterns.hear(at(1, "2"), at(1.5, "3"), at(11.2, "4"))
    await patterns.fire()
    assert await patterns.started() == []
    patterns.book = OneBook()
    await patterns.fire()
    assert (await patterns.windows_of()).windows == ()
