"""A ticket as people see it: state, who has it, what to expect, what was tried, what comes next."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from desk_contracts.events.tickets import Kind, LinkKind, State, WaitingFor
from desk_contracts.message import Message, Param, message
from desk_contracts.messages import Catalogue

from desk_intake.tickets.answers import (
    AttachmentView,
    EntryView,
    Holder,
    LinkView,
    TicketSummary,
    TicketView,
    TimelineView,
)
from desk_intake.tickets.model import Entry, Ticket
from desk_intake.tickets.outlook import (
    NO_OUTLOOK,
    Outlook,
    show_forecast,
    show_person,
)
from desk_intake.tickets.sla import SlaView, TicketSla
from desk_intake.tickets.timeline import DESK

# What everybody gets with every answer about a ticket; the rest is asked for.
MAX_LATEST = 10
MAX_LATEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a view is made, and the words it needs beside the ticket."""

    sees_internal: bool
    """By the rule of that name, for the ticket that is shown."""
    team_titles: Mapping[str, str]
    close_after: timedelta
    catalogue: Catalogue

    def title_of(self, team: str) -> str:
        return self.team_titles.get(team, team)

    def say(self, message: Message) -> str:
        """The message in this reader's language."""
        return self.catalogue.render(message)


def summarise(ticket: Ticket, sla: TicketSla, reader: Reader) -> TicketSummary:
    """One line of a listing."""
    summary = _summary(ticket, sla, reader)
    return TicketSummary.model_validate(_copy_fields(TicketSummary, ticket) | summary)


def show(
    ticket: Ticket, sla: TicketSla, reader: Reader, outlook: Outlook = NO_OUTLOOK
) -> TicketView:
    """The whole ticket."""
    fields: dict[str, object] = {
        "who_has_it": _holder(ticket, reader),
        "expectation": reader.say(_expectation(ticket, sla, reader)),
        "forecast": show_forecast(outlook.solution, reader.say),
        "person": show_person(ticket, outlook.person, reader.say),
        # What teams agree with each other is no business of the person who waits.
        "sla": tuple(
            clock for clock in sla.clocks if reader.sees_internal or clock.clock != "ownership"
        ),
        "links": tuple(_show_links(ticket, reader)),
        "attachments": tuple(
            AttachmentView(
                **item.model_dump(), url=f"/v1/tickets/{ticket.id}/attachments/{item.id}"
            )
            for item in ticket.attachments
            if item.public or reader.sees_internal
        ),
        "resolution": reader.say(ticket.resolution) if ticket.resolution else "",
        "tried": tuple(_list_tries(ticket, reader)),
        "latest_entries": _latest(ticket, reader),
        "affected": ticket.affected,
        "timeline_url": f"/v1/tickets/{ticket.id}/timeline",
    }
    if not reader.sees_internal:
        # What staff and repairs write for staff; the person is told by lines meant for them.
        fields |= {"cause": "", "also_affected": ()}
        if ticket.kind is Kind.PROACTIVE:
            fields |= {"description": "", "attributes": {}}
    summary = _summary(ticket, sla, reader)
    return TicketView.model_validate(_copy_fields(TicketView, ticket) | summary | fields)


def _show_links(ticket: Ticket, reader: Reader) -> Iterator[LinkView]:
    """What it belongs to, as sentences."""
    for link in ticket.links:
        text = reader.say(link.message) if link.message else ""
        yield LinkView(kind=link.kind, target=link.target, text=text)


# What a view shows just as the ticket has it; found once, since every answer needs it.
_COPIED = {
    view: tuple(name for name in view.model_fields if name in Ticket.model_fields)
    for view in (TicketSummary, TicketView)
}


def _copy_fields(view: type[TicketSummary], ticket: Ticket) -> dict[str, object]:
    return {name: getattr(ticket, name) for name in _COPIED[view]}


def timeline(
    ticket: Ticket, reader: Reader, after: int = -1, limit: int | None = None
) -> tuple[TimelineView, int | None]:
    """What this reader may know of what happened behind a line, and the last line if more follow.

    Lines are numbered as they were written, so those that made room for others move no page.
    """
    before = [
        (number, entry)
        for number, entry in enumerate(ticket.timeline)
        if entry.public or reader.sees_internal
    ]
    # The first line is always there; those that are forgotten stood behind it.
    numbered = [(number + ticket.forgotten if number else 0, entry) for number, entry in before]
    behind = [(number, entry) for number, entry in numbered if number > after]
    shown = behind[:limit]
    view = TimelineView(
        id=ticket.id,
        code=ticket.code,
        entries=tuple(show_entry(entry, reader) for _, entry in shown),
        forgotten=ticket.forgotten,
    )
    return view, shown[-1][0] if len(shown) < len(behind) else None


def show_entry(entry: Entry, reader: Reader) -> EntryView:
    """One line of the timeline in the reader's language."""
    return EntryView(
        at=entry.at,
        what=entry.what,
        who=reader.catalogue.word("who", entry.who) if entry.who == DESK else entry.who,
        text=reader.say(entry.message),
        code=entry.message.code,
        params=entry.message.params,
        public=entry.public,
    )


