"""How a ticket changes: one function per event, nothing else ever changes a ticket.

Projecting a ticket's events from the log gives exactly what intake stores (but for `commands`).
"""

from collections.abc import Iterable

from desk_contracts import AnyEvent, Event
from desk_contracts.errors import Invalid
from desk_contracts.events.fulfilment import (
    TicketApprovalRequested,
    TicketFulfilmentReported,
    TicketFulfilmentRequested,
    TicketFulfilmentWithdrawn,
)
from desk_contracts.events.tickets import (
    How,
    Role,
    State,
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
from desk_kernel import Readings, Reducers

from desk_intake.tickets import approvals, fulfilment
from desk_intake.tickets.model import MAX_LINKS, Attachment, Entry, Link, Ticket
from desk_intake.tickets.timeline import BY_PERSON, aside, tell

# Whoever chose the team by this knows better than triage, which leaves the team alone.
_FIXING = BY_PERSON | {"routing.repair-escalated", fulfilment.BY_CATALOGUE, fulfilment.BY_RUN}


def _refuse(_ticket: Ticket, event: AnyEvent) -> Ticket:
    raise Invalid(f"{event.type} is no event of a ticket's life", code="not-of-a-ticket")


_life: Reducers[Ticket, [], Ticket] = Reducers(_refuse)


def evolve(ticket: Ticket | None, event: AnyEvent) -> Ticket:
    """The ticket after one of its events."""
    if isinstance(event.data, TicketOpened):
        changed = _open(event, event.data)
    elif ticket is None:
        raise Invalid(f"{event.type} of a ticket that was never opened", code="not-opened")
    else:
        changed = _life(ticket, event).model_copy(
            update={"sequence": event.sequence or ticket.sequence + 1, "updated_at": event.time}
        )
        if ticket.waits_for_person and _is_by_person(event):
            changed = changed.model_copy(update={"person_answered_at": event.time})
    for entry in entries_of(changed, event):
        changed = changed.with_entry(entry)
    return changed


def entries_of(ticket: Ticket, event: AnyEvent) -> tuple[Entry, ...]:
    """The lines of the timeline that an event makes; the ticket is that after it."""
    return tuple(
        Entry(
            at=event.time,
            what=event.type.split(".")[2],  # `update-ignored` of desk.ticket.update-ignored.v1
            who=line.who,
            message=line.message,
            public=line.public,
        )
        for line in (tell(ticket, event), aside(event.data))
        if line is not None
    )


def replay(events: Iterable[AnyEvent]) -> Ticket | None:
    """A ticket from its whole log."""
    ticket: Ticket | None = None
    for event in events:
        ticket = evolve(ticket, event)
    return ticket


def _open(event: AnyEvent, data: TicketOpened) -> Ticket:
    return Ticket(
        id=event.subject,
        code=data.code,
        sequence=event.sequence or 1,
        state=State.NEW,
        kind=data.kind,
        title=data.title,
        description=data.description,
        requester=data.requester,
        requester_written=data.requester_written,
        channel=data.channel,
        service=data.service,
        device=data.device,
        site=data.site,
        group=data.group,
        language=data.language,
        attributes=data.attributes,
        impact=data.impact,
        urgency=data.urgency,
        split_from=data.split_from,
        opened_at=event.time,
        requested_at=data.requested_at or event.time,
        updated_at=event.time,
    )


# Whether a person of the desk does something that whoever asked for one sees.
_is_by_person: Readings[bool] = Readings(False)


@_is_by_person.on(TicketStarted)
def _is_start(_event: Event[TicketStarted]) -> bool:
    return True


@_is_by_person.on(TicketCommented)
def _is_answer(event: Event[TicketCommented]) -> bool:
    data = event.data
    return data.role is Role.MEMBER and data.public and not data.automatic


@_is_by_person.on(TicketResolved)
def _is_solved_by_person(event: Event[TicketResolved]) -> bool:
    return event.data.how is How.MEMBER


@_life.on(TicketPersonRequested)
def _ask_for_person(ticket: Ticket, event: Event[TicketPersonRequested]) -> Ticket:
    return ticket.model_copy(update={"person_requested_at": event.time, "person_answered_at": None})


@_life.on(TicketTriaged)
def _triage(ticket: Ticket, event: Event[TicketTriaged]) -> Ticket:
    data = event.data
    state = State.TRIAGED if ticket.state is State.NEW else ticket.state
    return ticket.model_copy(
        update={
            "state": state,
            "category": data.category,
            "priority": data.priority,
            "service": data.service or ticket.service,
        }
    )


@_life.on(TicketAssigned)
def _assign(ticket: Ticket, event: Event[TicketAssigned]) -> Ticket:
    data = event.data
    # Another member of the team that a person chose is no other team.
    keeps_fixed = ticket.is_team_fixed and data.team == ticket.team
    is_fixed = keeps_fixed or any(item.code in _FIXING for item in data.explanation)
    return ticket.model_copy(
        update={
            "state": State.ASSIGNED,
            "team": data.team,
            "member": data.member,
            "is_team_fixed": is_fixed,
        }
    )


@_life.on(TicketStarted)
def _start(ticket: Ticket, event: Event[TicketStarted]) -> Ticket:
    return ticket.model_copy(update={"state": State.IN_PROGRESS, "member": event.data.by})


@_life.on(TicketPaused)
def _pause(ticket: Ticket, event: Event[TicketPaused]) -> Ticket:
    return ticket.model_copy(
        update={
            "state": State.WAITING,
            "waiting_for": event.data.waiting_for,
            "waiting_until": event.data.until,
        }
    )


@_life.on(TicketResumed)
def _resume(ticket: Ticket, _event: Event[TicketResumed]) -> Ticket:
    return _no_longer_waiting(ticket, State.IN_PROGRESS)


@_life.on(TicketUpdated)
def _update(ticket: Ticket, event: Event[TicketUpdated]) -> Ticket:
    data = event.data
    given = data.model_dump(exclude={"by"}, exclude_none=True)
    is_fixed = ticket.is_priority_fixed or data.priority is not None
    changed = {name: getattr(data, name) for name in given}
    return ticket.model_copy(update={**changed, "is_priority_fixed": is_fixed})


@_life.on(TicketCommented)
def _comment(ticket: Ticket, event: Event[TicketCommented]) -> Ticket:
    data = event.data
    if data.automatic:
        return ticket
    is_answer = data.role is Role.MEMBER and data.public
    answered_at = event.time if is_answer and ticket.answered_at is None else ticket.answered_at
    return ticket.model_copy(update={"comments": ticket.comments + 1, "answered_at": answered_at})


@_life.on(TicketAttached)
def _attach(ticket: Ticket, event: Event[TicketAttached]) -> Ticket:
    data = event.data
    added = Attachment(
        id=data.attachment,
        name=data.name,
        media_type=data.media_type,
        size=data.size,
        sha256=data.sha256,
        by=data.by,
        at=event.time,
        public=data.public,
    )
    return ticket.model_copy(update={"attachments": (*ticket.attachments, added)})


@_life.on(TicketLinked)
def _link(ticket: Ticket, event: Event[TicketLinked]) -> Ticket:
    data = event.data
    others = tuple(
        item for item in ticket.links if (item.kind, item.target) != (data.kind, data.target)
    )
    link = Link(kind=data.kind, target=data.target, message=data.message)
    return ticket.model_copy(update={"links": (*others, link)[-MAX_LINKS:]})


@_life.on(TicketWatcherAdded)
def _add_watcher(ticket: Ticket, event: Event[TicketWatcherAdded]) -> Ticket:
    watchers = dict.fromkeys((*ticket.watchers, event.data.person))
    return ticket.model_copy(update={"watchers": tuple(watchers)})


@_life.on(TicketWatcherRemoved)
def _remove_watcher(ticket: Ticket, event: Event[TicketWatcherRemoved]) -> Ticket:
    left = tuple(person for person in ticket.watchers if person != event.data.person)
    return ticket.model_copy(update={"watchers": left})


@_life.on(TicketAlsoAffected)
def _count_affected(ticket: Ticket, event: Event[TicketAlsoAffected]) -> Ticket:
    people = dict.fromkeys((*ticket.also_affected, event.data.person))
    return ticket.model_copy(update={"also_affected": tuple(people)})


@_life.on(TicketMerged)
def _merge(ticket: Ticket, event: Event[TicketMerged]) -> Ticket:
    merged = _no_longer_waiting(ticket, State.MERGED)
    return merged.model_copy(update={"merged_into": event.data.into})


@_life.on(TicketResolved)
def _resolve(ticket: Ticket, event: Event[TicketResolved]) -> Ticket:
    data = event.data
    return _no_longer_waiting(ticket, State.RESOLVED).model_copy(
        update={
            "how": data.how,
            "resolution": data.resolution,
            "resolution_code": data.code,
            "cause": data.cause,
            "resolved_by": data.by,
            "resolved_at": event.time,
            "resolved_sequence": event.sequence or ticket.sequence + 1,
        }
    )


@_life.on(TicketConfirmed)
def _confirm(ticket: Ticket, event: Event[TicketConfirmed]) -> Ticket:
    """Closes nothing: until it closes by itself the person can still say otherwise."""
    return ticket.model_copy(update={"confirmed_at": event.time})


@_life.on(TicketReopened)
def _reopen(ticket: Ticket, _event: Event[TicketReopened]) -> Ticket:
    return ticket.model_copy(
        update={
            "state": State.ASSIGNED if ticket.team else State.NEW,
            "how": None,
            "resolution": None,
            "resolution_code": None,
            "cause": "",
            "resolved_by": "",
            "resolved_at": None,
            "resolved_sequence": 0,
            "confirmed_at": None,
            "reopened": ticket.reopened + 1,
        }
    )


@_life.on(TicketClosed)
def _close(ticket: Ticket, event: Event[TicketClosed]) -> Ticket:
    return ticket.model_copy(update={"state": State.CLOSED, "closed_at": event.time})


@_life.on(TicketEscalated)
def _escalate(ticket: Ticket, _event: Event[TicketEscalated]) -> Ticket:
    return ticket


@_life.on(TicketItemRequested)
def _ask_for_item(ticket: Ticket, event: Event[TicketItemRequested]) -> Ticket:
    return ticket.model_copy(update={"request": approvals.begin(event.data, event.time)})


@_life.on(TicketApprovalDecided)
def _decide_approval(ticket: Ticket, event: Event[TicketApprovalDecided]) -> Ticket:
    if ticket.request is None:
        return ticket
    after = approvals.with_decision(ticket.request, event.data, event.time)
    return ticket.model_copy(update={"request": after})


@_life.on(TicketApprovalDelegated)
def _delegate_approval(ticket: Ticket, event: Event[TicketApprovalDelegated]) -> Ticket:
    if ticket.request is None:
        return ticket
    after = approvals.with_delegation(ticket.request, event.data, event.time)
    return ticket.model_copy(update={"request": after})


@_life.on(TicketApprovalConcluded)
def _end_approval(ticket: Ticket, event: Event[TicketApprovalConcluded]) -> Ticket:
    if ticket.request is None:
        return ticket
    after = ticket.request.model_copy(update={"outcome": event.data.outcome})
    return ticket.model_copy(update={"request": after})


@_life.on(TicketApprovalRequested)
def _ask_approvers(ticket: Ticket, event: Event[TicketApprovalRequested]) -> Ticket:
    if ticket.request is None or not event.data.is_reminder:
        return ticket
    after = ticket.request.model_copy(update={"remind_at": None})
    return ticket.model_copy(update={"request": after})


@_life.on(TicketFulfilmentRequested)
def _begin_fulfilment(ticket: Ticket, event: Event[TicketFulfilmentRequested]) -> Ticket:
    return _with_fulfilment(ticket, fulfilment.begin(event.data, event.time))


@_life.on(TicketFulfilmentReported)
def _report_fulfilment(ticket: Ticket, event: Event[TicketFulfilmentReported]) -> Ticket:
    if ticket.fulfilment is None:
        return ticket
    after = fulfilment.with_report(ticket.fulfilment, event.data, event.time)
    return _with_fulfilment(ticket, after)


def _with_fulfilment(ticket: Ticket, after: fulfilment.FulfilmentRun) -> Ticket:
    if ticket.request is None:
        return ticket
    return ticket.model_copy(
        update={"request": ticket.request.model_copy(update={"fulfilment": after})}
    )


@_life.on(TicketFulfilmentWithdrawn)
def _withdraw_fulfilment(ticket: Ticket, _event: Event[TicketFulfilmentWithdrawn]) -> Ticket:
    return ticket


@_life.on(TicketUpdateIgnored)
def _ignore_update(ticket: Ticket, _event: Event[TicketUpdateIgnored]) -> Ticket:
    return ticket


def _no_longer_waiting(ticket: Ticket, state: State) -> Ticket:
    return ticket.model_copy(update={"state": state, "waiting_for": None, "waiting_until": None})
