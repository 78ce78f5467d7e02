"""A writer tells how far it has published, and never further than that."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from desk_shared.bus import WorkItem
from desk_shared.bus.open_moments import OpenMoments
from desk_shared.bus.writer_leases import RENEWED_EVERY, SKEW, TERM, WriterLeases
from desk_shared.bus.writers import AT_LEAST_EVERY, LATE_WRITE, MISSED, Writers, WriterWatermark
from desk_shared.clock import FakeClock
from desk_shared.errors import DependencyDown
from desk_shared.events import Codec, Message
from desk_shared.events.names import TICKETS
from desk_shared.events.watermarks import WatermarkAdvanced
from desk_shared.testing import eventually
from desk_shared.testing.fakes import FakeLeases

from tests.unit.bus.desk import START, Desk, noted, received

SECOND = timedelta(seconds=1)


class Bus:
    """A publisher whose hold can be felt: tickets wait or fail, what is told of them does not."""

    def __init__(self, desk: Desk) -> None:
        self.inner = desk.publisher
        self.told: list[WatermarkAdvanced] = []
        self.by: list[str] = []
        self.held: asyncio.Event | None = None
        self.is_down = False
        self.refuses_all = False

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.refuses_all:
            raise DependencyDown("no broker answers")
        if messages[0].topic == "desk.watermarks":
            for one in messages:
                event = Codec().decode(one.key, one.value, one.headers)
                assert isinstance(event.data, WatermarkAdvanced)
                self.told.append(event.data)
                self.by.append(event.subject)
            return
        if self.held is not None:
            await self.held.wait()
        if self.is_down:
            raise DependencyDown("the bus is away")
        await self.inner.publish(messages)


class Writer:
    """A replica that writes notes, and what it tells of itself."""

    def __init__(self) -> None:
        self.desk = Desk(cached=0)
        self.bus = Bus(self.desk)
        self.unit_of_work = self.desk.another()
        self.unit_of_work._publisher = self.bus
        self.writers = Writers(TICKETS)
        self.leases = FakeLeases(self.desk.clock)
        self.watermark = WriterWatermark(
            TICKETS,
            "/desk/intake",
            self.unit_of_work,
            self.bus,
            self.desk.clock,
            self.writers,
            self.leases,
        )
        # As after its start, without a telling that each test would have to leave out.
        self.unit_of_work.open_moments.open(START)

    @property
    def until(self) -> datetime:
        return self.bus.told[-1].until

    async def note(self, number: int) -> None:
        await self.desk.feed(received(noted("t", number), number), unit_of_work=self.unit_of_work)

    async def later(self, span: timedelta = SECOND) -> datetime:
        """Time passes and it tells again; what it told."""
        self.desk.clock.advance(span)
        await self.watermark.settle()
        await self.watermark.advance()
        return self.until

    async def speaks_for_the_silent(self) -> None:
        """It looks, and again when a late write would be seen."""
        await self.watermark._speak_for_the_silent()
        self.desk.clock.advance(LATE_WRITE)
        await self.watermark._speak_for_the_silent()

    def hears_itself(self, times: int = 1) -> None:
        """What it told comes back from the bus."""
        said = WatermarkAdvanced(topic=TICKETS, until=self.desk.clock.now())
        for _ in range(times):
            self.writers.hear(self.watermark.replica, said)


async def test_idle_it_is_as_far_as_the_clock() -> None:
    writer = Writer()
    await writer.watermark.start()
    assert writer.until == START
    assert await writer.later() == START + SECOND
    assert await writer.later() == START + 2 * SECOND


async def test_nothing_is_decided_before_the_bus_has_been_told_of_it() -> None:
    """Other replicas vouch for a later moment meanwhile: verdicts would not wait for this one."""
    writer = Writer()
    writer.unit_of_work.open_moments.close()
    writer.bus.refuses_all = True
    with pytest.raises(DependencyDown):
        await writer.watermark.start()
    with pytest.raises(DependencyDown) as refused:
        await writer.note(1)
    assert refused.value.kind == "not-recording"
    assert await writer.unit_of_work.documents.load(["t"]) == {}
    writer.bus.refuses_all = False
    await writer.watermark.start()
    await writer.note(1)
    assert (await writer.unit_of_work.documents.load(["t"])).keys() == {"t"}


async def test_what_is_being_published_holds_it_at_the_moment_it_was_recorded() -> None:
    writer = Writer()
    await writer.later()
    writer.bus.held = asyncio.Event()
    noting = asyncio.create_task(writer.note(1))
    await eventually(lambda: writer.unit_of_work.open_moments.earliest() is not None)
    recorded = START + SECOND
    assert await writer.later() == recorded
    assert await writer.later() == recorded
    writer.bus.held.set()
    await noting
    assert await writer.later() == recorded + 3 * SECOND


async def test_what_could_not_be_published_holds_it_until_nothing_waits_in_the_store() -> None:
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    for _ in range(5):
        assert await writer.later() == START
    await writer.desk.documents.settle(
        list((await writer.desk.documents.load(["t"])).values())  # as the relay does
    )
    assert await writer.later() == START
    assert await writer.later() == START + 7 * SECOND


async def settled(writer: Writer) -> None:
    """As the relay does when it is out."""
    await writer.desk.documents.settle(list((await writer.desk.documents.load(["t"])).values()))


async def test_an_outbox_that_was_put_off_holds_it_until_it_is_out() -> None:
    """Such as one whose topic is missing: the relay tries it again later and later."""
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    held = list((await writer.desk.documents.load(["t"])).values())
    await writer.desk.documents.postpone(held, START + timedelta(hours=1))
    for _ in range(5):
        assert await writer.later() == START
    await settled(writer)
    assert await writer.later() == START
    assert await writer.later() > START


async def test_a_change_of_a_document_that_waits_does_not_hide_since_when() -> None:
    writer = Writer()
    writer.bus.is_down = True
    for number in (1, 2, 3):
        with pytest.raises(DependencyDown):
            await writer.note(number)
        assert await writer.later() == START
    for _ in range(5):
        assert await writer.later() == START
    await settled(writer)
    assert await writer.later() == START
    assert await writer.later() == START + SECOND  # the doubts that came later are looked at next
    assert await writer.later() == START + SECOND
    assert await writer.later() > START + 2 * SECOND


async def test_a_killed_replica_has_not_left_while_something_of_it_is_put_off() -> None:
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("gone", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    held = list((await writer.desk.documents.load(["t"])).values())
    await writer.desk.documents.postpone(held, START + timedelta(hours=1))
    writer.hears_itself(MISSED)
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []
    await settled(writer)
    await writer.speaks_for_the_silent()
    assert writer.bus.by == ["gone"]


async def test_a_busy_document_does_not_hold_it_once_each_outbox_is_out() -> None:
    """Its outboxes follow each other without a pause, but none of them waits."""
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    writer.bus.is_down = False
    told: list[datetime] = []
    for number in range(2, 8):
        await writer.note(number)
        told.append(await writer.later())
    assert told[-1] > START


async def test_a_turn_that_was_given_up_is_doubtful_until_a_late_write_would_be_seen() -> None:
    writer = Writer()
    writer.bus.held = asyncio.Event()
    noting = asyncio.create_task(writer.note(1))
    await eventually(lambda: writer.unit_of_work.open_moments.earliest() is not None)
    noting.cancel()
    await asyncio.wait([noting])
    assert await writer.later(LATE_WRITE / 2) == START
    await writer.desk.documents.settle(list((await writer.desk.documents.load(["t"])).values()))
    assert await writer.later(LATE_WRITE / 4) == START
    assert await writer.later(LATE_WRITE) > START


async def test_at_a_stop_it_says_goodbye_only_if_all_is_out() -> None:
    writer = Writer()
    await writer.watermark.stop()
    assert writer.bus.told[-1].has_left
    other = Writer()
    other.unit_of_work.open_moments.doubt(START)
    await other.watermark.stop()
    assert not any(one.has_left for one in other.bus.told)


async def test_a_killed_replica_has_left_once_nothing_waits_in_the_store() -> None:
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("gone", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    writer.hears_itself(MISSED)
    await writer.watermark._speak_for_the_silent()
    assert "gone" not in writer.bus.by
    await writer.desk.documents.settle(list((await writer.desk.documents.load(["t"])).values()))
    await writer.speaks_for_the_silent()
    assert writer.bus.by[-1] == "gone"
    assert writer.bus.told[-1].has_left


async def test_a_replica_that_keeps_its_lease_lives_however_silent_it_is() -> None:
    """Such as one that only the brokers do not hear: it goes on writing into the store."""
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("cut-off", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.hears_itself(MISSED)
    moments = OpenMoments()
    other = WriterLeases(TICKETS, "cut-off", writer.leases, writer.desk.clock, moments)
    await other.take()
    for _ in range(30):
        writer.desk.clock.advance(RENEWED_EVERY)
        assert await other.renew()
        await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []
    writer.desk.clock.advance(TERM)
    await writer.speaks_for_the_silent()
    assert writer.bus.by == ["cut-off"]
    assert not await other.renew()


async def test_who_is_vouched_for_records_nothing_before_it_has_told_of_itself_again() -> None:
    writer = Writer()
    await writer.watermark.start()
    began, moments = writer.desk.clock.now(), writer.unit_of_work.open_moments
    writer.desk.clock.advance(TERM - SKEW)
    assert not moments.may_record(began, writer.desk.clock.now())
    writer.desk.clock.advance(SKEW)
    name = f"writer {TICKETS} {writer.watermark.replica}"
    taken = await writer.leases.acquire(name, "another", TERM)
    assert taken is not None
    holding = asyncio.create_task(writer.watermark.hold())
    with pytest.raises(DependencyDown):
        await holding
    with pytest.raises(DependencyDown):
        await writer.note(1)
    await writer.leases.forget(taken)
    told = len(writer.bus.told)
    holding = asyncio.create_task(writer.watermark.hold())
    await eventually(lambda: moments.is_open)
    holding.cancel()
    assert len(writer.bus.told) == told + 1
    assert not moments.may_record(began, writer.desk.clock.now())
    await writer.note(1)


async def test_a_write_that_a_frozen_store_does_late_is_waited_for() -> None:
    """The store answers the question before it does what the killed replica had sent."""
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("gone", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.hears_itself(MISSED)
    await writer.watermark._speak_for_the_silent()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    await writer.speaks_for_the_silent()
    assert "gone" not in writer.bus.by
    await settled(writer)
    writer.bus.is_down = False
    await writer.speaks_for_the_silent()
    assert writer.bus.by[-1] == "gone"


class SlowDocuments:
    """Answers as late as a late write may come."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    async def has_unpublished(self, recorded_by: datetime) -> bool:  # noqa: ARG002
        self.clock.advance(LATE_WRITE)
        return False


