"""Services of a working desk are killed at random while people ask; nothing may be lost."""

import asyncio
import os
import random
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import httpx
import pytest
from desk_shared.auditing import Findings, LogBook, compare_reader, compare_writer
from desk_shared.bus.producer import KafkaPublisher
from desk_shared.charter import load_charter
from desk_shared.cli.reading import read_all
from desk_shared.clock import SystemClock
from desk_shared.errors import DependencyDown
from desk_shared.events import Codec, Event
from desk_shared.events.names import REQUESTS, TICKETS
from desk_shared.events.notifications import MessageKind, Notified
from desk_shared.events.requests import TicketRequested
from desk_shared.events.topics import SERVICES, team_topic
from desk_shared.ids import new_id
from desk_shared.local import local_servers
from desk_shared.local.bring import apply_topics
from desk_shared.local.places import ROOT
from desk_shared.local.services import LocalServices, local_services
from desk_shared.settings import KafkaSettings, StoreSettings
from desk_shared.store import Store
from desk_shared.store.census import census
from desk_shared.testing import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("DESK_STORM_KILLS", "40"))
SEED = 20261121
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
        publisher, codec, clock = KafkaPublisher(self.kafka, "storm"), Codec(), SystemClock()
        await publisher.start()
        try:
            while not self.stop.is_set():
                data = TicketRequested(requester="monitor", title="The ERP answers slowly")
                event = Event(new_id(), "/storm/monitor", "monitor", clock.now(), data)
                await self._send(publisher, codec, event)
                await self._pause()
        finally:
            await publisher.stop()

    async def _send(
        self, publisher: KafkaPublisher, codec: Codec, event: Event[TicketRequested]
    ) -> None:
        while event.id not in self.requested:
            try:
                await publisher.publish([codec.encode(event)])
            except DependencyDown:
                continue
            self.requested.add(event.id)


_MOMENT = 0.2


async def test_a_storm_of_kills_loses_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)  # noqa: S311 (a repeatable storm)
    with local_servers(tmp_path / "servers", backend="h2") as servers:
        apply_topics(servers.kafka)
        with local_services(tmp_path, servers.kafka, servers.mongo) as services:
            load = Load(services["intake"].address, KafkaSettings(bootstrap=servers.kafka))
            slowest = await _storm(load, services, chance)
            findings = await _settled(load, servers.kafka, servers.mongo)
    with capsys.disabled():
        print(f"\nstorm: {KILLS} kills, slowest recovery {slowest:.1f} s; {findings.summary()}")  # noqa: T201
    assert findings.is_clean, list(findings.lines())
    assert findings.tickets == len(load.accepted) + len(load.requested)
    assert slowest < 15


async def _storm(load: Load, services: LocalServices, chance: random.Random) -> float:
    """Kill one service after the other while people ask; the slowest time back to ready."""
    slowest = 0.0
    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(load.people(number))
        group.create_task(load.systems())
        for _ in range(KILLS):
            await _progress(load, len(load.accepted) + 3)
            service = services[chance.choice(SERVICES)]
            await asyncio.to_thread(service.kill)
            started = monotonic()
            await asyncio.to_thread(service.start)
            slowest = max(slowest, monotonic() - started)
        load.stop.set()
    return slowest


async def _progress(load: Load, wanted: int) -> None:
    """The desk works between two kills, or the storm would prove nothing."""
    await eventually(lambda: len(load.accepted) >= wanted, timeout=60)


async def _settled(load: Load, kafka: str, mongo: str) -> Findings:
    """The audit once everything has arrived: every ticket told to its team exactly once."""
    settings = KafkaSettings(bootstrap=kafka)

    async def is_settled() -> bool:
        findings = await _audit(settings, mongo)
        assert findings.is_clean
        assert findings.tickets == len(load.accepted) + len(load.requested)
        told = await _told(settings)
        return len(told) == findings.tickets

    await eventually(is_settled, timeout=120, interval=1)
    return await _audit(settings, mongo)


async def _audit(kafka: KafkaSettings, mongo: str) -> Findings:
    book, codec = LogBook(), Codec()
    async for raw in read_all(kafka, [REQUESTS, TICKETS]):
        book.add(codec.decode(raw.key, raw.value, raw.headers))
    findings = book.findings()
    settings = StoreSettings(url=mongo)
    for service, compare in (("intake", compare_writer), ("metrics", compare_reader)):
        store = Store(settings, settings.database_prefix + service)
        compare(book, await census(store.database, "tickets"), findings)
        await store.stop()
    return findings


async def _told(kafka: KafkaSettings) -> dict[str, str]:
    """Which message told a team of which ticket; two different ones for one ticket are an error."""
    codec = Codec()
    told: dict[str, str] = {}
    teams = [team.name for team in load_charter(ROOT / "charter").teams]
    async for raw in read_all(kafka, [team_topic(team) for team in teams]):
        event = codec.decode(raw.key, raw.value, raw.headers)
        data = event.data
        if isinstance(data, Notified) and data.kind is MessageKind.TICKET_ASSIGNED:
            assert told.setdefault(data.ticket, event.id) == event.id
    return told
