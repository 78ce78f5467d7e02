"""Metrics as a process on real servers, and the two ends of the bus it stands between."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from desk_contracts import AnyEvent, Codec, Event, Payload
from desk_contracts.events.sla import SlaStarted
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    TicketAssigned,
    TicketOpened,
    TicketResolved,
    TicketTriaged,
)
from desk_contracts.events.watermarks import WatermarkAdvanced
from desk_contracts.ids import ticket_code
from desk_contracts.message import verbatim
from desk_contracts.names import TICKETS
from desk_contracts.value_types import Priority
from desk_testing.processes import ServiceProcess

# What tests ask and kill.
Metrics = ServiceProcess


@dataclass
class Bus:
    """Publishes like intake and reads what metrics says."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    prefix: str
    seen: list[AnyEvent] = field(default_factory=list)

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

    async def tell_how_far(self, until: datetime) -> None:
        """All that was recorded before then is published: deadlines until then may be judged."""
        watermark = WatermarkAdvanced(topic=TICKETS, until=until)
        await self.publish([Event(str(uuid4()), "/desk/intake", "intake-1", until, watermark)])

    async def transitions(self, ticket: str) -> list[str]:
        """What was said of a ticket, once each: `response-p1 started`, or ` lasted`."""
        batches = await self.consumer.getmany(timeout_ms=100)
        decode = Codec().decode
        for records in batches.values():
            self.seen += [decode(record.key, record.value, record.headers) for record in records]
        by_id = {event.id: event for event in self.seen if event.subject == ticket}
        return [
            f"{getattr(event.data, 'policy', '')} {event.type.split('.')[2]}"
            f"{getattr(event.data, 'percent', '')}"
            for event in by_id.values()
        ]

    def goals(self, ticket: str) -> list[float]:
        """Targets in minutes, in the order in which they were set."""
        started = [e.data for e in self.seen if e.subject == ticket]
        return [
            item.target.total_seconds() / 60 for item in started if isinstance(item, SlaStarted)
        ]


class Ticket:
    """One ticket as intake would tell of it."""

    def __init__(self, id: str, opened: datetime, **more: str) -> None:
        self.id = id
        self.events: list[AnyEvent] = []
        self.say(
            opened,
            TicketOpened(
                code=ticket_code(id),
                kind=Kind.INCIDENT,
                title="VPN drops",
                requester=more.get("requester", "ana@desk.example"),
                channel=Channel.PORTAL,
                service=more.get("service", "vpn"),
                site=more.get("site", "berlin"),
            ),
        )

    def say(self, at: datetime, data: Payload) -> "Ticket":
        number = len(self.events) + 1
        event = Event(str(uuid4()), "/desk/intake", self.id, at, data, number)
        self.events.append(event)
        return self

    def triaged(self, at: datetime, priority: str) -> "Ticket":
        return self.say(at, TicketTriaged(category="network.vpn", priority=Priority(priority)))

    def assigned(self, at: datetime, team: str) -> "Ticket":
        return self.say(at, TicketAssigned(team=team))

    def resolved(self, at: datetime) -> "Ticket":
        return self.say(
            at, TicketResolved(by="network-1", resolution=verbatim("A new certificate."))
        )
