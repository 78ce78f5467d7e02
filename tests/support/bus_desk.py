"""A small desk for tests of the bus: a fold, fakes, and events to feed it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from desk_contracts import AnyEvent, Codec, Event, derive
from desk_contracts.errors import Invalid, Transient
from desk_contracts.events.tickets import Role, TicketCommented
from desk_contracts.events.triage import DuplicateFound
from desk_kernel import Context, Decision
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.kafka import Cause, Projection, Received, UnitOfWork, WorkItem
from desk_platform.store import Origin, Schema
from desk_platform.supervision import Supervisor
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry
from pydantic import BaseModel, ConfigDict

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TICKETS = "desk.tickets"
CODEC = Codec()

# Texts of notes that a rule cannot stand.
POISON, BROKEN, SHAKY = "poison", "broken", "shaky"


class Story(BaseModel):
    """What was noted on a ticket, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notes: tuple[str, ...] = ()
    fired: int = 0


STORIES: Schema[Story] = Schema("stories", Story)


@dataclass
class Record:
    """A record as Kafka gives it."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
    topic: str = TICKETS
    partition: int = 0
    offset: int = 0


def noted(ticket: str, number: int, text: str = "", *, sequence: bool = True) -> AnyEvent:
    """Event `number` of a ticket; its id tells which it is."""
    return Event(
        id=f"{ticket}-{number}",
        source="/desk/intake",
        subject=ticket,
        time=START + timedelta(seconds=number),
        data=TicketCommented(by="ana", role=Role.MEMBER, text=text or str(number)),
        sequence=number if sequence else None,
    )


def outside(id: str, text: str, source: str = "/monitor/a") -> AnyEvent:
    """An event of another system, which chooses its ids itself."""
    data = TicketCommented(by="ana", role=Role.MEMBER, text=text)
    return Event(id=id, source=source, subject="t", time=START, data=data)


def record(event: AnyEvent, offset: int = 0, *, partition: int = 0, topic: str = "") -> Record:
    message = CODEC.encode(event)
    headers: tuple[tuple[str, bytes | None], ...] = message.headers
    return Record(message.key, message.value, headers, topic or message.topic, partition, offset)


def received(event: AnyEvent, offset: int = 0, *, partition: int = 0, topic: str = "") -> Received:
    return Received(event, record(event, offset, partition=partition, topic=topic))


def tell(state: Story | None, event: AnyEvent, context: Context) -> Decision[Story] | None:
    """Notes the text and concludes one event; refuses the texts it cannot stand."""
    assert isinstance(event.data, TicketCommented)
    text = event.data.text
    if text == POISON:
        raise Invalid("this note cannot be read")
    if text == BROKEN:
        raise ZeroDivisionError("a bug in the rule")
    if text == SHAKY:
        raise Transient("try again")
    before = state or Story()
    derived = derive(
        event,
        DuplicateFound(problem=f"{len(before.notes)}", explanation=()),
        source="/desk/triage",
        subject=event.subject,
        rule="tell",
        at=event.time,
    )
    notes = (*before.notes, text)
    return Decision(
        Story(notes=notes, fired=before.fired), (derived,), context.now + timedelta(hours=1)
    )


def on_timer(state: Story | None, _context: Context) -> Decision[Story] | None:
    """Counts; wants nothing more."""
    return None if state is None else Decision(Story(notes=state.notes, fired=state.fired + 1))


@dataclass
class Desk:
    """A unit of work on fakes, and what came out of it."""

    ordered: bool = True
    cached: int = 1000
    react: Callable[[Story | None, AnyEvent, Context], Decision[Story] | None] = tell
    prepare: Callable[[Sequence[AnyEvent]], Awaitable[None]] | None = None
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    publisher: FakePublisher = field(default_factory=FakePublisher)
    failures: list[tuple[WorkItem[Story], Exception]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.documents = FakeDocuments(STORIES, self.clock)
        self.telemetry = record_telemetry()
        self.unit_of_work = self.another()
        self.health = Health(self.clock)
        meters = self.telemetry.telemetry.meters
        self.supervisor = Supervisor(self.clock, self.health, meters)

    def another(self) -> UnitOfWork[Story]:
        """One more member over the same store and bus, as after a restart."""
        projection = Projection(
            documents=self.documents,
            keys=lambda event: [event.subject],
            react=self.react,
            on_timer=on_timer,
            ordered=self.ordered,
            prepare=self.prepare,
        )
        meters = self.telemetry.telemetry.meters
        return UnitOfWork(projection, self.publisher, self.clock, meters, cached=self.cached)

    async def on_failed(self, failures: Sequence[tuple[WorkItem[Story], Exception]]) -> None:
        self.failures += failures

    async def feed(self, *batch: Received, unit_of_work: UnitOfWork[Story] | None = None) -> None:
        chosen = unit_of_work or self.unit_of_work
        tasks = [task for item in batch for task in chosen.work_items_of(item)]
        await chosen.run(tasks, self.on_failed)

    async def notes(self, ticket: str = "t") -> tuple[str, ...]:
        stored = (await self.documents.load([ticket])).get(ticket)
        return () if stored is None or stored.state is None else stored.state.notes

    def published_ids(self) -> list[str]:
        return [event.id for event in self.publisher.events()]


__all__ = ["Cause", "Desk", "Origin", "Record", "Story", "noted", "received", "record"]
