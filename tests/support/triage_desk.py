"""Triage on fakes: its four projections, the default charter, and events to feed them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from desk_charter import Charter, load_charter
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.envelope import Payload
from desk_contracts.events.changes import ChangeKind, ChangeStarted
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import AlertFired, AlertResolved, Measured
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.ids import ticket_code
from desk_contracts.value_types import Severity, SubjectKind
from desk_platform.clock import FakeClock
from desk_platform.http import Cursors
from desk_platform.kafka import CommandQueue, Received, UnitOfWork, WorkItem
from desk_platform.lookout import Lookout
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry, unread_meters
from desk_triage.adapters.detectors import DETECTORS
from desk_triage.changes.snapshot import EMPTY, ContextSnapshot
from desk_triage.changes.store import CHANGES
from desk_triage.changes.worker import Inputs, change_projection
from desk_triage.detection.api import DetectionReads, detection_router
from desk_triage.detection.blindness import BlindSpots
from desk_triage.detection.store import FLEETS, SUBJECTS
from desk_triage.detection.worker import fleet_projection, subject_projection
from desk_triage.learning.decide import predict_team
from desk_triage.learning.model import LearnedModel
from desk_triage.problems.api import ProblemDocuments, problem_router
from desk_triage.problems.store import FIXES, REGISTERS, STOPS
from desk_triage.problems.worker import (
    fix_projection,
    register_projection,
    report_signals,
    report_tickets,
    stop_projection,
)
from desk_triage.routing.api import decision_router
from desk_triage.routing.gauges import RoutingQuality
from desk_triage.routing.store import TICKETS
from desk_triage.routing.worker import ticket_projection
from desk_triage.similar.store import PERSON_TICKETS
from desk_triage.similar.worker import person_projection
from fastapi import APIRouter

CHARTER = load_charter(Path(__file__).parents[2] / "charter")
# A Monday at nine in Berlin, when every team but the American one is on shift since long.
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_NUMBERS = count(1)
# What triage reads of its own.
LOOPED = {"desk.signals", "desk.triage.reports"}


def at(minutes: float) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


def event(subject: str, data: Payload, minutes: float = 0, sequence: int | None = None) -> AnyEvent:
    number = next(_NUMBERS)
    return Event(
        id=f"event-{number}",
        source="/somewhere",
        subject=subject,
        time=at(minutes),
        data=data,
        sequence=sequence,
    )


def opened(
    title: str,
    minutes: float = 0,
    *,
    ticket: str = "",
    person: str = "ana",
    kind: Kind = Kind.INCIDENT,
    **more: Any,
) -> Event[TicketOpened]:
    ticket = ticket or f"ticket-no-{next(_NUMBERS)}"
    data = TicketOpened(
        code=ticket_code(ticket),
        kind=kind,
        title=title,
        requester=person,
        channel=Channel.PORTAL,
        **more,
    )
    return event(ticket, data, minutes, sequence=1)  # type: ignore[return-value]


def measured(
    value: float,
    minutes: float,
    name: str = "disk.free.percent",
    subject: str = "laptop-1",
    kind: SubjectKind = SubjectKind.DEVICE,
    **more: Any,
) -> Event[Measured]:
    data = Measured(subject_kind=kind, name=name, value=value, **more)
    return event(subject, data, minutes)  # type: ignore[return-value]


def vpn_failures(ratio: float, minutes: float) -> Event[Measured]:
    return measured(
        ratio,
        minutes,
        "vpn.login.failure.ratio",
        "vpn-gateway-1",
        SubjectKind.SERVICE,
        service="vpn",
    )


def fired(
    minutes: float,
    fingerprint: str = "f1",
    severity: Severity = Severity.WARNING,
    summary: str = "Mail piles up",
) -> Event[AlertFired]:
    data = AlertFired(
        subject_kind=SubjectKind.SERVICE,
        name="MailQueueHigh",
        fingerprint=fingerprint,
        severity=severity,
        summary=summary,
        service="mail",
    )
    return event("mail-1", data, minutes)  # type: ignore[return-value]


def over(minutes: float, fingerprint: str = "f1") -> Event[AlertResolved]:
    data = AlertResolved(
        subject_kind=SubjectKind.SERVICE,
        name="MailQueueHigh",
        fingerprint=fingerprint,
        service="mail",
    )
    return event("mail-1", data, minutes)  # type: ignore[return-value]


def change_started(service: str, minutes: float, title: str = "Gateway 7.2") -> AnyEvent:
    data = ChangeStarted(change="c-1", kind=ChangeKind.RELEASE, title=title)
    return event(service, data, minutes)


@dataclass
class Record:
    """A record as Kafka gives it."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    topic: str
    partition: int
    offset: int


@dataclass
class Fixed:
    """A charter, a snapshot or a model that changes when the test says so."""

    current: Any


