"""A ticket as people see it: state, who has it, what to expect, what was tried, what comes next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_shared.events.people import Level, Priority
from desk_shared.events.tickets import Channel, How, Kind, LinkKind, State, WaitingFor
from pydantic import BaseModel, ConfigDict

from desk_intake.domain.model import Entry, Link, Ticket
from desk_intake.domain.sla import SlaView, TicketSla
from desk_intake.domain.tell import DESK
from desk_intake.domain.words import CLOCKS, STATES, WAITING, moment

# What everybody gets with every answer about a ticket; the rest is asked for.
MAX_LATEST = 10
MAX_LATEST_TEXT = 20_000


class View(BaseModel):
    """A frozen answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Holder(View):
    """Who has a ticket."""

    team: str
    """Name of the team; empty while nobody has it."""
    team_title: str
    """The team as people call it."""
    member: str
    """Who of the team; empty if nobody in particular."""
    sentence: str
    """The same for people."""


class TicketSummary(View):
    """A ticket in a listing."""

    id: str
    code: str
    """The short code people say and type."""
    title: str
    kind: Kind
    state: State
    state_in_words: str
    requester: str
    """The one form of their id or address; what tickets are listed by."""
    requester_written: str
    """The same as it was written, where that differs."""
    service: str
    priority: Priority | None
    team: str
    member: str
    due: datetime | None
    """When the SLA clock that people are told about ends; null if none runs."""
    next_step: str
    """What happens next, as a sentence."""
    opened_at: datetime
    updated_at: datetime


class TicketView(TicketSummary):
    """A ticket in full."""

    description: str
    channel: Channel
    device: str
    site: str
    group: str
    impact: Level | None
    urgency: Level | None
    category: str
    attributes: dict[str, str]
    who_has_it: Holder
    expectation: str
    """What the person may honestly expect, as a sentence."""
    sla: tuple[SlaView, ...]
    """What each clock said last: response, resolution and others."""
    tried: tuple[str, ...]
    """What was tried so far, oldest first."""
    links: tuple[Link, ...]
    """The problem, repairs and tickets it belongs to."""
    waiting_for: WaitingFor | None
    waiting_until: datetime | None
    merged_into: str
    how: How | None
    resolution: str
    cause: str
    """What it came from, for those who take causes away; empty for employees."""
    reopened: int
    """How often it turned out not to be solved."""
    requested_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    sequence: int
    """Number of its newest event; the ETag."""
    latest_entries: tuple[Entry, ...]
    """The newest lines of its timeline, oldest first; no more than a screen holds."""
    timeline_url: str
    """Where all of them are, in pages."""


