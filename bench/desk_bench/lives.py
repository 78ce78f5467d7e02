"""Lives of tickets as a large company has them: about eight events each, told in event time."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desk_charter import load_charter
from desk_contracts import AnyEvent, Codec, Event, Payload
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    Role,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketOpened,
    TicketPaused,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketTriaged,
    WaitingFor,
)
from desk_contracts.ids import derive_id, ticket_code
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_metrics.sla.charter import edition_of
from desk_metrics.sla.policies import Edition, PolicyBook
from desk_platform.kafka import KafkaPublisher
from desk_platform.settings import KafkaSettings

CHARTER = Path(__file__).resolve().parents[2] / "charter"
EVER = datetime(2000, 1, 1, tzinfo=UTC)
BEGAN = datetime(2026, 3, 2, 6, tzinfo=UTC)
# 4,320 tickets a day.
BETWEEN = timedelta(seconds=20)
SERVICES = ("vpn", "mail", "laptop", "wifi", "printing", "erp", "files", "video")
TEAMS = ("network", "service-care")
SITES = ("berlin", "new-york", "pune")
PRIORITIES = (Priority("P1"), *[Priority("P2")] * 3, *[Priority("P3")] * 12)
_BATCH = 1_000


def edition() -> Edition:
    """The SLA policies of the default charter, from ever on."""
    return edition_of(load_charter(CHARTER), EVER)


def book() -> PolicyBook:
    """The same, ready to judge by."""
    return PolicyBook([edition()])


def ticket_id(number: int) -> str:
    return derive_id("bench", "ticket", number)


class Life:
    """The events of one ticket, numbered as told."""

    def __init__(self, number: int, opened: datetime) -> None:
        self.id, self.at = ticket_id(number), opened
        self.events: list[AnyEvent] = []
        self._chance = random.Random(number)  # noqa: S311

    def say(self, after: timedelta, data: Payload) -> None:
        self.at += after
        sequence = len(self.events) + 1
        id = derive_id(self.id, "bench", sequence)
        cause = self.events[0].id if self.events else id
        event = Event(id, "/desk/intake", self.id, self.at, data, sequence, cause)
        self.events.append(event)

    def begin(self, priority: Priority | None = None) -> "Life":
        """What the desk does by itself: the first four events, within a second."""
        chance, soon = self._chance, timedelta(milliseconds=150)
        team = chance.choice(TEAMS)
        opened = TicketOpened(
            code=ticket_code(self.id),
            kind=chance.choice((Kind.INCIDENT, Kind.INCIDENT, Kind.REQUEST)),
            title="The VPN does not connect from home",
            description="It says that the certificate is not valid. " * 6,
            requester=f"person-{chance.randrange(20_000)}",
            channel=Channel.PORTAL,
            service=chance.choice(SERVICES),
            site=chance.choice(SITES),
        )
        chosen = priority or chance.choice(PRIORITIES)
        self.say(timedelta(0), opened)
        self.say(soon, TicketTriaged(category="network.vpn", priority=chosen))
        self.say(soon, TicketAssigned(team=team))
        return self

    def end(self) -> "Life":
        """What people do: every third one waits for the employee, some are handed on."""
        chance = self._chance
        self.say(self._minutes(5, 90), TicketStarted(by="bo"))
        if chance.random() < 0.1:
            self.say(self._minutes(5, 60), TicketAssigned(team="service-care"))
        if chance.random() < 0.33:
            waiting = TicketPaused(waiting_for=WaitingFor.EMPLOYEE, by="bo")
            self.say(self._minutes(5, 120), waiting)
            answer = TicketCommented(by="ana", role=Role.EMPLOYEE, text="It still says the same.")
            self.say(self._minutes(5, 600), answer)
            self.say(timedelta(seconds=1), TicketResumed(by="desk"))
        self.say(
            self._minutes(5, 900),
            TicketResolved(by="bo", resolution=verbatim("A new certificate.")),
        )
        self.say(timedelta(days=3), TicketClosed(by="desk"))
        return self

    def _minutes(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self._chance.randint(least, most))


def lives(numbers: Iterable[int], began: datetime = BEGAN) -> list[AnyEvent]:
    """Whole lives of these tickets, opened one after the other, in the order of their events."""
    finished = (Life(n, began + place * BETWEEN).begin().end() for place, n in enumerate(numbers))
    return in_event_time(event for life in finished for event in life.events)


def in_event_time(events: Iterable[AnyEvent]) -> list[AnyEvent]:
    """Every event at its time; no ticket's order changes, since its times only grow."""
    return sorted(events, key=lambda event: event.time)


async def publish(kafka: KafkaSettings, events: list[AnyEvent], prefix: str = "") -> None:
    """Onto the topics that the events name."""
    codec = Codec()
    async with KafkaPublisher(kafka, "bench", prefix) as publisher:
        for part in _parts(events):
            await publisher.publish([codec.encode(event) for event in part])


def _parts(events: list[AnyEvent]) -> Iterator[list[AnyEvent]]:
    for first in range(0, len(events), _BATCH):
        yield events[first : first + _BATCH]
