"""On a real broker: vectors follow the tickets, go on after a stop, and leave with the erased."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.erasures import ErasureRequested
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.ids import new_id, ticket_code
from desk_contracts.names import TICKETS
from desk_platform.clock import SystemClock
from desk_platform.erasure import Erasures
from desk_platform.health import Health
from desk_platform.settings import KafkaSettings, ServiceSettings
from desk_platform.similar import IndexReader, follow_ticket
from desk_platform.tasks import cancel_tasks
from desk_testing import eventually
from desk_triage.similar.store import VectorIndex

from tests.support.triage_encoder import FakeEncoder

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]


class Bus(Protocol):
    async def publish(self, events: Sequence[AnyEvent]) -> None: ...


def opened(title: str) -> AnyEvent:
    ticket = new_id()
    data = TicketOpened(
        code=ticket_code(ticket),
        kind=Kind.INCIDENT,
        title=title,
        requester="ana",
        channel=Channel.PORTAL,
    )
    return Event(new_id(), "/desk/intake", ticket, datetime.now(UTC), data, 1)


@asynccontextmanager
async def following(settings: ServiceSettings, vectors: VectorIndex) -> AsyncIterator[None]:
    health = Health(SystemClock())
    reader = IndexReader(
        "similar meanings", TICKETS, settings.kafka, vectors, follow_ticket, health,
        prefix=settings.topic_prefix,
    )  # fmt: skip
    reader.erasures = Erasures(settings, health)
    tasks = [asyncio.create_task(loop()) for loop in (reader.erasures.run, reader.run)]
    try:
        yield
    finally:
        await cancel_tasks(*tasks)
        await vectors.close()


async def test_vectors_follow_the_topic_and_the_erasures(
    bus: Bus, kafka: str, prefix: str, tmp_path: Path
) -> None:
    settings = ServiceSettings(kafka=KafkaSettings(bootstrap=kafka), topic_prefix=prefix)
    file, encoder = tmp_path / "tickets.vectors", FakeEncoder()
    english, german, later = map(opened, ("Screen dark", "Bildschirm schwarz", "Dark screen"))
    await bus.publish([english, german])

    async def list_near(vectors: VectorIndex, *wanted: AnyEvent) -> bool:
        near = await vectors.list_near(english.subject, "open", 5)
        return set(near) == {event.subject for event in wanted}

    first = VectorIndex(file, encoder)
    async with following(settings, first):
        assert await eventually(lambda: list_near(first, german), timeout=60)
    assert sorted(encoder.given) == ["Bildschirm schwarz", "Screen dark"]

    await bus.publish([later])
    again = VectorIndex(file, encoder)
    async with following(settings, again):
        assert await eventually(lambda: list_near(again, german, later), timeout=60)
        assert encoder.given[2:] == ["Dark screen"]
        erased = ErasureRequested(tickets=(german.subject,), by="op@desk.example", reason="asked")
        await bus.publish([Event(new_id(), "/desk/intake", new_id(), datetime.now(UTC), erased)])
        assert await eventually(lambda: list_near(again, later), timeout=60)
    assert b"Bildschirm" not in await asyncio.to_thread(file.read_bytes)
