"""Brokers are put back to an older state, alone or with the stores: what is lost is named, no
repair and no mail is done a second time, and the documented order leads back to work."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from desk_contracts import AnyEvent, Codec
from desk_local.servers import LocalServers, local_servers
from desk_testing import eventually

from tests.support.automation_desk import Target, measured, raised
from tests.support.restoring_desk import Desk, desk_of

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

SERVICES = ("intake", "notify", "automation", "metrics")


@dataclass
class Place:
    """A desk on servers of its own, so that their data can be copied and put back."""

    servers: LocalServers
    desk: Desk
    target: Target
    folder: Path
    prefix: str

    async def broker_is(self, source: str, target: str) -> None:
        """With the broker stopped, one folder of its data becomes as the other is."""
        broker, folder = self.servers.broker, self.folder / "servers"
        await asyncio.to_thread(broker.stop)
        shutil.rmtree(folder / target, ignore_errors=True)
        shutil.copytree(folder / source, folder / target)
        await asyncio.to_thread(broker.start)

    async def repaired(self, device: str) -> None:
        """Its signal is raised, its repair takes effect, and telemetry shows the cure."""
        before = sum(self.target.effects.values())
        await self._publish(raised(device, self.target.url))
        await eventually(lambda: sum(self.target.effects.values()) > before, timeout=120)

        async def is_healed() -> bool:
            await self._publish(measured(device, 41.0))
            answer = await self.desk.services["automation"].get(f"/v1/runs?target={device}")
            return [item["phase"] for item in answer.json()["items"]] == ["healed"]

        await eventually(is_healed, timeout=120, interval=0.3)

    async def _publish(self, event: AnyEvent) -> None:
        message = Codec().encode(event)
        async with AIOKafkaProducer(bootstrap_servers=self.servers.kafka, acks="all") as producer:
            await producer.send_and_wait(
                self.prefix + message.topic,
                key=message.key,
                value=message.value,
                headers=list(message.headers),
            )

    def is_nothing_done_twice(self) -> bool:
        mails = Counter(str(mail["Message-ID"]) for mail in self.desk.mail.mailbox.mails)
        return {*mails.values(), *self.target.effects.values()} == {1}


@pytest.fixture
async def place(prefix: str, tmp_path: Path) -> AsyncIterator[Place]:
    target = Target()
    await target.start()
    async with (
        local_servers(tmp_path / "servers", is_quick=True) as servers,
        desk_of(SERVICES, servers.kafka, servers.store_url, prefix, tmp_path) as desk,
    ):
        yield Place(servers, desk, target, tmp_path, prefix)
    await target.stop()


async def lived(place: Place, number: str) -> str:
    """A ticket of which its requester was told, and a device that was repaired."""
    ticket = await place.desk.asked_and_told(f"ticket {number}")
    await place.repaired(f"laptop-{number}")
    return ticket


async def test_older_brokers_are_adopted_and_nothing_is_done_twice(place: Place) -> None:
    desk = place.desk
    await desk.start()
    await lived(place, "1")
    desk.stop()
    await place.broker_is("kafka", "copy")
    await desk.start()
    second = await lived(place, "2")
    desk.stop()
    await place.broker_is("copy", "kafka")

    audit = await desk.audit()
    assert audit.returncode == 1
    assert f"{second}: intake is at 1, the log at 0" in audit.stdout
    assert "automation: it knows what the brokers lost, of laptop-2" in audit.stdout
    desk.launch()
    for name in ("notify", "automation"):
        await desk.is_held(name, "and ends at")
    shown = await asyncio.to_thread(desk.type, "topics", "adopt")
    assert shown.returncode == 1
    assert "Nothing was changed" in shown.stdout
    begun = await asyncio.to_thread(desk.type, "topics", "adopt", "--yes")
    assert begun.returncode == 0, begun.stdout + begun.stderr
    for service in desk.services.values():
        await eventually(service.is_ready, timeout=120, interval=0.3)
    await lived(place, "3")
    assert len(desk.mail.mailbox.mails) == 3
    assert len(place.target.effects) == 3
    assert place.is_nothing_done_twice()


async def test_brokers_and_stores_of_one_moment_go_on_by_themselves(place: Place) -> None:
    desk = place.desk
    await desk.start()
    await lived(place, "1")
    desk.stop()
    await place.broker_is("kafka", "copy")
    stores = await desk.copied()
    await desk.start()
    forgotten = await lived(place, "2")
    desk.stop()
    await place.broker_is("copy", "kafka")
    await desk.put_back(stores)

    audit = await desk.audit()
    assert audit.returncode == 0, audit.stdout
    assert forgotten not in audit.stdout
    await desk.start()
    await lived(place, "3")
    audit = await desk.audit()
    assert audit.returncode == 0, audit.stdout
    assert len(desk.mail.mailbox.mails) == 3
    assert len(place.target.effects) == 3
    assert place.is_nothing_done_twice()