@dataclass
class TriageDesk:
    """The projections of triage over fakes; what triage tells itself comes back to them."""

    charter: Charter = CHARTER
    snapshot: ContextSnapshot = EMPTY
    model: LearnedModel | None = None
    clock: FakeClock = field(default_factory=lambda: FakeClock(MONDAY))
    publisher: FakePublisher = field(default_factory=FakePublisher)

    def __post_init__(self) -> None:
        self.in_force, self.seen_snapshot = Fixed(self.charter), Fixed(self.snapshot)
        self.lookout = Lookout(self.clock.now(), unread_meters())
        inputs = Inputs(
            lambda: self.in_force.current, lambda: self.seen_snapshot.current, self.lookout
        )
        self.blind_spots, self.fleets = BlindSpots(), FakeDocuments(FLEETS, self.clock)
        self.tickets = FakeDocuments(TICKETS, self.clock)
        self.changes = FakeDocuments(CHANGES, self.clock)
        self.subjects = FakeDocuments(SUBJECTS, self.clock)
        self.register = FakeDocuments(REGISTERS, self.clock)
        self.fixes = FakeDocuments(FIXES, self.clock)
        self.stops = FakeDocuments(STOPS, self.clock)
        meters = self.lookout.meters
        quality = RoutingQuality(record_telemetry().telemetry.meter, lambda: 0.9)
        self.inputs = inputs
        self.register_unit_of_work = UnitOfWork(
            register_projection(self.register, inputs), self.publisher, self.clock, meters, cached=1
        )
        subjects = subject_projection(self.subjects, inputs, DETECTORS, self.blind_spots)
        self.subjects_unit_of_work = UnitOfWork(
            report_signals(subjects), self.publisher, self.clock, meters
        )
        self.fleets_unit_of_work = UnitOfWork(
            fleet_projection(self.fleets, inputs), self.publisher, self.clock, meters, cached=0
        )
        predict = partial(predict_team, self.model)
        tickets = report_tickets(ticket_projection(self.tickets, inputs, predict, quality))
        person = person_projection(FakeDocuments(PERSON_TICKETS, self.clock))
        self.units_of_work: list[UnitOfWork[Any]] = [
            UnitOfWork(tickets, self.publisher, self.clock, meters),
            UnitOfWork(change_projection(self.changes), self.publisher, self.clock, meters),
            self.subjects_unit_of_work,
            UnitOfWork(fix_projection(self.fixes), self.publisher, self.clock, meters, cached=0),
            UnitOfWork(stop_projection(self.stops), self.publisher, self.clock, meters, cached=0),
            self.register_unit_of_work,
            UnitOfWork(person, self.publisher, self.clock, meters, cached=0),
            self.fleets_unit_of_work,
        ]
        self._codec, self._offset, self._looped = Codec(), 0, 0

    def routers(self) -> list[APIRouter]:
        """Everything that triage answers over HTTP, about these documents."""
        cursors = Cursors(b"secret")
        detection = DetectionReads(
            self.subjects, self.tickets, cursors, self.lookout, lambda: self.in_force.current
        )
        commands = CommandQueue(self.register_unit_of_work)
        problems = ProblemDocuments(self.register, commands, cursors, self.inputs)
        return [
            decision_router(self.tickets),
            detection_router(detection),
            problem_router(problems),
        ]

    async def feed(self, *events: AnyEvent) -> None:
        """One batch; the clock follows event time, as it does when all is well."""
        if events:
            latest = max(entry.time for entry in events)
            self.clock.advance(max(timedelta(0), latest - self.clock.now()))
        batch = [self._received(item) for item in events]
        for unit_of_work in self.units_of_work:
            await unit_of_work.run(
                [t for item in batch for t in unit_of_work.work_items_of(item)], self._on_failed
            )
        heard = self.publisher.messages[self._looped :]
        self._looped = len(self.publisher.messages)
        heard_again = [self._codec.decode(m.key, m.value, m.headers) for m in heard]
        if reports := [item for item in heard_again if item.topic in LOOPED]:
            await self.feed(*reports)

    async def on_timer(self, unit_of_work: UnitOfWork[Any], id: str) -> None:
        await unit_of_work.on_timer([id], self._on_failed)

    def emitted(self, kind: type[Payload]) -> list[AnyEvent]:
        """What was published of one type, each id once."""
        unique = {item.id: item for item in self.publisher.events()}
        return [item for item in unique.values() if isinstance(item.data, kind)]

    async def _on_failed(self, failures: Sequence[tuple[WorkItem[Any], Exception]]) -> None:
        for _, error in failures:
            raise error

    def _received(self, incoming: AnyEvent) -> Received:
        message = self._codec.encode(incoming)
        self._offset += 1
        raw = Record(message.key, message.value, message.headers, message.topic, 0, self._offset)
        return Received(incoming, raw)


def raised(desk: TriageDesk, signal: str) -> list[SignalRaised]:
    result = [item.data for item in desk.emitted(SignalRaised)]
    return [item for item in result if isinstance(item, SignalRaised) and item.signal == signal]


def cleared(desk: TriageDesk, signal: str) -> list[SignalCleared]:
    result = [item.data for item in desk.emitted(SignalCleared)]
    return [item for item in result if isinstance(item, SignalCleared) and item.signal == signal]
