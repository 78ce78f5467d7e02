"""What a ticket's timeline says of each event: who did what, in a sentence.

Public lines are for the employee too; the others only for those who work on the ticket.
"""

from dataclasses import dataclass
from functools import singledispatch

from desk_shared.events import Payload
from desk_shared.events.tickets import (
    How,
    Kind,
    Role,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
    TicketUpdateIgnored,
)

from desk_intake.domain.model import Ticket
from desk_intake.domain.words import (
    CHANNELS,
    LINKS,
    WAITING,
    because,
    joined,
    moment,
    sentence,
)

DESK = "the desk"
# Whoever chose the team by this knows better than triage, which leaves the team alone.
CHOSEN_BY_PERSON = "chosen-by-person"


@dataclass(frozen=True, slots=True)
class Told:
    """One line for the timeline."""

    who: str
    text: str
    public: bool = True


def aside(data: Payload) -> Told | None:
    """What staff wrote beside it for staff; a line of its own, which employees do not see."""
    match data:
        case TicketAssigned():
            chosen = [one for one in data.explanation if one.rule == CHOSEN_BY_PERSON]
            return Told(DESK, because(chosen).strip(), public=False) if chosen else None
        case TicketResolved(cause=cause) if cause:
            return Told(data.by, f"Cause: {sentence(cause)}", public=False)
        case _:
            return None


@singledispatch
def tell(data: Payload, _ticket: Ticket) -> Told:
    """The line of one event; `ticket` is the ticket after it."""
    return Told(DESK, f"{data.TYPE} happened.", public=False)


@tell.register
def _(data: TicketOpened, _ticket: Ticket) -> Told:
    if data.kind is Kind.PROACTIVE:
        return Told(
            DESK, "The desk saw this by itself and opened the ticket before anybody called."
        )
    who = data.requester_written or data.requester
    return Told(who, f"Reported {CHANNELS[data.channel]}. Its code is {data.code}.")


@tell.register
def _(data: TicketTriaged, _ticket: Ticket) -> Told:
    what = f"Sorted as {data.category} with priority {data.priority}."
    return Told(DESK, what + because(data.explanation))


@tell.register
def _(data: TicketAssigned, _ticket: Ticket) -> Told:
    whom = f"{data.member} of the team {data.team}" if data.member else f"the team {data.team}"
    moved = data.previous_team and data.previous_team != data.team
    source = f" (before: {data.previous_team})" if moved else ""
    reasons = [one for one in data.explanation if one.rule != CHOSEN_BY_PERSON]
    return Told(DESK, f"Given to {whom}{source}." + because(reasons))


@tell.register
def _(data: TicketStarted, _ticket: Ticket) -> Told:
    return Told(data.by, f"{data.by} works on it now.")


@tell.register
def _(data: TicketPaused, _ticket: Ticket) -> Told:
    until = f", at the latest until {moment(data.until)}" if data.until else ""
    return Told(data.by, f"The work waits for {WAITING[data.waiting_for]}{until}.")


@tell.register
def _(data: TicketResumed, _ticket: Ticket) -> Told:
    return Told(data.by, "The wait is over and the work goes on.")


@tell.register
def _(data: TicketUpdated, _ticket: Ticket) -> Told:
    given = data.model_dump(exclude={"by"}, exclude_none=True)
    return Told(data.by, f"{data.by} changed the {joined(given, 'and')}.")


@tell.register
def _(data: TicketCommented, _ticket: Ticket) -> Told:
    is_machine = data.automatic or data.role in (Role.AUTOMATION, Role.SYSTEM)
    return Told(DESK if is_machine else data.by, data.text, data.public)


@tell.register
def _(data: TicketLinked, _ticket: Ticket) -> Told:
    return Told(DESK, sentence(data.text) or f"It belongs to {LINKS[data.kind]} {data.target}.")


@tell.register
def _(data: TicketMerged, _ticket: Ticket) -> Told:
    return Told(data.by, "It goes on inside another ticket about the same thing.")


@tell.register
def _(data: TicketResolved, _ticket: Ticket) -> Told:
    if data.how is How.WITHDRAWN:
        return Told(data.by, f"{data.by} no longer needs this: {sentence(data.resolution)}")
    who = data.by if data.how in (How.MEMBER, How.SELF_SERVICE) else DESK
    return Told(who, f"Resolved: {sentence(data.resolution)}")


@tell.register
def _(data: TicketReopened, ticket: Ticket) -> Told:
    whose = f"; the team {ticket.team} has it again" if ticket.team else ""
    return Told(data.by, f"Not solved after all: {sentence(data.reason)[:-1]}{whose}.")


@tell.register
def _(data: TicketClosed, _ticket: Ticket) -> Told:
    return Told(data.by, "Closed; nothing more will happen here.")


@tell.register
def _(data: TicketUpdateIgnored, _ticket: Ticket) -> Told:
    return Told(DESK, sentence(data.reason), public=False)
