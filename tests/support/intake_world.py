"""Intake with everything outside it replaced by fakes that keep the same SLAs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from desk_charter import Charter
from desk_contracts import AnyEvent, Event, Payload, number_event
from desk_contracts import names as topics
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.events.triage import TriageDecided
from desk_contracts.ids import new_id
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_intake.attachments.api import UPLOADS
from desk_intake.attachments.model import UploadList
from desk_intake.attachments.store import UPLOADED
from desk_intake.attachments.worker import UploadDesk
from desk_intake.before.api.check import Indexes
from desk_intake.before.store import follow_problem
from desk_intake.catalogue.api import CatalogueDeps
from desk_intake.erasures.api import ErasureDeps
from desk_intake.erasures.store import ERASURES
from desk_intake.feedback.api import FeedbackDeps
from desk_intake.feedback.store import FEEDBACK
from desk_intake.knowledge.store import follow_article
from desk_intake.live.worker import LiveTickets
from desk_intake.mail.store import MAILS
from desk_intake.mail.worker import MailDesk
from desk_intake.searches.model import SearchedWord
from desk_intake.searches.worker import SearchCounter
from desk_intake.service import IntakeParts, intake_routers
from desk_intake.status.store import (
    PROBLEMS,
    find_linkable,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.pasts import TeamPasts
from desk_intake.tickets.evolve import evolve, replay
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.store import SLAS, TICKETS, follow_searched, tickets_projection
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http import AppParts, Cursors, DevAuthenticator, make_app
from desk_platform.kafka import BatchProcessor, CommandQueue, Projection, Received, UnitOfWork
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_platform.settings import Environment
from desk_platform.settings.secret_files import SecretFolder
from desk_platform.telemetry import Meters
from desk_testing.fakes import FakeDocuments, FakeFiles, FakeKeptCalls, FakeLeases, FakePublisher
from desk_testing.telemetry import RecordedTelemetry, record_telemetry
from pydantic import SecretStr

from tests.support.intake_before import fill_index, make_before
from tests.support.intake_units import Others, make_others
from tests.support.still_tail import StillTail

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLOSE_AFTER = timedelta(days=5)
REPLY_SECRET = "signs tokens of answers in tests"  # noqa: S105  of tests only


@dataclass
class Story:
    """A ticket whose events are told one by one, as the log would have them."""

    ticket: Ticket

    @classmethod
    def begin(cls, kind: Kind = Kind.INCIDENT) -> "Story":
        data = TicketOpened(
            code="K7M2-Q9PG", kind=kind, title="VPN", requester="ana", channel=Channel.PORTAL
        )
        return cls(evolve(None, number_event(_event(data, "t-1", MONDAY), 1)))

    def then(self, *payloads: Payload, after: timedelta = timedelta(minutes=1)) -> "Story":
        """The same ticket with more events."""
        for data in payloads:
            at = self.ticket.updated_at + after
            event = number_event(_event(data, "t-1", at), self.ticket.sequence + 1)
            self.ticket = evolve(self.ticket, event)
        return self


def _event(data: Payload, subject: str, at: datetime) -> AnyEvent:
    return Event(id=f"{subject}-{at:%d%H%M%S}", source="/test", subject=subject, time=at, data=data)


@dataclass
class Record:
    """Where a fact was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


async def _ignore_failures(failures: Sequence[object]) -> None:
    assert not failures


