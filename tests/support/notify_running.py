"""Notify as a process, a bus to tell it things, and a mail server that can go away."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiosmtpd.controller import Controller
from desk_charter import load_charter
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.notifications import Notified
from desk_contracts.topics import SERVICES, Topic, all_topics
from desk_testing.processes import CHARTER, ServiceProcess

from tests.support.notify_channels import Mailbox

TEAMS = [team.name for team in load_charter(CHARTER).teams]


class Notify(ServiceProcess):
    """The service, with questions of its own."""

    async def component(self, name: str) -> dict[str, object]:
        health = (await self.get("/health/ready")).json()
        matching: dict[str, object] = next(c for c in health["components"] if c["name"] == name)
        return matching

    async def deliveries(self, recipient: str) -> list[tuple[str, str]]:
        """Channel and state of everything on its way to somebody."""
        answer = await self.get(f"/v1/deliveries?recipient={recipient}")
        items = answer.json()["items"]
        return [(d["channel"], d["state"]) for item in items for d in item["deliveries"]]

    def lines(self, message: str) -> int:
        """How many log lines say this."""
        return self.log.read_text().count(f'"message": "{message}"')


@dataclass
class Bus:
    """Publishes like the other services and reads like a team."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    prefix: str
    seen: list[Event[Notified]] = field(default_factory=list)

    async def publish(self, events: Iterable[AnyEvent]) -> None:
        codec = Codec()
        sends = []
        for event in events:
            message = codec.encode(event)
            sent = self.producer.send(
                self.prefix + message.topic,
                key=message.key,
                value=message.value,
                headers=list(message.headers),
            )
            sends.append(await sent)
        await asyncio.gather(*sends)

    async def messages_to(self, recipient: str) -> list[Notified]:
        """What a recipient was told so far, in order; a copy has the id of its original."""
        batches = await self.consumer.getmany(timeout_ms=50)
        decode = Codec().decode
        for records in batches.values():
            for record in records:
                event = decode(record.key, record.value, record.headers)
                assert isinstance(event.data, Notified)
                assert record.topic == self.prefix + event.topic
                assert record.key == event.data.recipient.encode()
                self.seen.append(Event(event.id, "", "", event.time, event.data))
        messages = {item.id: item.data for item in self.seen if item.data.recipient == recipient}
        return list(messages.values())

    async def titles(self, recipient: str) -> list[str]:
        return [item.title for item in await self.messages_to(recipient)]


@dataclass
class MailServer:
    """A real SMTP server that can go away and come back on the same port."""

    port: int
    mailbox: Mailbox = field(default_factory=Mailbox)
    controller: "Controller | None" = None

    def start(self) -> None:
        self.controller = Controller(
            self.mailbox, hostname="127.0.0.1", port=self.port, ready_timeout=60
        )
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None


def topics() -> list[Topic]:
    """What notify reads and writes; the retry and dead topics of others are not needed."""
    others = tuple(f".{name}.{end}" for name in SERVICES for end in ("retry", "dead"))
    mine = (".notify.retry", ".notify.dead")
    every = all_topics(TEAMS)
    return [t for t in every if not t.name.endswith(others) or t.name.endswith(mine)]
