"""What an audit of `desk.tickets` looks for. Pure: the log and the stores are read elsewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from desk_contracts import AnyEvent
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.ids import request_ticket_id
from desk_contracts.names import TICKETS
from desk_platform.store.census import Entry


@dataclass(slots=True)
class Findings:
    """What is wrong, as (kind, ticket, sentence); repeats of one event are only counted.

    `refused` are requests that became dead letters: each as it names itself, and why. `foreign` are
    records that are no event of their topic, forged, misdirected or unreadable: (place, code,
    sentence). Neither is a loss.
    """

    tickets: int = 0
    events: int = 0
    repeats: int = 0
    foreign: list[tuple[str, str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.wrong

    def add(self, kind: str, ticket: str, text: str) -> None:
        self.wrong.append((kind, ticket, text))

    def count(self, kind: str) -> int:
        return sum(1 for each, _, _ in self.wrong if each == kind)

    def confirm(self, later: "Findings") -> "Findings":
        """The later look, with only what both found in the same words: what moves is at work."""
        first = set(self.wrong)
        return replace(later, wrong=[item for item in later.wrong if item in first])

    def summary(self) -> str:
        """One line for people and scripts."""
        return (
            f"{self.tickets} tickets, {self.events} events: {self.count('lost')} lost, "
            f"{self.count('doubled')} doubled, {self.count('disorder')} out of order, "
            f"{self.count('gap')} gaps, {self.repeats} harmless repeats, "
            f"{len(self.refused)} refused requests, {len(self.foreign)} unreadable records"
        )

    def lines(self, most: int | None = None) -> Iterable[str]:
        """Each finding; of the records that are no events not more than `most`."""
        yield from (f"{kind:<9} {ticket}: {text}" for kind, ticket, text in self.wrong)
        for request, code in self.refused:
            yield f"refused   {request}: {code}; `desk dead list` has it"
        for place, code, text in self.foreign[:most]:
            yield f"{code}  {place}: {text}"
        if most is not None and len(self.foreign) > most:
            yield f"… and {len(self.foreign) - most} more such records: --verbose names them all"


@dataclass(slots=True)
class _Ticket:
    ids: dict[int, str] = field(default_factory=dict)
    last: int = 0
    origin: str = ""


class TicketLog:
    """The tickets as the log has them."""

    def __init__(self) -> None:
        self.tickets: dict[str, _Ticket] = {}
        self._foreign: list[tuple[str, str, str]] = []
        self._requests: set[str] = set()
        self._dead: dict[str, tuple[str, str]] = {}
        self._repeats = 0
        self._wrong: list[tuple[str, str, str]] = []

    def add(self, event: AnyEvent) -> None:
        """One event of desk.tickets or of an open topic, in the order of its partition."""
        if isinstance(event.data, TicketRequested):
            self._requests.add(request_ticket_id(event.source, event.id))
        if event.topic != TICKETS:
            return
        ticket, number = self.tickets.setdefault(event.subject, _Ticket()), event.sequence or 0
        before = ticket.ids.get(number)
        if before == event.id:
            self._repeats += 1
        elif before is not None:
            text = f"two different events have sequence {number}"
            self._wrong.append(("doubled", event.subject, text))
        else:
            if number < ticket.last:
                text = f"sequence {number} came after {ticket.last}"
                self._wrong.append(("disorder", event.subject, text))
            ticket.ids[number] = event.id
            ticket.last = max(ticket.last, number)
        if isinstance(event.data, TicketOpened) and number != 1:
            self._wrong.append(("doubled", event.subject, f"opened again at sequence {number}"))

    def leave_out(self, place: str, code: str, text: str) -> None:
        """A record that is no event of its topic: named, and no part of any ticket's life."""
        self._foreign.append((place, code, text))

    def refuse(self, request: AnyEvent, code: str) -> None:
        """A request that intake did not take: there is a dead letter."""
        named = f"{request.source} {request.id}"
        self._dead[request_ticket_id(request.source, request.id)] = (named, code)

    def findings(self) -> Findings:
        """What the log alone shows."""
        findings = Findings(
            tickets=len(self.tickets),
            events=sum(len(ticket.ids) for ticket in self.tickets.values()),
            repeats=self._repeats,
            foreign=list(self._foreign),
            wrong=list(self._wrong),
        )
        for id, ticket in self.tickets.items():
            missing = sorted(set(range(1, ticket.last + 1)) - ticket.ids.keys())
            if missing:
                findings.add("gap", id, f"no event with sequence {missing}")
        for id in sorted(self._requests - self.tickets.keys()):
            if id in self._dead:
                findings.refused.append(self._dead[id])
            else:
                findings.add("lost", id, "a request has neither a ticket nor a dead letter")
        return findings


def compare_writer(book: TicketLog, store: Mapping[str, Entry], findings: Findings) -> None:
    """Intake's store must have what the log has; what it alone has must wait in an outbox."""
    for id in book.tickets.keys() - store.keys():
        findings.add("lost", id, "is in the log but not in intake's store")
    for id, entry in store.items():
        last = book.tickets[id].last if id in book.tickets else 0
        if entry.sequence > last + entry.waiting:
            text = f"intake is at {entry.sequence}, the log at {last}, {entry.waiting} wait"
            findings.add("lost", id, text)
        if entry.sequence < last:
            findings.add("lost", id, f"intake is at {entry.sequence}, the log at {last}")


def compare_reader(book: TicketLog, store: Mapping[str, Entry], findings: Findings) -> None:
    """A reader that has caught up stands exactly where the log ends."""
    for id, ticket in book.tickets.items():
        entry = store.get(id)
        if entry is None:
            findings.add("lost", id, "is in the log but not in metrics' store")
        elif entry.buffered:
            findings.add(
                "gap", id, f"metrics buffers {entry.buffered} events behind {entry.sequence}"
            )
        elif entry.sequence != ticket.last:
            findings.add("lost", id, f"metrics is at {entry.sequence}, the log at {ticket.last}")
    for id in store.keys() - book.tickets.keys():
        findings.add("doubled", id, "is in metrics' store but not in the log")
