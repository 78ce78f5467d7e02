"""People and systems that ask a working desk, and the audit of what became of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
from desk_charter import load_charter
from desk_cli.auditing import Findings, TicketLog, compare_reader, compare_writer
from desk_contracts import Codec, Event
from desk_contracts.errors import DependencyDown
from desk_contracts.events.notifications import MessageKind, Notified
from desk_contracts.events.requests import TicketRequested
from desk_contracts.ids import new_id
from desk_contracts.names import REQUESTS, TICKETS
from desk_contracts.topics import team_topic
from desk_local.paths import ROOT
from desk_platform.clock import SystemClock
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import open_store
from desk_testing import eventually

_MOMENT = 0.2
TITLES = (
    "My laptop is slow",
    "VPN does not connect",
    "I forgot my password",
    "The printer prints blank pages",
    "Something odd happens",
)


@dataclass
class Load:
    """People and systems that ask, and ask again until they are answered."""

    intake: str
    kafka: KafkaSettings
    accepted: dict[str, str] = field(default_factory=dict)
    requested: set[str] = field(default_factory=set)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Four people and a system ask until the end of the block, and are answered."""
        async with asyncio.TaskGroup() as group:
            for number in range(4):
                group.create_task(self.people(number))
            group.create_task(self.systems())
            try:
                yield
            finally:
                self.stop.set()

    async def people(self, number: int) -> None:
        async with httpx.AsyncClient(base_url=self.intake, timeout=5) as http:
            while not self.stop.is_set():
                await self._ask(http, f"person-{number}", TITLES[number % len(TITLES)])
                await self._pause()

    async def _pause(self) -> None:
        """A rate, not as much as goes: two cores that have no rest start nothing in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_MOMENT):
                await self.stop.wait()

    async def _ask(self, http: httpx.AsyncClient, person: str, title: str) -> None:
        key = new_id()
        headers = {
            "X-Desk-User": person,
            "X-Desk-Roles": "employee",
            "Idempotency-Key": f'"{key}"',
        }

        async def answered() -> httpx.Response | None:
            try:
                answer = await http.post("/v1/tickets", json={"title": title}, headers=headers)
            except httpx.TransportError:
                return None
            return None if answer.status_code in (409, 503) else answer

        answer = await eventually(answered, timeout=120, interval=_MOMENT)
        assert answer is not None
        assert answer.status_code == 201, answer.text
        self.accepted[key] = answer.json()["id"]

    async def systems(self) -> None:
        codec, clock = Codec(), SystemClock()
        async with KafkaPublisher(self.kafka, "storm") as publisher:
            while not self.stop.is_set():
                data = TicketRequested(requester="monitor", title="The ERP answers slowly")
                event = Event(new_id(), "/storm/monitor", "monitor", clock.now(), data)
                await self._send(publisher, codec, event)
                await self._pause()

    async def _send(
        self, publisher: KafkaPublisher, codec: Codec, event: Event[TicketRequested]
    ) -> None:
        while event.id not in self.requested:
            try:
                await publisher.publish([codec.encode(event)])
            except DependencyDown:
                continue
            self.requested.add(event.id)


async def progress(load: Load, wanted: int) -> None:
    """The desk works between two kills, or the storm would prove nothing."""
    await eventually(lambda: len(load.accepted) >= wanted, timeout=60)


async def settled(load: Load, kafka: str, store_url: str) -> Findings:
    """The audit once everything has arrived: every ticket told to its team exactly once."""
    settings = KafkaSettings(bootstrap=kafka)

    async def is_settled() -> bool:
        try:
            findings = await _audit(settings, store_url)
        except DependencyDown as error:  # a machine that is busy with five services
            raise AssertionError(str(error)) from error
        assert findings.is_clean
        assert findings.tickets == len(load.accepted) + len(load.requested)
        by_ticket = await _messages_by_ticket(settings)
        return len(by_ticket) == findings.tickets

    await eventually(is_settled, timeout=120, interval=1)
    return await _audit(settings, store_url)


async def _audit(kafka: KafkaSettings, store_url: str) -> Findings:
    book, codec = TicketLog(), Codec()
    async for raw in read_all(kafka, [REQUESTS, TICKETS]):
        book.add(codec.decode(raw.key, raw.value, raw.headers))
    findings = book.findings()
    settings = StoreSettings(url=store_url)
    for service, compare in (("intake", compare_writer), ("metrics", compare_reader)):
        store = open_store(settings, settings.database_prefix + service)
        compare(book, await store.census("tickets"), findings)
        await store.stop()
    return findings


async def _messages_by_ticket(kafka: KafkaSettings) -> dict[str, str]:
    """Which message told a team of which ticket; two different ones for one ticket are an error."""
    codec = Codec()
    by_ticket: dict[str, str] = {}
    teams = [team.name for team in load_charter(ROOT / "charter").teams]
    async for raw in read_all(kafka, [team_topic(team) for team in teams]):
        event = codec.decode(raw.key, raw.value, raw.headers)
        data = event.data
        if isinstance(data, Notified) and data.kind is MessageKind.TICKET_ASSIGNED:
            assert by_ticket.setdefault(data.ticket, event.id) == event.id
    return by_ticket