async def test_a_slow_answer_tells_how_things_were_when_it_was_asked_for() -> None:
    writer = Writer()
    writer.writers.is_complete = True
    writer.writers.hear("gone", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.hears_itself(MISSED)
    writer.watermark._documents = SlowDocuments(writer.desk.clock)  # type: ignore[assignment]
    for _ in range(2):
        await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == ["gone"]


async def test_nobody_is_silent_while_the_bus_or_the_listener_itself_stood_still() -> None:
    writer = Writer()
    writer.hears_itself(MISSED)
    writer.writers.hear("other", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.desk.clock.advance(timedelta(minutes=10))
    writer.hears_itself()
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []
    writer.writers.hear("other", WatermarkAdvanced(topic=TICKETS, until=START + SECOND))
    writer.hears_itself(MISSED - 1)
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []


async def test_one_that_has_just_begun_to_listen_takes_nobody_for_silent() -> None:
    writer = Writer()
    writer.writers.hear("other", WatermarkAdvanced(topic=TICKETS, until=START))
    writer.hears_itself(MISSED - 1)
    await writer.watermark._speak_for_the_silent()
    assert writer.bus.by == []


async def test_one_that_is_held_up_goes_on_telling_that_it_is_there() -> None:
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    for _ in range(3):
        assert await writer.later(AT_LEAST_EVERY) == START
    assert [one.until for one in writer.bus.told] == [START] * 3


async def test_doubts_that_come_again_and_again_do_not_hold_it_for_ever() -> None:
    writer = Writer()
    told: list[datetime] = []
    for _ in range(12):
        writer.unit_of_work.open_moments.doubt(writer.desk.clock.now())
        told.append(await writer.later(LATE_WRITE / 2))
    assert told[-1] >= START + 4 * LATE_WRITE


async def test_a_replica_that_takes_a_lease_anew_tells_no_more_than_what_it_has_published() -> None:
    writer = Writer()
    writer.bus.is_down = True
    with pytest.raises(DependencyDown):
        await writer.note(1)
    writer.desk.clock.advance(LATE_WRITE / 2)
    await writer.watermark.start()
    assert writer.until == START


async def test_a_goodbye_that_the_bus_does_not_take_keeps_nobody_from_stopping() -> None:
    writer = Writer()
    writer.bus.refuses_all = True
    await writer.watermark.stop()
    assert writer.bus.told == []


def heard(*told: tuple[str, datetime, bool], complete: bool = True) -> Writers:
    writers = Writers(TICKETS)
    writers.is_complete = complete
    for replica, until, has_left in told:
        writers.hear(replica, WatermarkAdvanced(topic=TICKETS, until=until, has_left=has_left))
    return writers


def test_the_slowest_replica_that_still_writes_decides() -> None:
    one, other = ("a", START, False), ("b", START + SECOND, False)
    assert heard(one, other).until() == START
    assert heard(("a", START, True), other).until() == START + SECOND


def test_nothing_is_known_before_the_topic_was_read_to_its_end() -> None:
    assert heard(("a", START, False), complete=False).until() is None
    assert heard().until() is None


def test_with_every_replica_gone_it_stands_still() -> None:
    assert heard(("a", START, True), ("b", START + SECOND, True)).until() == START + SECOND


def test_what_is_told_of_another_topic_is_nothing() -> None:
    writers = heard(("a", START, False))
    writers.hear("b", WatermarkAdvanced(topic="desk.feedback", until=START - SECOND))
    assert writers.until() == START


def test_a_turn_that_ends_well_leaves_no_doubt() -> None:
    moments = OpenMoments()
    with moments.holding(START):
        assert moments.earliest() == START
    assert moments.earliest() is None
    assert moments.take_doubt() is None


async def test_a_task_that_only_fails_by_itself_holds_nothing() -> None:
    """Its failure is parked, and nothing was written that could wait."""
    writer = Writer()
    await writer.unit_of_work.run([WorkItem("t", lambda _s, _t: 1 / 0)], writer.desk.park)  # type: ignore[arg-type,return-value]
    assert await writer.later() == START + SECOND


async def test_once_it_is_out_what_waits_next_waits_only_since_then() -> None:
    desk = Desk()
    desk.publisher.is_down = True
    with pytest.raises(DependencyDown):
        await desk.feed(received(noted("t", 1), 1))
    desk.publisher.is_down = False
    await desk.feed(received(noted("t", 2), 2))  # with it the first one is out too, from memory on
    desk.clock.advance(10 * SECOND)
    desk.publisher.is_down = True
    with pytest.raises(DependencyDown):
        await desk.feed(received(noted("t", 3), 3))
    assert not await desk.documents.has_unpublished(START + 5 * SECOND)
    assert await desk.documents.has_unpublished(START + 10 * SECOND)