@dataclass
class Desk:
    """The whole service in one process: callers, the bus, the store, the clock."""

    clock: FakeClock
    publisher: FakePublisher
    tickets: FakeDocuments[Ticket]
    slas: FakeDocuments[TicketSla]
    unit_of_work: UnitOfWork[Ticket]
    others: Others
    telemetry: RecordedTelemetry
    transport: httpx.ASGITransport
    calls: FakeKeptCalls
    mail: MailDesk
    indexes: Indexes
    searches: SearchCounter
    words: UnitOfWork[SearchedWord]
    erasures: ErasureDeps
    files: FakeFiles
    upload_lists: FakeDocuments[UploadList]
    uploads: UploadDesk
    facts: list[AnyEvent] = field(default_factory=list)
    read: int = 0
    heard: int = 0

    def client(self, user: str, roles: str = "employee", team: str = "") -> "Caller":
        headers = {"X-Desk-User": user, "X-Desk-Roles": roles, "X-Desk-Team": team}
        client = httpx.AsyncClient(
            transport=self.transport, base_url="http://desk", headers=headers
        )
        return Caller(client)

    @property
    def ana(self) -> "Caller":
        return self.client("ana")

    @property
    def ben(self) -> "Caller":
        return self.client("ben")

    @property
    def max(self) -> "Caller":
        return self.client("max", "member", "network")

    async def hear(self, data: Payload, subject: str, id: str = "", source: str = "/test") -> None:
        """A fact comes over the bus, to every unit of work as in the service."""
        now = self.clock.now()
        event_id = id or f"{data.TYPE}/{subject}/{now.isoformat()}"
        await self.hear_events(Event(event_id, source, subject, now, data))

    async def hear_events(
        self, *events: AnyEvent, on_failed: OnFailedRecords = _ignore_failures
    ) -> None:
        """One batch; nothing may fail, for a fact is never refused, unless `on_failed` is given."""
        self.facts += events
        batch = [Received(event, self._record(event)) for event in events]
        await BatchProcessor(self.unit_of_work, *self.others).handle(batch, on_failed)

    async def read_topics(self) -> None:
        """The indexes know all that was published or heard, and so do contacts of tickets."""
        log = [*self.publisher.events(), *self.facts]
        indexes = self.indexes
        await fill_index(indexes.tickets, follow_searched, log)
        await fill_index(indexes.articles, follow_article, log)
        await fill_index(indexes.problems, follow_problem, log)
        for reader in indexes.readers:
            reader.is_open = reader.is_complete = True
        opened = [event for event in self.publisher.events() if event.topic == topics.TICKETS]
        batch = [Received(event, self._record(event)) for event in opened]
        await BatchProcessor(self.others[-1]).handle(batch, _ignore_failures)

    async def search(self) -> None:
        """The index has all that the log has, and says so."""
        await self.read_topics()
        reader = self.indexes.of_tickets
        reader.is_open = reader.is_complete = True

    def _record(self, event: AnyEvent) -> "Record":
        self.read += 1
        return Record(event.topic, 0, self.read, event.subject.encode(), b"{}")

    async def hear_itself(self) -> None:
        """Intake reads what it wrote to its own log since the last time."""
        ours = [event for event in self.publisher.events() if event.topic == topics.TICKETS]
        new, self.heard = ours[self.heard :], len(ours)
        await self.hear_events(*new)

    async def collect_uploads(self, pause: timedelta) -> None:
        """So long after, the timers of uploads fire."""
        self.clock.advance(pause)
        due = await self.upload_lists.due(self.clock.now(), 1_000)
        await self.uploads.on_timer([id for _, id in due], _ignore_failures)

    async def pass_time(self, pause: timedelta) -> None:
        """The clock moves and every timer that is due by then fires, as `Timers` does it."""
        self.clock.advance(pause)
        due = await self.tickets.due(self.clock.now(), 100)
        await self.unit_of_work.on_timer([id for _, id in due], _ignore_failures)

    async def ticket(self, id: str) -> Ticket:
        state = (await self.tickets.load([id]))[id].state
        assert state is not None
        return state

    def log(self, id: str) -> list[AnyEvent]:
        """What the bus has of a ticket."""
        ours = (event for event in self.publisher.events() if event.topic == topics.TICKETS)
        return [our for our in ours if our.subject == id]

    def types(self, id: str) -> list[str]:
        return [item.type.split(".")[2] for item in self.log(id)]

    async def check(self, id: str) -> None:
        """No gap, every id once, and the store is the projection of the log."""
        log, stored = self.log(id), await self.ticket(id)
        assert [item.sequence for item in log] == list(range(1, len(log) + 1))
        assert len({item.id for item in log}) == len(log)
        assert [item.time for item in log] == sorted(item.time for item in log)
        assert replay(log) == stored.model_copy(update={"commands": ()})


