"""What a ticket's timeline says of each event: who did what.

Public lines are for the employee too; the others only for those who work on the ticket.
"""

from dataclasses import dataclass

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.fulfilment import (
    FulfilmentStatus,
    TicketApprovalRequested,
    TicketFulfilmentReported,
    TicketFulfilmentRequested,
    TicketFulfilmentWithdrawn,
)
from desk_contracts.events.tickets import (
    ApprovalOutcome,
    How,
    Kind,
    LinkKind,
    Role,
    TicketAlsoAffected,
    TicketApprovalConcluded,
    TicketApprovalDecided,
    TicketApprovalDelegated,
    TicketAssigned,
    TicketAttached,
    TicketClosed,
    TicketCommented,
    TicketConfirmed,
    TicketEscalated,
    TicketItemRequested,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketPersonRequested,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
    TicketUpdateIgnored,
    TicketWatcherAdded,
    TicketWatcherRemoved,
)
from desk_contracts.message import Message, Param, message, verbatim
from desk_kernel import Reducers

from desk_intake.tickets.model import Ticket

DESK = "desk"
# Written by staff for staff: why a person gave it to a team.
BY_PERSON = frozenset({"routing.chosen-by-person", "routing.decided-by-person", "routing.taken-up"})


@dataclass(frozen=True, slots=True)
class TimelineMessage:
    """One line for the timeline."""

    who: str
    message: Message
    public: bool = True


def aside(data: Payload) -> TimelineMessage | None:
    """What staff wrote beside it for staff; a line of its own, which employees do not see."""
    match data:
        case TicketAssigned():
            chosen = tuple(item for item in data.explanation if item.code in BY_PERSON)
            text = message("timeline.why", reasons=chosen)
            return TimelineMessage(DESK, text, public=False) if chosen else None
        case TicketAlsoAffected():
            text = message("timeline.affected-person", person=data.person)
            return TimelineMessage(data.by, text, public=False)
        case TicketResolved(cause=cause) if cause:
            return TimelineMessage(data.by, message("timeline.cause", cause=cause), public=False)
        case _:
            return None


def _tell_unknown(_ticket: Ticket, event: AnyEvent) -> TimelineMessage:
    return TimelineMessage(DESK, message("timeline.unknown", type=event.type), public=False)


# The line of one event; the ticket is that after it.
tell: Reducers[Ticket, [], TimelineMessage] = Reducers(_tell_unknown)


@tell.on(TicketOpened)
def _tell_opening(_ticket: Ticket, event: Event[TicketOpened]) -> TimelineMessage:
    data = event.data
    if data.kind is Kind.PROACTIVE:
        return TimelineMessage(DESK, message("timeline.opened-by-desk"))
    who = data.requester_written or data.requester
    return TimelineMessage(who, message("timeline.opened", channel=data.channel, code=data.code))


@tell.on(TicketTriaged)
def _tell_triage(_ticket: Ticket, event: Event[TicketTriaged]) -> TimelineMessage:
    data = event.data
    why = _why(data.explanation)
    return TimelineMessage(
        DESK,
        message("timeline.triaged", category=data.category, priority=data.priority, why=why),
    )


@tell.on(TicketAssigned)
def _tell_assignment(_ticket: Ticket, event: Event[TicketAssigned]) -> TimelineMessage:
    data = event.data
    why = _why(tuple(item for item in data.explanation if item.code not in BY_PERSON))
    facts: dict[str, Param] = {"team": data.team, "why": why}
    if data.previous_team and data.previous_team != data.team:
        facts["before"] = data.previous_team
        if data.member:
            return TimelineMessage(
                DESK, message("timeline.moved-to-member", member=data.member, **facts)
            )
        return TimelineMessage(DESK, message("timeline.moved-to-team", **facts))
    if data.member:
        return TimelineMessage(
            DESK, message("timeline.assigned-member", member=data.member, **facts)
        )
    return TimelineMessage(DESK, message("timeline.assigned-team", **facts))


@tell.on(TicketStarted)
def _tell_start(_ticket: Ticket, event: Event[TicketStarted]) -> TimelineMessage:
    return TimelineMessage(event.data.by, message("timeline.started", by=event.data.by))


@tell.on(TicketPaused)
def _tell_pause(_ticket: Ticket, event: Event[TicketPaused]) -> TimelineMessage:
    data = event.data
    if data.until is None:
        return TimelineMessage(data.by, message("timeline.paused", reason=data.waiting_for))
    return TimelineMessage(
        data.by, message("timeline.paused-until", reason=data.waiting_for, until=data.until)
    )


