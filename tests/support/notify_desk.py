"""A small organisation, and short ways to let things happen to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.notifications import MessageKind, Notified
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.ids import derive_id
from desk_contracts.messages import Language
from desk_notify.rules import people, team_topics, tickets
from desk_notify.rules.model import Person, TeamTopic, Ticket
from desk_notify.subscriptions.model import Directory, TeamProfile

P = TypeVar("P", bound=Payload)

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
ANA, BEN = "ana@desk.example", "ben@desk.example"
CODE = "K7M2-Q9PG"


def directory(language: Language = "en", portal: str = "") -> Directory:
    zone = ZoneInfo("Europe/Berlin")
    network = TeamProfile("network", "Network", zone, language, ("log:", "mailto:net@desk.example"))
    care = TeamProfile("service-care", "Service care", zone, language, ("log:",))
    return Directory(
        teams={"network": network, "service-care": care},
        default_team="service-care",
        owners={"vpn": "network"},
        service_titles={"vpn": "Remote access (VPN)"},
        mails={"network-1": "nina@desk.example"},
        portal=portal,
    )


def event(payload: Payload, subject: str = "t-1", cause: str = "") -> AnyEvent:
    """Something that happened; its id says what, so that tests can repeat it."""
    id = cause or derive_id(f"{subject}/{payload.model_dump_json()}", payload.TYPE)
    return Event(id=id, source="/test", subject=subject, time=NOON, data=payload)


def sla(kind: type[P], **fields: object) -> P:
    """Something that an SLA of the network team does."""
    defaults = {"clock": "response", "policy": "p", "policy_version": "1", "team": "network"}
    return kind.model_validate(defaults | fields)


def run(kind: type[P], **fields: object) -> P:
    """Something that a repair does."""
    return kind.model_validate(
        {"run": "r", "runbook": "clean-disk", "title": "Free space"} | fields
    )


def opened(language: str = "en", kind: Kind = Kind.INCIDENT, requester: str = ANA) -> TicketOpened:
    return TicketOpened(
        code=CODE,
        kind=kind,
        title="VPN drops",
        description="Every ten minutes, since this morning.",
        requester=requester,
        channel=Channel.PORTAL,
        service="vpn",
        language=language,
    )


@dataclass
class Story:
    """Folds events as the service does, and keeps everything that is said."""

    directory: Directory = field(default_factory=directory)
    ticket: Ticket | None = None
    persons: dict[str, Person] = field(default_factory=dict)
    team_topics: dict[str, TeamTopic] = field(default_factory=dict)
    messages: list[Event[Notified]] = field(default_factory=list)

    def ticket_sees(self, *payloads: Payload) -> list[Notified]:
        """What is said because these happen to the ticket, in this order."""
        return self._say(item for payload in payloads for item in self._ticket(event(payload)))

    def happens(self, payload: Payload, subject: str) -> list[Notified]:
        """What people and teams are told because of something that is no ticket's own."""
        cause = event(payload, subject)
        return self._say([*self._people(cause), *self._matters(cause)])

    def ticket_hears(self, payload: Payload, subject: str) -> list[Notified]:
        """What is said because the ticket learns of something that is not its own."""
        return self._say(self._ticket(event(payload, subject)))

    def _ticket(self, cause: AnyEvent) -> Iterable[Event[Notified]]:
        reaction = tickets.react(self.ticket, cause, self.directory)
        if reaction is None:
            return ()
        self.ticket, messages = reaction
        return messages

    def _people(self, cause: AnyEvent) -> Iterable[Event[Notified]]:
        for name in people.people_of(cause):
            reaction = people.react(self.persons.get(name), name, cause, self.directory)
            if reaction is not None:
                self.persons[name], messages = reaction
                yield from messages

    def _matters(self, cause: AnyEvent) -> Iterable[Event[Notified]]:
        for id in team_topics.topics_of(cause):
            reaction = team_topics.react(self.team_topics.get(id), cause, self.directory)
            if reaction is not None:
                self.team_topics[id], messages = reaction
                yield from messages

    def _say(self, messages: Iterable[Event[Notified]]) -> list[Notified]:
        new = list(messages)
        self.messages += new
        return [item.data for item in new]


def to(recipient: str, messages: list[Notified]) -> list[MessageKind]:
    """What kinds of message somebody gets."""
    return [message.kind for message in messages if message.recipient == recipient]


def whole(message: Notified) -> str:
    """A message as people read it."""
    return f"{message.title}\n\n{message.body}"
