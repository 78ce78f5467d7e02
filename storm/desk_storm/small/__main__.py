"""`python -m desk_storm.small`: raises the desk, lives a minute with it, judges its books."""

import asyncio
import os
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
from desk_shared.bus.producer import KafkaPublisher
from desk_shared.errors import Transient
from desk_shared.events import AnyEvent, Codec, Event
from desk_shared.events.requests import TicketRequested
from desk_shared.ids import new_id
from desk_shared.local import local_servers
from desk_shared.local.bring import apply_topics
from desk_shared.local.services import LocalServices, local_services
from desk_shared.settings import KafkaSettings
from desk_shared.telemetry import configure_logs

from desk_storm.books import Books, Sent
from desk_storm.clocks import lateness
from desk_storm.history import History
from desk_storm.laws import judge
from desk_storm.small.charter import charter_book, write_charter
from desk_storm.small.mail import MailServer
from desk_storm.small.people import People
from desk_storm.small.reading import deliveries_of, records_of
from desk_storm.small.targets import MANNERS, Targets

_LIVING, _SETTLING = 20, 45
_SHOWN = 3
_HOST = "127.0.0.1"


class Systems:
    """Other systems, which publish on open topics, and what they published."""

    def __init__(self, publisher: KafkaPublisher) -> None:
        self._publisher, self._codec = publisher, Codec()
        self.sent: list[Sent] = []

    async def publish(self, event: AnyEvent) -> None:
        """Once; it is on the topic or it may be."""
        at, is_there = datetime.now(UTC), False
        with suppress(Transient):
            await self._publisher.publish([self._codec.encode(event)])
            is_there = True
        self.sent.append(Sent(event, at, is_there))

    async def ask(self, people: People) -> None:
        """A monitor that opens tickets."""
        while not people.is_over:
            data = TicketRequested(requester="monitor", title="The ERP answers slowly")
            at = datetime.now(UTC)
            await self.publish(Event(new_id(), "/storm/monitor", "monitor", at, data))
            await asyncio.sleep(1)


async def raged(folder: Path) -> Books:
    """A desk of its own, from its start to the end of its minute."""
    targets, mail = Targets(), MailServer(seed=7)
    agents = await asyncio.start_server(targets.serve, _HOST, 0)
    post = await asyncio.start_server(mail.serve, _HOST, 0)
    smtp = {
        "NOTIFY_SMTP_HOST": _HOST,
        "NOTIFY_SMTP_PORT": str(post.sockets[0].getsockname()[1]),
        "NOTIFY_SMTP_SECURITY": "none",
        "NOTIFY_MAIL_DOMAINS": "desk.example",
        "NOTIFY_MAIL_PER_HOUR": "1000",
    }
    agent = f"http://{_HOST}:{agents.sockets[0].getsockname()[1]}"
    with local_servers(folder / "servers", backend="h2") as servers:
        await asyncio.to_thread(apply_topics, servers.kafka)
        services = local_services(folder, servers.kafka, servers.mongo, **smtp)
        await asyncio.to_thread(services.start)
        try:
            kafka = KafkaSettings(bootstrap=servers.kafka)
            return await _lived(services, kafka, targets, mail, agent)
        finally:
            await asyncio.to_thread(services.stop)


async def _lived(
    services: LocalServices, kafka: KafkaSettings, targets: Targets, mail: MailServer, agent: str
) -> Books:
    began, publisher = datetime.now(UTC), KafkaPublisher(kafka, "storm")
    await publisher.start()
    systems = Systems(publisher)
    async with httpx.AsyncClient(base_url=services["intake"].address, timeout=8) as http:
        people = People(http)
        devices = [f"{kind}-{manner}" for kind in ("laptop", "once") for manner in MANNERS]
        work = [
            *(targets.live(one, agent, systems.publish, 3 + n) for n, one in enumerate(devices)),
            *(people.ask(number) for number in range(4)),
            systems.ask(people),
        ]
        tasks = [asyncio.create_task(one) for one in work]
        await asyncio.sleep(_LIVING)
        people.is_over = True
        await asyncio.sleep(_SETTLING)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await publisher.stop()
    deliveries = await deliveries_of(services["notify"].address)
    return Books(
        began,
        datetime.now(UTC),
        tuple(people.calls),
        tuple(systems.sent),
        tuple(targets.acts),
        tuple(mail.mails),
        deliveries,
        await records_of(kafka),
        charters=(charter_book(began),),
    )


def main() -> int:
    """0 if no law is broken."""
    configure_logs("storm", "ERROR", sys.stderr)
    with tempfile.TemporaryDirectory(prefix="desk-storm-") as name:
        folder = Path(name)
        write_charter(folder / "charter")
        os.environ["DESK_CHARTER"] = str(folder / "charter")
        books = asyncio.run(raged(folder))
    broken = judge(books)
    late = lateness(History(books))
    print(
        f"{len(books.records)} records, {len(books.calls)} calls, {len(books.acts)} acts, "
        f"{len(books.mails)} mails; {late.told} breaches told, p99 {late.p99:.2f} s late; "
        f"{len(broken)} broken laws"
    )
    shown: Counter[str] = Counter()
    for one in broken:
        shown[one.law] += 1
        if shown[one.law] <= _SHOWN:
            print(f"broken: {one.law}: {one.subject}: {one.evidence}")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
