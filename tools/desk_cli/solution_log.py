"""The ledger of solutions, worked out anew from the log. Pure: the log is read elsewhere.

Five facts, each from an event: answered, done, confirmed by the person, verified by telemetry, and
that it lasted seven days.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk_contracts import AnyEvent, Event
from desk_contracts.events.solutions import ReturnReason, SolutionLasted, SolutionReturned
from desk_contracts.events.tickets import (
    How,
    Role,
    TicketCommented,
    TicketConfirmed,
    TicketReopened,
    TicketResolved,
)
from desk_kernel import Reducers

LASTS = timedelta(days=7)
# Metrics tells it once everything of the seven days was read; so long may that take.
GRACE = timedelta(hours=1)


@dataclass(slots=True)
class _Resolution:
    """A resolution and what the log says of it."""

    at: datetime
    is_verified: bool
    reopened_at: datetime | None = None
    is_confirmed: bool = False
    lasted_at: datetime | None = None
    returned: SolutionReturned | None = None


@dataclass(slots=True)
class _Ticket:
    is_answered: bool = False
    resolutions: dict[int, _Resolution] = field(default_factory=dict)
    confirmed: set[int] = field(default_factory=set)
    lasted: dict[int, datetime] = field(default_factory=dict)
    returned: dict[int, SolutionReturned] = field(default_factory=dict)


_note: Reducers[_Ticket, [], _Ticket] = Reducers(lambda ticket, _event: ticket)


@_note.on(TicketCommented)
def _note_answer(ticket: _Ticket, event: Event[TicketCommented]) -> _Ticket:
    ticket.is_answered |= event.data.public and event.data.role is Role.MEMBER
    return ticket


@_note.on(TicketResolved)
def _note_resolution(ticket: _Ticket, event: Event[TicketResolved]) -> _Ticket:
    data = event.data
    if data.how is not How.WITHDRAWN:
        ticket.is_answered = True
        resolution = _Resolution(event.time, bool(data.verified_by))
        ticket.resolutions.setdefault(event.sequence or 0, resolution)
    return ticket


@_note.on(TicketReopened)
def _note_reopening(ticket: _Ticket, event: Event[TicketReopened]) -> _Ticket:
    earlier = [number for number in ticket.resolutions if number < (event.sequence or 0)]
    if earlier:
        last = ticket.resolutions[max(earlier)]
        last.reopened_at = last.reopened_at or event.time
    return ticket


@_note.on(TicketConfirmed)
def _note_confirmation(ticket: _Ticket, event: Event[TicketConfirmed]) -> _Ticket:
    ticket.confirmed.add(event.data.resolution)
    return ticket


@_note.on(SolutionLasted)
def _note_lasting(ticket: _Ticket, event: Event[SolutionLasted]) -> _Ticket:
    ticket.lasted[event.data.resolution] = event.time
    return ticket


@_note.on(SolutionReturned)
def _note_return(ticket: _Ticket, event: Event[SolutionReturned]) -> _Ticket:
    ticket.returned[event.data.resolution] = event.data
    return ticket


@dataclass(slots=True)
class SolutionFindings:
    """How many there are of each fact, and what does not agree, as (ticket, sentence)."""

    tickets: int = 0
    answered: int = 0
    resolutions: int = 0
    reopened: int = 0
    confirmed: int = 0
    verified: int = 0
    lasted: int = 0
    returned: int = 0
    young: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        """The counts, a fact a line; then each finding."""
        done = self.resolutions - self.reopened
        yield f"{self.answered} of {self.tickets} tickets answered"
        yield f"{done} solutions done, {self.reopened} more were reopened"
        yield f"{self.confirmed} confirmed by the person"
        yield f"{self.verified} verified by fresh telemetry"
        yield f"{self.lasted} lasted seven days, {self.returned} did not, {self.young} are younger"
        yield from (f"wrong     {ticket}: {text}" for ticket, text in self.wrong)


class SolutionLog:
    """What the log says of solutions, ticket by ticket, in whatever order topics are read."""

    def __init__(self) -> None:
        self._tickets: dict[str, _Ticket] = {}

    def add(self, event: AnyEvent) -> None:
        """One event of `desk.tickets` or `desk.solutions`."""
        _note(self._tickets.setdefault(event.subject, _Ticket()), event)

    def findings(self, now: datetime) -> SolutionFindings:
        """The ledger as of now."""
        findings = SolutionFindings(tickets=len(self._tickets))
        for id, ticket in sorted(self._tickets.items()):
            findings.answered += ticket.is_answered
            for number in sorted((ticket.confirmed | {*ticket.lasted}) - ticket.resolutions.keys()):
                findings.wrong.append((id, f"there is no resolution with sequence {number}"))
            for number, resolution in ticket.resolutions.items():
                resolution.is_confirmed = number in ticket.confirmed
                resolution.lasted_at = ticket.lasted.get(number)
                resolution.returned = ticket.returned.get(number)
                _count(findings, resolution)
                if text := _find_wrong(resolution, now):
                    findings.wrong.append((id, f"resolution {number} {text}"))
        return findings


def _count(findings: SolutionFindings, resolution: _Resolution) -> None:
    findings.resolutions += 1
    findings.returned += resolution.returned is not None
    findings.lasted += resolution.lasted_at is not None and resolution.returned is None
    findings.young += resolution.lasted_at is None and resolution.returned is None
    if resolution.reopened_at is not None:
        findings.reopened += 1
        return
    findings.confirmed += resolution.is_confirmed
    findings.verified += resolution.is_verified


def _find_wrong(resolution: _Resolution, now: datetime) -> str:
    """What does not agree; nothing if all does."""
    reopened, end = resolution.reopened_at, resolution.at + LASTS
    is_reopened = reopened is not None and reopened <= end
    verdict = resolution.returned
    if verdict is not None and verdict.reason is ReturnReason.REOPENED and not is_reopened:
        return "is told to have been reopened within seven days, and was not"
    if resolution.lasted_at is not None and resolution.lasted_at < end:
        return "is told to have lasted before seven days were over"
    if verdict is None and is_reopened and now > end + GRACE:
        return "was reopened within seven days, and nobody told"
    if verdict is None and resolution.lasted_at is None and now > end + GRACE:
        return "is older than seven days, and nobody told whether it lasted"
    return ""
