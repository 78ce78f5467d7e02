"""A store is put back to an older state: it is noticed before anything is done, and the documented
order leads back, with no mail sent twice."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk_shared.bus.admin import apply_topics
from desk_shared.events.topics import all_topics
from desk_shared.local.ports import free_ports
from desk_shared.settings import KafkaSettings
from desk_shared.testing import eventually
from desk_shared.testing.processes import ServiceProcess, environment
from pymongo import MongoClient

from tests.integration.notify.running import TEAMS, MailServer

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]

Dump = dict[str, dict[str, list[dict[str, Any]]]]
PERSON = {"X-Desk-User": "ana@desk.example", "X-Desk-Roles": "employee"}
SERVICES = ("intake", "notify")


@dataclass
class Desk:
    """Intake and notify on stores that can be copied and put back."""

    services: dict[str, ServiceProcess]
    mail: MailServer
    mongo: str

    async def start(self) -> None:
        for one in self.services.values():
            await one.start()

    def launch(self) -> None:
        for one in self.services.values():
            one.launch()

    def stop(self) -> None:
        for one in self.services.values():
            one.stop()

    async def ask(self, title: str) -> httpx.Response:
        headers = {**PERSON, "Idempotency-Key": f'"{title}"'}
        async with httpx.AsyncClient(base_url=self.services["intake"].url, timeout=60) as http:
            return await http.post("/v1/tickets", json={"title": title}, headers=headers)

    async def asked_and_told(self, title: str) -> str:
        """The ticket's id, once its requester has been mailed."""
        before = len(self.mail.mailbox.mails)
        answer = await self.ask(title)
        assert answer.status_code == 201, answer.text
        await eventually(lambda: len(self.mail.mailbox.mails) > before, timeout=90)
        return str(answer.json()["id"])

    async def is_held(self, name: str) -> None:
        """It says why it does nothing."""

        async def says_so() -> bool:
            try:
                answer = await self.services[name].get("/health/ready")
            except httpx.TransportError:
                return False
            return "the store is older than the brokers" in " ".join(answer.json()["reasons"])

        await eventually(says_so, timeout=40)

    def audit(self) -> "subprocess.CompletedProcess[str]":
        """What an operator types."""
        program = [sys.executable, "-c", "from desk_shared.cli.main import main; main()", "audit"]
        env = self.services["intake"].env
        return subprocess.run(program, env=env, capture_output=True, text=True, check=False)

    def copied(self) -> Dump:
        with MongoClient[dict[str, Any]](self.mongo) as client:
            return {
                base: {name: list(client[base][name].find()) for name in self._collections(base)}
                for base in self._databases()
            }

    def put_back(self, dump: Dump) -> None:
        with MongoClient[dict[str, Any]](self.mongo) as client:
            for base, collections in dump.items():
                for name in self._collections(base):
                    client[base][name].delete_many({})
                for name, documents in collections.items():
                    if documents:
                        client[base][name].insert_many(documents)

    def _databases(self) -> Iterator[str]:
        for name, service in self.services.items():
            yield service.env["DESK_DATABASE_PREFIX"] + name

    def _collections(self, base: str) -> list[str]:
        with MongoClient[dict[str, Any]](self.mongo) as client:
            return client[base].list_collection_names()


@pytest.fixture
async def desk(kafka: str, mongo: str, prefix: str, tmp_path: Path) -> AsyncIterator[Desk]:
    await apply_topics(
        KafkaSettings(bootstrap=kafka), all_topics(TEAMS), prefix=prefix, partitions=1
    )
    mail = MailServer(free_ports(1)[0])
    mail.start()
    more = {
        "NOTIFY_SMTP_HOST": "127.0.0.1",
        "NOTIFY_SMTP_PORT": str(mail.port),
        "NOTIFY_SMTP_SECURITY": "none",
        "NOTIFY_MAIL_DOMAINS": "desk.example",
    }
    env = environment(kafka, mongo, prefix) | more
    services = {name: ServiceProcess(name, env, tmp_path / f"{name}.log") for name in SERVICES}
    made = Desk(services, mail, mongo)
    yield made
    made.stop()
    mail.stop()


async def test_an_older_store_is_noticed_and_a_newer_one_goes_on(desk: Desk) -> None:
    await desk.start()
    await desk.asked_and_told("first")
    desk.stop()
    older = desk.copied()
    await desk.start()
    second = await desk.asked_and_told("second")
    desk.stop()
    newest = desk.copied()
    desk.put_back(older)
    desk.launch()
    for name in SERVICES:
        await desk.is_held(name)
    answer = await desk.ask("while it is held")
    assert (answer.status_code, answer.json()["code"]) == (503, "held")
    audit = await asyncio.to_thread(desk.audit)
    assert audit.returncode == 1
    assert "notify: the store is older than the brokers" in audit.stdout
    unknown = [line for line in audit.stdout.splitlines() if "it may not know" in line]
    assert any(second in line for line in unknown), audit.stdout
    assert f"{second}: is in the log but not in intake's store" in audit.stdout
    assert len(desk.mail.mailbox.mails) == 2

    desk.stop()
    desk.put_back(newest)
    audit = await asyncio.to_thread(desk.audit)
    assert "older" not in audit.stdout + audit.stderr
    await desk.start()
    await desk.asked_and_told("third")
    ids = Counter(str(mail["Message-ID"]) for mail in desk.mail.mailbox.mails)
    assert len(ids) == 3
    assert set(ids.values()) == {1}
