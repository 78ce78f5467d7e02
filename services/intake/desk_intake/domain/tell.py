"""What a ticket's timeline says of each event: who did what.

Public lines are for the employee too; the others only for those who work on the ticket.
"""

from dataclasses import dataclass
from functools import singledispatch

from desk_shared.events import Payload
from desk_shared.events.message import Message, Param, message, written
from desk_shared.events.tickets import (
    How,
    Kind,
    LinkKind,
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

DESK = "desk"
# Written by staff for staff: why a person gave it to a team.
BY_PERSON = frozenset({"routing.chosen-by-person", "routing.decided-by-person", "routing.taken-up"})


@dataclass(frozen=True, slots=True)
class Told:
    """One line for the timeline."""

    who: str
    message: Message
    public: bool = True


def aside(data: Payload) -> Told | None:
    """What staff wrote beside it for staff; a line of its own, which employees do not see."""
    match data:
        case TicketAssigned():
            chosen = tuple(one for one in data.explanation if one.code in BY_PERSON)
            said = message("timeline.why", reasons=chosen)
            return Told(DESK, said, public=False) if chosen else None
        case TicketResolved(cause=cause) if cause:
            return Told(data.by, message("timeline.cause", cause=cause), public=False)
        case _:
            return None


@singledispatch
def tell(data: Payload, _ticket: Ticket) -> Told:
    """The line of one event; `ticket` is the ticket after it."""
    return Told(DESK, message("timeline.unknown", type=data.TYPE), public=False)


@tell.register
def _(data: TicketOpened, _ticket: Ticket) -> Told:
    if data.kind is Kind.PROACTIVE:
        return Told(DESK, message("timeline.opened-by-desk"))
    who = data.requester_written or data.requester
    return Told(who, message("timeline.opened", channel=data.channel, code=data.code))


@tell.register
def _(data: TicketTriaged, _ticket: Ticket) -> Told:
    why = _why(data.explanation)
    return Told(
        DESK,
        message("timeline.triaged", category=data.category, priority=data.priority, why=why),
    )


@tell.register
def _(data: TicketAssigned, _ticket: Ticket) -> Told:
    why = _why(tuple(one for one in data.explanation if one.code not in BY_PERSON))
    facts: dict[str, Param] = {"team": data.team, "why": why}
    if data.previous_team and data.previous_team != data.team:
        facts["before"] = data.previous_team
        if data.member:
            return Told(DESK, message("timeline.moved-to-member", member=data.member, **facts))
        return Told(DESK, message("timeline.moved-to-team", **facts))
    if data.member:
        return Told(DESK, message("timeline.assigned-member", member=data.member, **facts))
    return Told(DESK, message("timeline.assigned-team", **facts))


@tell.register
def _(data: TicketStarted, _ticket: Ticket) -> Told:
    return Told(data.by, message("timeline.started", by=data.by))


@tell.register
def _(data: TicketPaused, _ticket: Ticket) -> Told:
    if data.until is None:
        return Told(data.by, message("timeline.paused", reason=data.waiting_for))
    return Told(
        data.by, message("timeline.paused-until", reason=data.waiting_for, until=data.until)
    )


@tell.register
def _(data: TicketResumed, _ticket: Ticket) -> Told:
    return Told(data.by, message("timeline.resumed"))


@tell.register
def _(data: TicketUpdated, _ticket: Ticket) -> Told:
    given = data.model_dump(exclude={"by"}, exclude_none=True)
    return Told(data.by, message("timeline.updated", by=data.by, fields=list(given)))


@tell.register
def _(data: TicketCommented, _ticket: Ticket) -> Told:
    is_machine = data.automatic or data.role in (Role.AUTOMATION, Role.SYSTEM)
    said = data.message or written(data.text)
    return Told(DESK if is_machine else data.by, said, data.public)


@tell.register
def _(data: TicketLinked, _ticket: Ticket) -> Told:
    return Told(DESK, data.message or _belongs_to(data.kind, data.target))


def _belongs_to(kind: LinkKind, target: str) -> Message:
    match kind:
        case LinkKind.PROBLEM:
            return message("link.problem-target", target=target)
        case LinkKind.RUN:
            return message("link.run-target", target=target)
        case LinkKind.SIGNAL:
            return message("link.signal-target", target=target)
        case LinkKind.TICKET:
            return message("link.ticket-target", target=target)


@tell.register
def _(data: TicketMerged, _ticket: Ticket) -> Told:
    return Told(data.by, message("timeline.merged"))


@tell.register
def _(data: TicketResolved, _ticket: Ticket) -> Told:
    if data.how is How.WITHDRAWN:
        said = message("timeline.withdrawn", by=data.by, resolution=data.resolution)
        return Told(data.by, said)
    who = data.by if data.how in (How.MEMBER, How.SELF_SERVICE) else DESK
    return Told(who, message("timeline.resolved", resolution=data.resolution))


@tell.register
def _(data: TicketReopened, ticket: Ticket) -> Told:
    reason = written(data.reason)
    if not ticket.team:
        return Told(data.by, message("timeline.reopened", reason=reason))
    return Told(data.by, message("timeline.reopened-with-team", reason=reason, team=ticket.team))


@tell.register
def _(data: TicketClosed, _ticket: Ticket) -> Told:
    return Told(data.by, message("timeline.closed"))


@tell.register
def _(data: TicketUpdateIgnored, _ticket: Ticket) -> Told:
    return Told(DESK, data.reason, public=False)


def _why(reasons: tuple[Message, ...]) -> Message | str:
    return message("timeline.why", reasons=reasons) if reasons else ""