class TimelineView(View):
    """All that happened to a ticket, oldest first."""

    id: str
    code: str
    entries: tuple[Entry, ...]
    forgotten: int
    """How many old lines are only in the event log any more."""
    next: str | None = None
    """Cursor of the next page; null on the last."""


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a view is made, and the words it needs beside the ticket."""

    is_staff: bool
    team_titles: Mapping[str, str]
    close_after: timedelta

    def title_of(self, team: str) -> str:
        return self.team_titles.get(team, team)


def summarise(ticket: Ticket, sla: TicketSla, reader: Reader) -> TicketSummary:
    """One line of a listing."""
    summary = _summary(ticket, sla, reader)
    return TicketSummary.model_validate(_copied(TicketSummary, ticket) | summary)


def show(ticket: Ticket, sla: TicketSla, reader: Reader) -> TicketView:
    """The whole ticket."""
    told: dict[str, object] = {
        "who_has_it": _holder(ticket, reader),
        "expectation": _expectation(ticket, sla, reader),
        "sla": _clocks(sla, reader),
        "tried": tuple(_tried(ticket, reader)),
        "latest_entries": _latest(ticket, reader),
        "timeline_url": f"/v1/tickets/{ticket.id}/timeline",
    }
    if not reader.is_staff:
        told |= _withheld(ticket)
    summary = _summary(ticket, sla, reader)
    return TicketView.model_validate(_copied(TicketView, ticket) | summary | told)


def _withheld(ticket: Ticket) -> dict[str, object]:
    """What staff and repairs write for staff; the person is told by lines meant for them."""
    if ticket.kind is Kind.PROACTIVE:
        return {"cause": "", "description": "", "attributes": {}}
    return {"cause": ""}


def _shared_fields(view: type[View]) -> tuple[str, ...]:
    return tuple(name for name in view.model_fields if name in Ticket.model_fields)


# What a view shows just as the ticket has it; found once, since every answer needs it.
_COPIED = {view: _shared_fields(view) for view in (TicketSummary, TicketView)}


def _copied(view: type[TicketSummary], ticket: Ticket) -> dict[str, object]:
    return {name: getattr(ticket, name) for name in _COPIED[view]}


def timeline(
    ticket: Ticket, reader: Reader, after: int = -1, limit: int | None = None
) -> tuple[TimelineView, int | None]:
    """What this reader may know of what happened behind a line, and the last line if more follow.

    Lines are numbered as they were written, so those that made room for others move no page.
    """
    known = [
        (number, entry)
        for number, entry in enumerate(ticket.timeline)
        if entry.public or reader.is_staff
    ]
    # The first line is always there; those that are forgotten stood behind it.
    numbered = [(number + ticket.forgotten if number else 0, entry) for number, entry in known]
    behind = [(number, entry) for number, entry in numbered if number > after]
    shown = behind[:limit]
    view = TimelineView(
        id=ticket.id,
        code=ticket.code,
        entries=tuple(entry for _, entry in shown),
        forgotten=ticket.forgotten,
    )
    return view, shown[-1][0] if len(shown) < len(behind) else None


def _latest(ticket: Ticket, reader: Reader) -> tuple[Entry, ...]:
    """The newest lines, as far as they have room; one at least, however long it is."""
    found: list[Entry] = []
    room = MAX_LATEST_TEXT
    for entry in reversed(ticket.timeline):
        if not (entry.public or reader.is_staff):
            continue
        room -= len(entry.text)
        if found and (room < 0 or len(found) == MAX_LATEST):
            break
        found.append(entry)
    return tuple(reversed(found))


def _summary(ticket: Ticket, sla: TicketSla, reader: Reader) -> dict[str, object]:
    return {
        "state_in_words": _state_in_words(ticket),
        "due": sla.main.due if sla.main else None,
        "next_step": _next_step(ticket, reader),
    }


def _state_in_words(ticket: Ticket) -> str:
    if ticket.waiting_for is not None:
        return f"waiting for {WAITING[ticket.waiting_for]}"
    return STATES[ticket.state]


def _holder(ticket: Ticket, reader: Reader) -> Holder:
    title = reader.title_of(ticket.team)
    if not ticket.team:
        text = "No team has it yet; the desk is finding the right one."
    elif ticket.member:
        text = f"{ticket.member} of the team {title} has it."
    else:
        text = f"The team {title} has it."
    return Holder(team=ticket.team, team_title=title, member=ticket.member, sentence=text)


def _clocks(sla: TicketSla, reader: Reader) -> tuple[SlaView, ...]:
    """What teams agree with each other is no business of the person who waits."""
    return tuple(one for one in sla.clocks if reader.is_staff or one.clock != "ownership")


def _expectation(ticket: Ticket, sla: TicketSla, reader: Reader) -> str:
    if not ticket.is_open:
        return _over(ticket)
    shared = "Others have the same trouble, and it is solved for all at once. "
    return (shared if ticket.problem else "") + _hope(ticket, sla, reader)


def _over(ticket: Ticket) -> str:
    if ticket.state is State.MERGED:
        return "This ticket goes on inside another one; its promises hold there."
    return "It is solved, as far as we know."


def _hope(ticket: Ticket, sla: TicketSla, reader: Reader) -> str:
    main = sla.main
    if main is None:
        return _without_target(ticket, sla)
    what, due = CLOCKS[main.clock], f"by {moment(main.due)}" if main.due else "soon"
    if main.status == "breached":
        return (
            f"We promised {what} {due} and are late, for which we are sorry; the team"
            f" {reader.title_of(ticket.team)} knows."
        )
    if ticket.state is State.WAITING:
        return f"We promised {what} {due}; while we wait that moment can move."
    if main.status == "at_risk":
        return f"We promised {what} {due}, but it may take longer."
    return f"You can expect {what} {due}."


def _without_target(ticket: Ticket, sla: TicketSla) -> str:
    if ticket.state is State.NEW:
        return "It is being sorted; as soon as that is done you see here what to expect."
    if not sla.is_known:
        return "We cannot tell now what is promised; its team answers as soon as it can."
    return "Nothing is promised for this ticket; its team answers as soon as it can."


def _next_step(ticket: Ticket, reader: Reader) -> str:
    team = reader.title_of(ticket.team)
    steps: dict[State, str] = {
        State.NEW: "The desk decides who can help best; you need do nothing.",
        State.TRIAGED: "It goes to the team that can help.",
        State.ASSIGNED: f"Somebody of the team {team} takes it up.",
        State.IN_PROGRESS: f"{ticket.member or team} works on it and answers here.",
        State.CLOSED: "Nothing more happens here; if it comes back, open a new ticket.",
        State.MERGED: f"Follow ticket {ticket.merged_into}, which it was merged into.",
    }
    if ticket.state is State.WAITING:
        return _waiting_step(ticket)
    if ticket.state is State.RESOLVED and ticket.resolved_at is not None:
        closing = moment(ticket.resolved_at + reader.close_after)
        return (
            "Please try it. Reopen the ticket if it is not solved; otherwise close it, or leave it:"
            f" it closes by itself on {closing}."
        )
    return steps[ticket.state]


def _waiting_step(ticket: Ticket) -> str:
    if ticket.waiting_for is WaitingFor.EMPLOYEE:
        return "The person who asked answers with a comment; then the work goes on by itself."
    if ticket.waiting_for is None:
        return "The work goes on soon."
    until = f", at the latest on {moment(ticket.waiting_until)}" if ticket.waiting_until else ""
    return f"The work goes on when {WAITING[ticket.waiting_for]} has come{until}."


def _tried(ticket: Ticket, reader: Reader) -> Iterator[str]:
    """Repairs, what machines reported of them, and solutions that were none."""
    for link in ticket.links:
        if link.kind is LinkKind.RUN and link.text:
            yield link.text
    solutions = [one for one in ticket.timeline if one.what == "resolved" and one.public]
    # Each reopening says that the solution before it was none.
    failed = solutions[: ticket.reopened]
    for entry in ticket.timeline:
        by_machine = entry.what == "commented" and entry.who == DESK
        if (entry.public or reader.is_staff) and (by_machine or entry in failed):
            yield entry.text