@tell.on(TicketResumed)
def _tell_resumption(_ticket: Ticket, event: Event[TicketResumed]) -> TimelineMessage:
    return TimelineMessage(event.data.by, message("timeline.resumed"))


@tell.on(TicketUpdated)
def _tell_update(_ticket: Ticket, event: Event[TicketUpdated]) -> TimelineMessage:
    data = event.data
    given = data.model_dump(exclude={"by"}, exclude_none=True)
    return TimelineMessage(data.by, message("timeline.updated", by=data.by, fields=list(given)))


@tell.on(TicketCommented)
def _tell_comment(_ticket: Ticket, event: Event[TicketCommented]) -> TimelineMessage:
    data = event.data
    is_machine = data.automatic or data.role in (Role.AUTOMATION, Role.SYSTEM)
    text = data.message or verbatim(data.text)
    return TimelineMessage(DESK if is_machine else data.by, text, data.public)


@tell.on(TicketAttached)
def _tell_attachment(_ticket: Ticket, event: Event[TicketAttached]) -> TimelineMessage:
    data = event.data
    return TimelineMessage(data.by, message("timeline.attached", name=data.name), data.public)


@tell.on(TicketLinked)
def _tell_link(_ticket: Ticket, event: Event[TicketLinked]) -> TimelineMessage:
    data = event.data
    return TimelineMessage(data.by or DESK, data.message or _belongs_to(data.kind, data.target))


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


@tell.on(TicketWatcherAdded)
def _tell_watcher(_ticket: Ticket, event: Event[TicketWatcherAdded]) -> TimelineMessage:
    data = event.data
    return TimelineMessage(data.by, message("timeline.watched", person=data.person))


@tell.on(TicketWatcherRemoved)
def _tell_watcher_gone(_ticket: Ticket, event: Event[TicketWatcherRemoved]) -> TimelineMessage:
    data = event.data
    return TimelineMessage(data.by, message("timeline.unwatched", person=data.person))


@tell.on(TicketAlsoAffected)
def _tell_affected(ticket: Ticket, _event: Event[TicketAlsoAffected]) -> TimelineMessage:
    """How many; who they are is for those who work on the ticket, in the line beside this one."""
    return TimelineMessage(DESK, message("timeline.also-affected", count=ticket.affected))


@tell.on(TicketPersonRequested)
def _tell_person_request(_ticket: Ticket, event: Event[TicketPersonRequested]) -> TimelineMessage:
    data = event.data
    if not data.text:
        return TimelineMessage(data.by, message("timeline.person-requested"))
    text = message("timeline.person-requested-with-text", text=verbatim(data.text))
    return TimelineMessage(data.by, text)


@tell.on(TicketMerged)
def _tell_merge(_ticket: Ticket, event: Event[TicketMerged]) -> TimelineMessage:
    return TimelineMessage(event.data.by, message("timeline.merged"))


@tell.on(TicketResolved)
def _tell_resolution(_ticket: Ticket, event: Event[TicketResolved]) -> TimelineMessage:
    data = event.data
    if data.how is How.DENIED:
        return TimelineMessage(data.by, data.resolution)
    if data.how is How.WITHDRAWN:
        text = message("timeline.withdrawn", by=data.by, resolution=data.resolution)
        return TimelineMessage(data.by, text)
    who = data.by if data.how in (How.MEMBER, How.SELF_SERVICE) else DESK
    return TimelineMessage(who, message("timeline.resolved", resolution=data.resolution))


@tell.on(TicketConfirmed)
def _tell_confirmation(_ticket: Ticket, event: Event[TicketConfirmed]) -> TimelineMessage:
    return TimelineMessage(event.data.by, message("timeline.confirmed"))


@tell.on(TicketReopened)
def _tell_reopening(ticket: Ticket, event: Event[TicketReopened]) -> TimelineMessage:
    data = event.data
    reason = verbatim(data.reason)
    if not ticket.team:
        return TimelineMessage(data.by, message("timeline.reopened", reason=reason))
    return TimelineMessage(
        data.by, message("timeline.reopened-with-team", reason=reason, team=ticket.team)
    )