def _latest(ticket: Ticket, reader: Reader) -> tuple[EntryView, ...]:
    """The newest lines, as far as they have room; one at least, however long it is."""
    entries: list[Entry] = []
    room = MAX_LATEST_TEXT
    for entry in reversed(ticket.timeline):
        if not (entry.public or reader.sees_internal):
            continue
        room -= entry.size
        if entries and (room < 0 or len(entries) == MAX_LATEST):
            break  # desk-skip: mutate room only shrinks, so nothing more is found
        entries.append(entry)
    return tuple(show_entry(entry, reader) for entry in reversed(entries))


def _summary(ticket: Ticket, sla: TicketSla, reader: Reader) -> dict[str, object]:
    state = reader.catalogue.word("state", ticket.state)
    if ticket.waiting_for is not None:
        state = reader.say(message("ticket.waiting-for", reason=ticket.waiting_for))
    return {
        "state_in_words": state,
        "due": sla.main.due if sla.main else None,
        "next_step": reader.say(_next_step(ticket, reader)),
    }


def _holder(ticket: Ticket, reader: Reader) -> Holder:
    title = reader.title_of(ticket.team)
    if not ticket.team:
        text = message("ticket.held-by-nobody")
    elif ticket.member:
        text = message("ticket.held-by-member", member=ticket.member, team=title)
    else:
        text = message("ticket.held-by-team", team=title)
    sentence = reader.say(text)
    return Holder(team=ticket.team, team_title=title, member=ticket.member, sentence=sentence)


def _expectation(ticket: Ticket, sla: TicketSla, reader: Reader) -> Message:
    if ticket.state is State.MERGED:
        return message("ticket.goes-on")
    if not ticket.is_open:
        return message("ticket.solved")
    if sla.main is not None:
        hope = _hope(ticket, sla.main, reader)
    elif ticket.state is State.NEW:
        hope = message("ticket.being-sorted")
    else:
        hope = message("ticket.no-sla" if sla.is_known else "ticket.sla-unknown")
    return message("ticket.shared", hope=hope) if ticket.problem else hope


def _hope(ticket: Ticket, main: SlaView, reader: Reader) -> Message:
    if main.due is None:
        return _expect_undated(ticket, main, reader)
    facts: dict[str, Param] = {"what": main.clock, "due": main.due}
    if main.status == "breached":
        return message("ticket.late", team=reader.title_of(ticket.team), **facts)
    if ticket.state is State.WAITING:
        return message("ticket.due-may-move", **facts)
    if main.status == "at_risk":
        return message("ticket.at-risk", **facts)
    return message("ticket.expect", **facts)


def _expect_undated(ticket: Ticket, main: SlaView, reader: Reader) -> Message:
    if main.status == "breached":
        team = reader.title_of(ticket.team)
        return message("ticket.late-undated", what=main.clock, team=team)
    if ticket.state is State.WAITING:
        return message("ticket.due-may-move-undated", what=main.clock)
    if main.status == "at_risk":
        return message("ticket.at-risk-undated", what=main.clock)
    return message("ticket.expect-undated", what=main.clock)


def _next_step(ticket: Ticket, reader: Reader) -> Message:
    team = reader.title_of(ticket.team)
    if ticket.state is State.WAITING:
        return _step_when_waiting(ticket)
    if ticket.state is State.RESOLVED:
        if ticket.resolved_at is None:
            return message("next-step.resolved")
        closing = ticket.resolved_at + reader.close_after
        if ticket.confirmed_at is not None:
            return message("next-step.confirmed", closing=closing)
        return message("next-step.try-it", closing=closing)
    return _STEPS[ticket.state](ticket, team)


_STEPS: Mapping[State, Callable[[Ticket, str], Message]] = {
    State.NEW: lambda _ticket, _team: message("next-step.new"),
    State.TRIAGED: lambda _ticket, _team: message("next-step.triaged"),
    State.ASSIGNED: lambda _ticket, team: message("next-step.assigned", team=team),
    State.IN_PROGRESS: lambda ticket, team: message(
        "next-step.in-progress", who=ticket.member or team
    ),
    State.CLOSED: lambda _ticket, _team: message("next-step.closed"),
    State.MERGED: lambda ticket, _team: message("next-step.merged", into=ticket.merged_into),
}


def _step_when_waiting(ticket: Ticket) -> Message:
    if ticket.waiting_for is WaitingFor.EMPLOYEE:
        return message("next-step.employee-answers")
    if ticket.waiting_for is None:
        return message("next-step.soon")
    if ticket.waiting_until is None:
        return message("next-step.waiting", reason=ticket.waiting_for)
    until = ticket.waiting_until
    return message("next-step.waiting-until", reason=ticket.waiting_for, until=until)


def _list_tries(ticket: Ticket, reader: Reader) -> Iterator[str]:
    """Repairs, what machines reported of them, and solutions that were none."""
    for link in ticket.links:
        if link.kind is LinkKind.RUN and link.message:
            yield reader.say(link.message)
    solutions = [item for item in ticket.timeline if item.what == "resolved" and item.public]
    # Each reopening says that the solution before it was none.
    failed = solutions[: ticket.reopened]
    for entry in ticket.timeline:
        by_machine = entry.what == "commented" and entry.who == DESK
        if (entry.public or reader.sees_internal) and (by_machine or entry in failed):
            yield reader.say(entry.message)
