"""Services on stores that can be copied and put back, and what an operator types meanwhile."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from desk_contracts.topics import all_topics
from desk_local.ports import free_ports
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.processes import ServiceProcess, environment
from pymongo import MongoClient

from tests.support.notify_running import TEAMS, MailServer

Dump = dict[str, dict[str, list[dict[str, Any]]]]
PERSON = {"X-Desk-User": "ana@desk.example", "X-Desk-Roles": "employee"}


@dataclass
class Desk:
    """Some services, and the mail server that counts what is sent."""

    services: dict[str, ServiceProcess]
    mail: MailServer
    store_url: str

    async def start(self) -> None:
        await asyncio.gather(*(service.start() for service in self.services.values()))

    def launch(self) -> None:
        for service in self.services.values():
            service.launch()

    def stop(self) -> None:
        for service in self.services.values():
            service.stop()

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

    async def is_held(self, name: str, reason: str = "the store is older than the brokers") -> None:
        """It says why it does nothing."""

        async def says_so() -> bool:
            try:
                answer = await self.services[name].get("/health/ready")
            except httpx.TransportError:
                return False
            return reason in " ".join(answer.json()["reasons"])

        await eventually(says_so, timeout=150)

    def type(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """What an operator types after `desk`."""
        program = [sys.executable, "-c", "from desk_cli.main import main; main()", *words]
        env = self.services["intake"].env
        return subprocess.run(program, env=env, capture_output=True, text=True, check=False)

    async def audit(self) -> "subprocess.CompletedProcess[str]":
        return await asyncio.to_thread(self.type, "audit")

    def copied(self) -> Dump:
        with MongoClient[dict[str, Any]](self.store_url) as client:
            return {
                name: {
                    collection: list(client[base][collection].find())
                    for collection in self._collections(base)
                }
                for name, base in self._databases()
            }

    def put_back(self, dump: Dump, only: Collection[str] = ()) -> None:
        """These services' databases are as they were, or those of all."""
        with MongoClient[dict[str, Any]](self.store_url) as client:
            for service, base in self._databases():
                if only and service not in only:
                    continue
                for name in self._collections(base):
                    client[base][name].delete_many({})
                for name, documents in dump[service].items():
                    if documents:
                        client[base][name].insert_many(documents)

    def _databases(self) -> Iterator[tuple[str, str]]:
        for name, service in self.services.items():
            yield name, service.env["DESK_DATABASE_PREFIX"] + name

    def _collections(self, base: str) -> list[str]:
        with MongoClient[dict[str, Any]](self.store_url) as client:
            return client[base].list_collection_names()


@asynccontextmanager
async def desk_of(
    names: Collection[str], kafka: str, store_url: str, prefix: str, folder: Path
) -> AsyncIterator[Desk]:
    """These services, not started yet, with topics of one partition each."""
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
    env = environment(kafka, store_url, prefix) | more
    services = {name: ServiceProcess(name, env, folder / f"{name}.log") for name in names}
    made = Desk(services, mail, store_url)
    yield made
    made.stop()
    mail.stop()
