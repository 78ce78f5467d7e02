"""Nothing is transitions by a policy version that no longer holds, however many replicas say."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from desk_charter import Charter
from desk_charter.load import load_charter
from desk_charter.slas import SLAS
from desk_contracts.errors import Transient
from desk_kernel import Decision
from desk_metrics.measures.decide import decide_ticket, record_event
from desk_metrics.measures.model import TicketRecord
from desk_metrics.sla.model import TicketClocks
from desk_metrics.sla.policies import Edition, PolicyBook
from desk_metrics.sla.store import EDITIONS
from desk_metrics.sla.worker import AHEAD, Editions
from desk_metrics.sla.worktime import micros
from desk_platform.clock import FakeClock
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry

from tests.support.charter_sections import obeying
from tests.support.metrics_story import Story, at, edition, policy, transitions

NOON = at("12:00")
FIRST = load_charter(Path("charter"))


def charter(minutes: int) -> Charter:
    """Another charter: every target is so many minutes."""
    target = timedelta(minutes=minutes)
    slas = tuple(sla.model_copy(update={"target": target}) for sla in FIRST.of(SLAS))
    return obeying(FIRST, slas=slas).model_copy(update={"version": f"{minutes} minutes"})


@dataclass
class Replicas:
    """Replicas of metrics on one store, each with the charter that it has seen."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(NOON))

    def __post_init__(self) -> None:
        self.documents = FakeDocuments(EDITIONS, self.clock)
        self.seen: dict[str, Charter] = {}

    async def start(self, name: str, initial: Charter) -> Editions:
        projection: Projection[Edition] = Projection(self.documents)
        meters = record_telemetry().telemetry.meters
        unit_of_work = UnitOfWork(
            projection, FakePublisher(), self.clock, meters, cached=0, name="editions"
        )
        self.seen[name] = initial
        made = Editions(
            self.documents, CommandQueue(unit_of_work), lambda: self.seen[name], self.clock
        )
        await made.begin()
        return made

    def pass_by(self, length: timedelta) -> None:
        self.clock.advance(length)


def target_at(book: PolicyBook, moment: int) -> timedelta:
    """Which targets hold at a moment, as this book has it."""
    held = [edition for edition in book.editions if micros(edition.since) <= moment]
    return held[-1].policies[0].target


async def test_an_edition_begins_after_all_that_was_said_by_the_one_before() -> None:
    desk = Replicas()
    slow, quick = await desk.start("slow", charter(20)), await desk.start("quick", charter(20))
    desk.pass_by(timedelta(seconds=1))
    desk.seen["quick"] = charter(40)
    await quick.refresh()
    begins = micros(quick.book.editions[-1].since)
    assert quick.book.editions[-1].since > desk.clock.now()
    assert not slow.book.knows(begins)
    for moment in range(micros(NOON), begins, 500_000):
        assert target_at(slow.book, moment) == target_at(quick.book, moment)


async def test_who_has_not_seen_the_charter_goes_on_by_the_new_edition() -> None:
    desk = Replicas()
    slow, quick = await desk.start("slow", charter(20)), await desk.start("quick", charter(20))
    desk.seen["quick"] = charter(40)
    await quick.refresh()
    desk.pass_by(AHEAD + timedelta(milliseconds=1))
    assert not slow.book.knows(micros(desk.clock.now()))
    await slow.until_now()
    assert target_at(slow.book, micros(desk.clock.now())) == timedelta(minutes=40)


async def test_a_change_is_in_force_soon_after_it_was_seen() -> None:
    desk = Replicas()
    replica = await desk.start("one", charter(20))
    desk.seen["one"] = charter(40)
    await replica.refresh()
    assert replica.book.editions[-1].since - desk.clock.now() <= AHEAD + timedelta(milliseconds=1)


async def test_nothing_is_known_while_the_store_is_away() -> None:
    desk = Replicas()
    replica = await desk.start("one", charter(20))
    desk.documents.is_down = True
    desk.pass_by(AHEAD + timedelta(milliseconds=1))
    with pytest.raises(Transient):
        await replica.until_now()
    assert not replica.book.knows(micros(desk.clock.now()))


async def test_who_was_struck_down_between_two_editions_leaves_the_next_to_others() -> None:
    desk = Replicas()
    first, other = await desk.start("one", charter(20)), await desk.start("other", charter(20))
    closing = asyncio.create_task(_close_only(first, desk))
    await closing
    desk.pass_by(2 * AHEAD)
    await other.until_now()
    assert [edition.policies[0].target for edition in other.book.editions] == [
        timedelta(minutes=20),
        timedelta(minutes=20),
    ]
    assert other.book.editions[0].until == other.book.editions[1].since


async def _close_only(replica: Editions, desk: Replicas) -> None:
    """The store goes away as soon as the last edition is closed."""
    desk.seen["one"] = charter(40)
    write = desk.documents.write

    async def once(documents):  # type: ignore[no-untyped-def]
        desk.documents.is_down, desk.documents.write = False, write  # type: ignore[method-assign]
        kept = await write(documents)
        desk.documents.is_down = True
        return kept

    desk.documents.write = once  # type: ignore[method-assign]
    with pytest.raises(Transient):
        await replica.refresh()
    desk.documents.is_down = False


async def test_of_two_different_charters_both_are_noted_each_once() -> None:
    desk = Replicas()
    first, other = await desk.start("one", charter(20)), await desk.start("other", charter(20))
    desk.seen["one"], desk.seen["other"] = charter(40), charter(60)
    await asyncio.gather(first.refresh(), other.refresh())
    desk.pass_by(4 * AHEAD)
    for replica in (first, other, first):
        await replica.until_now()
    targets = [edition.policies[0].target for edition in first.book.editions]
    assert targets[0] == timedelta(minutes=20)
    assert sorted(targets[1:]) == [timedelta(minutes=40), timedelta(minutes=60)]
    [editions, editions_of_other] = (
        [(edition.version, edition.since, edition.until) for edition in replica.book.editions]
        for replica in (first, other)
    )
    assert editions == editions_of_other


def test_a_ticket_is_not_decided_by_an_edition_that_may_be_over() -> None:
    """Its due moment has passed by the edition known here; another that began before it gives more
    time, and is heard of later."""
    old = edition(policy(minutes=60))
    book = PolicyBook([old])
    before = decide_ticket(_record("09:00"), book, at("09:30"))
    book.known_until = micros(at("09:59"))
    waiting = decide_ticket(before.state, book, at("10:01"))
    assert waiting == Decision(before.state, due=at("10:01"))
    fuller = PolicyBook([old, edition(policy(minutes=480), since=at("09:59"), version="v2")])
    lines = transitions(decide_ticket(waiting.state, fuller, at("10:02")).events)
    assert lines == ["resolution cancelled Mon 09:59", "resolution started Mon 09:59"]


def test_a_ticket_that_was_decided_by_a_newer_book_is_not_judged_by_an_older_one() -> None:
    old, new = edition(policy(minutes=60)), edition(policy(minutes=480), since=at("09:30"))
    before = decide_ticket(_record("09:00"), PolicyBook([old, new]), at("09:40"))
    stale = PolicyBook([old], known_until=micros(at("09:29")))
    for moment in ("09:20", "09:40", "10:20"):
        assert decide_ticket(before.state, stale, at(moment)).events == ()


def _record(opened: str) -> TicketRecord:
    record = TicketRecord(TicketClocks("ticket-1"))
    for event in Story(opened).events:
        record = record_event(record, event)
    return record
