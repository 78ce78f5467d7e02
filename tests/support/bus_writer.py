"""A replica that writes a topic, with the bus it tells of itself on."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from desk_contracts import Codec, Message
from desk_contracts.errors import DependencyDown
from desk_contracts.events.watermarks import WatermarkAdvanced
from desk_contracts.names import TICKETS
from desk_platform.kafka.writers import LATE_WRITE, Writers, WriterWatermark
from desk_testing.fakes import FakeLeases

from tests.support.bus_desk import START, Desk, noted, received

SECOND = timedelta(seconds=1)


class Bus:
    """A publisher whose hold can be felt: tickets wait or fail, what is told of them does not."""

    def __init__(self, desk: Desk) -> None:
        self.inner = desk.publisher
        self.watermarks: list[WatermarkAdvanced] = []
        self.by: list[str] = []
        self.held: asyncio.Event | None = None
        self.is_down = False
        self.refuses_all = False

    async def publish(self, messages: Sequence[Message]) -> None:
        if self.refuses_all:
            raise DependencyDown("no broker answers")
        if messages[0].topic == "desk.watermarks":
            for message in messages:
                event = Codec().decode(message.key, message.value, message.headers)
                assert isinstance(event.data, WatermarkAdvanced)
                self.watermarks.append(event.data)
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
        return self.bus.watermarks[-1].until

    async def note(self, number: int) -> None:
        await self.desk.feed(received(noted("t", number), number), unit_of_work=self.unit_of_work)

    async def later(self, span: timedelta = SECOND) -> datetime:
        """Time passes and it tells again; what it told."""
        self.desk.clock.advance(span)
        await self.watermark.resolve_uncertain()
        await self.watermark.advance()
        return self.until

    async def speaks_for_the_silent(self) -> None:
        """It looks, and again when a late write would be seen."""
        await self.watermark._speak_for_the_silent()
        self.desk.clock.advance(LATE_WRITE)
        await self.watermark._speak_for_the_silent()

    def hears_itself(self, times: int = 1) -> None:
        """What it told comes back from the bus."""
        watermark = WatermarkAdvanced(topic=TICKETS, until=self.desk.clock.now())
        for _ in range(times):
            self.writers.hear(self.watermark.replica, watermark)


async def settled(writer: Writer) -> None:
    """As the relay does when it is out."""
    await writer.desk.documents.clear_outboxes(
        list((await writer.desk.documents.load(["t"])).values())
    )