@tell.on(TicketClosed)
def _tell_closing(_ticket: Ticket, event: Event[TicketClosed]) -> TimelineMessage:
    return TimelineMessage(event.data.by, message("timeline.closed"))


@tell.on(TicketEscalated)
def _tell_escalation(_ticket: Ticket, event: Event[TicketEscalated]) -> TimelineMessage:
    text = message("timeline.escalated", why=_why(event.data.explanation))
    return TimelineMessage(DESK, text, public=False)


@tell.on(TicketItemRequested)
def _tell_item(ticket: Ticket, event: Event[TicketItemRequested]) -> TimelineMessage:
    approval, item = event.data.approval, event.data.item
    if approval is None:
        return TimelineMessage(ticket.requester, message("timeline.item-requested", item=item))
    text = message(
        "timeline.item-awaits-approval",
        item=item,
        needed=approval.needed,
        approvers=approval.approvers,
        until=approval.until,
    )
    return TimelineMessage(ticket.requester, text)


@tell.on(TicketApprovalDecided)
def _tell_decision(_ticket: Ticket, event: Event[TicketApprovalDecided]) -> TimelineMessage:
    data = event.data
    facts: dict[str, Param] = {
        "by": data.by,
        "reason": verbatim(data.reason) if data.reason else "",
    }
    if data.is_granted:
        return TimelineMessage(data.by, message("timeline.approval-granted", **facts))
    return TimelineMessage(data.by, message("timeline.approval-refused", **facts))


@tell.on(TicketApprovalDelegated)
def _tell_delegation(_ticket: Ticket, event: Event[TicketApprovalDelegated]) -> TimelineMessage:
    data = event.data
    reason = verbatim(data.reason) if data.reason else ""
    text = message("timeline.approval-delegated", by=data.by, to=data.to, reason=reason)
    return TimelineMessage(data.by, text)


@tell.on(TicketApprovalConcluded)
def _tell_conclusion(_ticket: Ticket, event: Event[TicketApprovalConcluded]) -> TimelineMessage:
    match event.data.outcome:
        case ApprovalOutcome.APPROVED:
            return TimelineMessage(DESK, message("timeline.approved"))
        case ApprovalOutcome.DENIED:
            return TimelineMessage(DESK, message("timeline.denied"))
        case ApprovalOutcome.EXPIRED:
            return TimelineMessage(DESK, message("timeline.approval-expired"))


@tell.on(TicketApprovalRequested)
def _tell_asking(_ticket: Ticket, event: Event[TicketApprovalRequested]) -> TimelineMessage:
    people, until = event.data.approvers, event.data.until
    if event.data.is_reminder:
        text = message("timeline.approvers-reminded", people=people, until=until)
    else:
        text = message("timeline.approvers-asked", people=people, until=until)
    return TimelineMessage(DESK, text)


@tell.on(TicketFulfilmentRequested)
def _tell_order(_ticket: Ticket, event: Event[TicketFulfilmentRequested]) -> TimelineMessage:
    until = event.data.until
    return TimelineMessage(DESK, message("timeline.runbook-asked", until=until))


@tell.on(TicketFulfilmentReported)
def _tell_report(_ticket: Ticket, event: Event[TicketFulfilmentReported]) -> TimelineMessage:
    match event.data.status:
        case FulfilmentStatus.REQUESTED:
            reasons = event.data.explanation
            return TimelineMessage(DESK, message("timeline.run-waits", reasons=reasons))
        case FulfilmentStatus.STARTED:
            return TimelineMessage(DESK, message("timeline.run-started"))
        case FulfilmentStatus.DONE:
            return TimelineMessage(DESK, message("timeline.run-done"))
        case FulfilmentStatus.HANDED_OVER:
            why = _why(event.data.explanation)
            return TimelineMessage(DESK, message("timeline.run-handed-over", why=why))


@tell.on(TicketFulfilmentWithdrawn)
def _tell_withdrawal(_ticket: Ticket, _event: Event[TicketFulfilmentWithdrawn]) -> TimelineMessage:
    return TimelineMessage(DESK, message("timeline.run-withdrawn"))


@tell.on(TicketUpdateIgnored)
def _tell_ignored_update(_ticket: Ticket, event: Event[TicketUpdateIgnored]) -> TimelineMessage:
    return TimelineMessage(DESK, event.data.reason, public=False)


def _why(reasons: tuple[Message, ...]) -> Message | str:
    return message("timeline.why", reasons=reasons) if reasons else ""
