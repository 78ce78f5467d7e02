"""Services on stores that can be copied and put back, and what an operator types meanwhile."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from desk_contracts.topics import all_topics
from desk_local.ports import free_ports
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings, StoreSettings
from desk_platform.store import Store, open_store
from desk_platform.store.raw import NOT_MOVED, Raw, pages_of
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.processes import ServiceProcess, environment

from tests.support.notify_running import TEAMS, MailServer

Dump = dict[str, dict[str, list[Raw]]]
PERSON = {"X-Desk-User": "ana@desk.example", "X-Desk-Roles": "employee"}


@dataclass
class Desk:
    """Some services, and the mail server that counts what is sent."""

    services: dict[str, ServiceProcess]
    mail: MailServer

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
        return run_desk(*words, env=self.services["intake"].env)

    async def audit(self) -> "subprocess.CompletedProcess[str]":
        return await asyncio.to_thread(self.type, "audit")

    async def copied(self) -> Dump:
        """All that is kept, by service and collection."""
        dump: Dump = {}
        for name in self.services:
            async with self._store(name) as store:
                kept = set(await store.collections()) - NOT_MOVED
                dump[name] = {
                    collection: [row async for rows in pages_of(store, collection) for row in rows]
                    for collection in kept
                }
        return dump

    async def put_back(self, dump: Dump, only: Collection[str] = ()) -> None:
        """These services' databases are as they were, or those of all."""
        for name in only or self.services:
            async with self._store(name) as store:
                await store.drop()
                for collection, rows in dump[name].items():
                    await store.write_raw(collection, rows)

    @asynccontextmanager
    async def _store(self, name: str) -> AsyncIterator[Store]:
        env = self.services[name].env
        store = open_store(StoreSettings(url=env["DESK_STORE"]), env["DESK_DATABASE_PREFIX"] + name)
        yield store
        await store.stop()


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
    made = Desk(services, mail)
    yield made
    made.stop()
    mail.stop()