@dataclass
class Caller:
    """Somebody at the other end of HTTP; every call has a new key unless one is given."""

    client: httpx.AsyncClient

    async def post(self, path: str, key: str = "", **body: object) -> httpx.Response:
        headers = {"Idempotency-Key": key or new_id()}
        return await self.client.post(f"/v1{path}", json=body, headers=headers)

    async def patch(self, path: str, if_match: str, **body: object) -> httpx.Response:
        headers = {"Idempotency-Key": new_id()} | ({"If-Match": if_match} if if_match else {})
        return await self.client.patch(f"/v1{path}", json=body, headers=headers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"/v1{path}", headers=headers)

    async def open(self, title: str = "VPN does not connect", **more: Any) -> str:
        answer = await self.post("/tickets", title=title, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def list_titles(answer: httpx.Response) -> list[str]:
    """Of a page of tickets."""
    return [item["title"] for item in answer.json()["items"]]


async def attach(
    who: Caller,
    ticket: str,
    name: str,
    content: bytes,
    key: str = "",
    *,
    if_match: str = "",
    **more: str,
) -> httpx.Response:
    """A file for a ticket, as a client sends it."""
    headers = {"Idempotency-Key": key or new_id(), "Content-Type": "application/octet-stream"}
    headers |= {"If-Match": if_match} if if_match else {}
    url = f"/v1/tickets/{ticket}/attachments"
    query = {"name": name, **more}
    return await who.client.post(url, params=query, content=content, headers=headers)


ERASURE_KEY = b"0123456789abcdef0123456789abcdef"


class OwnersKnown:
    """Who a device belongs to, as the test says; passes for the directory."""

    async def find_owner(self, device: str) -> str | None:
        return {"laptop-ana": "ana", "laptop-ben": "ben"}.get(device)


def make_erasures(
    deps: TicketDeps, publisher: FakePublisher, clock: FakeClock, meters: Meters
) -> ErasureDeps:
    documents = FakeDocuments(ERASURES, clock)
    requested = UnitOfWork(Projection(documents), publisher, clock, meters, cached=0)
    return ErasureDeps(deps, CommandQueue(requested), ERASURE_KEY)


def make_desk(charter: Charter, secrets: Path | None = None) -> Desk:
    clock, publisher, telemetry = FakeClock(MONDAY), FakePublisher(), record_telemetry("intake")
    tickets, problems = FakeDocuments(TICKETS, clock), FakeDocuments(PROBLEMS, clock)
    slas, meters = FakeDocuments(SLAS, clock), telemetry.telemetry.meters
    unit_of_work = UnitOfWork(
        tickets_projection(tickets, CLOSE_AFTER), publisher, clock, meters, cached=0
    )
    opinions, calls = FakeDocuments(FEEDBACK, clock), FakeKeptCalls(clock)
    responses = UnitOfWork(Projection(opinions), publisher, clock, meters, cached=0)
    of_files = _make_uploads(tickets, publisher, clock, meters)
    deps = TicketDeps(
        tickets,
        CommandQueue(unit_of_work),
        slas,
        lambda: charter,
        calls,
        clock,
        Cursors(b"a secret"),
        CLOSE_AFTER,
        FakeLeases(clock),
        partial(find_linkable, problems),
        of_files[0],
        of_files[2],
        TeamPasts(tickets, clock),
    )
    feedback = FeedbackDeps(deps, CommandQueue(responses), opinions)
    catalogue = CatalogueDeps(deps, OwnersKnown())
    before, contacts, words = make_before(catalogue, problems, publisher, telemetry, clock)
    views = (problems, slas)
    others, surveys, demands, status = make_others(feedback, views, contacts, publisher, meters)
    live = LiveTickets(StillTail(topics.TICKETS, clock), tickets, longest=timedelta(0))
    erasures = make_erasures(deps, publisher, clock, meters)
    taken = contacts.documents
    edges = (catalogue, before, taken, words.documents, publisher, SecretFolder(secrets), erasures)
    parts = IntakeParts(deps, feedback, surveys, demands, live, status, *edges)
    app = make_app("desk", intake_routers(parts), _parts(charter, clock, telemetry))
    mail = _make_mail(deps, clock, publisher, meters)
    world = (clock, publisher, tickets, slas, unit_of_work, others, telemetry)
    outside = (httpx.ASGITransport(app=app), calls, mail)
    return Desk(*world, *outside, before.indexes, before.searches, words, erasures, *of_files)


def _make_uploads(
    tickets: FakeDocuments[Ticket], publisher: FakePublisher, clock: FakeClock, meters: Meters
) -> tuple[FakeFiles, FakeDocuments[UploadList], UploadDesk]:
    files, lists = FakeFiles(), FakeDocuments(UPLOADED, clock)
    changes = CommandQueue(UnitOfWork(Projection(lists), publisher, clock, meters, cached=0))
    return files, lists, UploadDesk(files, changes, tickets, clock)


def _make_mail(
    deps: TicketDeps, clock: FakeClock, publisher: FakePublisher, meters: Meters
) -> MailDesk:
    mails = FakeDocuments(MAILS, clock)
    records = CommandQueue(UnitOfWork(Projection(mails), publisher, clock, meters, cached=0))
    return MailDesk(deps, mails, records, SecretStr(REPLY_SECRET), "mx.desk.example")


def _parts(charter: Charter, clock: FakeClock, telemetry: RecordedTelemetry) -> AppParts:
    return AppParts(
        Health(clock),
        telemetry.telemetry,
        DevAuthenticator(Environment.LOCAL),
        clock,
        uploads=UPLOADS,
        organisation=lambda: charter,
    )


def triage_says(team: str = "network", priority: Priority = Priority.P3) -> TriageDecided:
    reason = verbatim("It speaks of the VPN.")
    return TriageDecided(
        category="vpn", priority=priority, team=team, explanation=(reason,), charter="c1"
    )
