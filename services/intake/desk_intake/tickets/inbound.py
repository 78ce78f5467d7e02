"""What the rest of the desk says about a ticket, applied where it still can be.

A fact is never refused: one that comes too late or cannot be is kept in the timeline for those
who work on the ticket, and changes nothing else.
"""

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.automation import (
    RunEscalated,
    RunHealed,
    RunSkipped,
    RunStarted,
    RunStepRecorded,
    StepStatus,
)
from desk_contracts.events.fulfilment import FulfilmentStatus
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemResolved,
    ProblemUpdated,
)
from desk_contracts.events.tickets import (
    How,
    Kind,
    LinkKind,
    State,
    TicketAssigned,
    TicketEscalated,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketResolved,
    TicketTriaged,
    TicketUpdateIgnored,
)
from desk_contracts.events.triage import (
    DuplicateFound,
    EscalationDecided,
    RepetitionFound,
    TriageDecided,
    TriageDeferred,
)
from desk_contracts.message import Message, message, verbatim
from desk_contracts.value_types import Priority
from desk_kernel import Reducers

from desk_intake.tickets.evidence import AUTOMATION, describe_run, say_of_run
from desk_intake.tickets.fulfilment import hand_over, report, withdraw
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.registration import from_taken_run

DESK = "desk"
# What automation says of a device's agent that did not answer; a refusal is an answer.
DEVICE_SILENT = "answer.device-silent"
_AT_WORK = frozenset({State.IN_PROGRESS, State.WAITING})
_OVER = frozenset({State.CLOSED, State.MERGED})


# The events that a fact means for a ticket; none if it is known already.
apply_inbound: Reducers[Ticket, [], list[Payload]] = Reducers(lambda _ticket, _fact: [])


@apply_inbound.on(TriageDecided)
def _follow_decision(ticket: Ticket, fact: Event[TriageDecided]) -> list[Payload]:
    data = fact.data
    if not ticket.is_open:
        return [_too_late(ticket, fact, message("fact.triage-decided"))]
    triaged = _triage(ticket, data)
    if ticket.awaits_approval or ticket.is_done_by_runbook:
        return triaged  # the catalogue says who has it once others, or a runbook, are done
    if not _keeps_team(ticket):
        return [*triaged, *_assign(ticket, data)]
    if triaged or data.team == ticket.team:
        return triaged
    reason = message("update-ignored.team-kept", chosen=data.team, team=ticket.team)
    return [TicketUpdateIgnored(fact=fact.type, reason=reason)]


def _keeps_team(ticket: Ticket) -> bool:
    """A person's choice, and work that has begun, weigh more than a rule."""
    return bool(ticket.team) and (ticket.is_team_fixed or ticket.state in _AT_WORK)


def _triage(ticket: Ticket, data: TriageDecided) -> list[Payload]:
    """A priority that a person set stays as it is."""
    is_fixed = ticket.is_priority_fixed and ticket.priority is not None
    priority = ticket.priority if is_fixed and ticket.priority else data.priority
    service = data.service or ticket.service
    earlier = (ticket.category, ticket.priority, ticket.service)
    if ticket.state is not State.NEW and earlier == (data.category, priority, service):
        return []
    reasons = list(data.explanation)
    if priority is not data.priority:
        reasons.append(message("routing.priority-set-by-person", priority=priority))
    if _keeps_team(ticket) and data.team != ticket.team:
        reasons.append(message("routing.team-kept", team=ticket.team))
    return [
        TicketTriaged(
            category=data.category,
            priority=priority,
            service=data.service,
            explanation=tuple(reasons),
            charter=data.charter,
        )
    ]


def _assign(ticket: Ticket, data: TriageDecided) -> list[Payload]:
    is_same = data.team == ticket.team and data.member in ("", ticket.member)
    if is_same and ticket.state is State.ASSIGNED:
        return []
    return [
        TicketAssigned(
            team=data.team,
            member=data.member,
            previous_team=ticket.team,
            explanation=data.explanation,
            charter=data.charter,
        )
    ]


@apply_inbound.on(TriageDeferred)
def _follow_deferral(ticket: Ticket, fact: Event[TriageDeferred]) -> list[Payload]:
    data = fact.data
    if not ticket.is_open or _keeps_team(ticket):
        return [_too_late(ticket, fact, message("fact.triage-deferred"))]
    if ticket.awaits_approval or ticket.is_done_by_runbook or data.team == ticket.team:
        return []
    return [
        TicketAssigned(
            team=data.team,
            previous_team=ticket.team,
            explanation=data.explanation,
            charter=data.charter,
        )
    ]


@apply_inbound.on(DuplicateFound)
def _link_duplicate(ticket: Ticket, fact: Event[DuplicateFound]) -> list[Payload]:
    data = fact.data
    if not data.explanation:
        return _link(ticket, fact, data.problem, message("link.duplicate-of", problem=data.problem))
    return _link(ticket, fact, data.problem, message("link.duplicate", why=data.explanation))


@apply_inbound.on(RepetitionFound)
def _link_repetition(ticket: Ticket, fact: Event[RepetitionFound]) -> list[Payload]:
    """Both tickets of the person say so; whether they are merged, a person decides."""
    data, is_later = fact.data, ticket.id == fact.subject
    other = data.of if is_later else fact.subject
    if ticket.state in _OVER:
        return [_too_late(ticket, fact, message("fact.repetition-found"))] if is_later else []
    if ticket.has_link(LinkKind.TICKET, other):
        return []
    if is_later:
        text = message("link.repeats" if data.is_exact else "link.resembles", code=data.of_code)
    else:
        text = message("link.repeated-by" if data.is_exact else "link.resembled-by", code=data.code)
    return [TicketLinked(kind=LinkKind.TICKET, target=other, message=text)]


@apply_inbound.on(TicketMerged)
def _take_in(ticket: Ticket, fact: Event[TicketMerged]) -> list[Payload]:
    """The other side of a merge, in whatever state it finds this ticket."""
    data = fact.data
    text = message("link.merged-in", code=data.code, title=data.title)
    # Earlier versions named no code, and wrote both sides in the call itself.
    # That they may be the same was perhaps said before; that they are is news.
    is_said = any(link.target == fact.subject and link.message == text for link in ticket.links)
    if is_said or not data.code:
        return []
    linked = TicketLinked(kind=LinkKind.TICKET, target=fact.subject, message=text, by=data.by)
    return [linked]


@apply_inbound.on(TicketOpened)
def _note_split(ticket: Ticket, fact: Event[TicketOpened]) -> list[Payload]:
    """The other side of a split: a part of this ticket is one of its own now."""
    data = fact.data
    if ticket.has_link(LinkKind.TICKET, fact.subject):
        return []
    text = message("link.split-into", code=data.code, title=data.title)
    return [TicketLinked(kind=LinkKind.TICKET, target=fact.subject, message=text)]


@apply_inbound.on(EscalationDecided)
def _escalate(ticket: Ticket, fact: Event[EscalationDecided]) -> list[Payload]:
    """What can still be done of it. A person's priority stays, and who is at work keeps it."""
    data = fact.data
    if not ticket.is_open:
        return [_too_late(ticket, fact, message("fact.escalated"))]
    reasons, steps = list(data.explanation), list[Payload]()
    if data.priority is not None and ticket.priority is not None:
        if ticket.is_priority_fixed:
            reasons.append(message("escalation.priority-kept", priority=ticket.priority))
        elif data.priority < ticket.priority:
            steps.append(_raise_priority(ticket, data, data.priority))
    if data.is_offered and ticket.state in _AT_WORK:
        reasons.append(message("escalation.work-begun"))
    elif data.is_offered:
        steps += _offer(ticket, data)
    escalated = TicketEscalated(
        policy=data.policy, owner=data.owner, explanation=tuple(reasons), charter=data.charter
    )
    return [*steps, escalated]


def _raise_priority(ticket: Ticket, data: EscalationDecided, priority: Priority) -> TicketTriaged:
    return TicketTriaged(
        category=ticket.category,
        priority=priority,
        service=ticket.service,
        explanation=data.explanation,
        charter=data.charter,
    )


def _offer(ticket: Ticket, data: EscalationDecided) -> list[Payload]:
    """To the first who is another than the one who has it; to the whole team if nobody is."""
    member = next((person for person in data.offered_to if person != ticket.member), "")
    if not ticket.team or member == ticket.member:
        return []
    return [
        TicketAssigned(
            team=ticket.team,
            member=member,
            previous_team=ticket.team,
            explanation=data.explanation,
            charter=data.charter,
        )
    ]


@apply_inbound.on(ProblemDetected)
def _link_problem(ticket: Ticket, fact: Event[ProblemDetected]) -> list[Payload]:
    data = fact.data
    return _link(ticket, fact, fact.subject, _about(data))


@apply_inbound.on(ProblemConfirmed)
def _link_confirmed_problem(ticket: Ticket, fact: Event[ProblemConfirmed]) -> list[Payload]:
    return _link(ticket, fact, fact.subject, _about(fact.data))


@apply_inbound.on(ProblemUpdated)
def _link_updated_problem(ticket: Ticket, fact: Event[ProblemUpdated]) -> list[Payload]:
    data = fact.data
    return _link(ticket, fact, fact.subject, _about(data))


def _about(data: ProblemDetected | ProblemConfirmed | ProblemUpdated) -> Message:
    if data.message is None:
        return message("link.problem-shared", title=data.title)
    return message("link.problem", title=data.title, notice=data.message)


def _link(ticket: Ticket, fact: AnyEvent, problem: str, text: Message) -> list[Payload]:
    if ticket.state in _OVER:
        return [_too_late(ticket, fact, message("fact.problem-found"))]
    if ticket.has_link(LinkKind.PROBLEM, problem):
        return []
    return [TicketLinked(kind=LinkKind.PROBLEM, target=problem, message=text)]


@apply_inbound.on(ProblemResolved)
def _resolve_with_problem(ticket: Ticket, fact: Event[ProblemResolved]) -> list[Payload]:
    # What still awaits a yes was not done by the end of a problem.
    if not ticket.is_open or ticket.awaits_approval:
        return [_too_late(ticket, fact, message("fact.problem-solved"))]
    data = fact.data
    return [
        TicketResolved(
            by=DESK,
            how=How.PROBLEM,
            resolution=data.resolution,
            verified_by=next(iter(data.cleared), ""),
            requester=ticket.requester,
            cycle=ticket.reopened,
        ),
        *withdraw(ticket.fulfilment),
    ]


@apply_inbound.on(RunHealed)
def _resolve_with_repair(ticket: Ticket, fact: Event[RunHealed]) -> list[Payload]:
    """Only what the desk opened itself, or was asked to do: what else helped a person, they say."""
    data = fact.data
    fulfilment = ticket.fulfilment if data.request == ticket.id else None
    is_ours = ticket.kind is Kind.PROACTIVE or fulfilment is not None
    if not ticket.is_open or not is_ours:
        return [_too_late(ticket, fact, message("fact.repair-succeeded"))]
    resolution = (
        verbatim(data.tell) if data.tell else message("resolution.repaired", title=data.title)
    )
    if data.corrects is not None:
        resolution = message(
            "resolution.repaired-corrected", told=verbatim(data.tell or data.title)
        )
    resolved = TicketResolved(
        by=AUTOMATION, how=How.AUTOMATION, resolution=resolution, verified_by=data.run
    )
    if fulfilment is None:
        return [resolved]
    return [
        report(fulfilment, FulfilmentStatus.DONE, data.run),
        resolved.model_copy(update={"requester": ticket.requester, "cycle": ticket.reopened}),
    ]


@apply_inbound.on(RunStarted)
def _note_start(ticket: Ticket, fact: Event[RunStarted]) -> list[Payload]:
    fulfilment = ticket.fulfilment
    if fulfilment is None or fulfilment.status is not FulfilmentStatus.REQUESTED:
        return []
    return [report(fulfilment, FulfilmentStatus.STARTED, fact.data.run)]


@apply_inbound.on(RunStepRecorded)
def _note_hindrance(ticket: Ticket, fact: Event[RunStepRecorded]) -> list[Payload]:
    """A check before the first act did not succeed: why nothing has begun, said once."""
    data, fulfilment = fact.data, ticket.fulfilment
    is_before = fulfilment is not None and fulfilment.status is FulfilmentStatus.REQUESTED
    if fulfilment is None or not is_before or data.status is not StepStatus.FAILED:
        return []
    is_silent = data.message is not None and data.message.code == DEVICE_SILENT
    why = message("fulfilment.device-away" if is_silent else "fulfilment.check-failed")
    if not ticket.is_done_by_runbook or fulfilment.explanation == (why,):
        return []
    return [report(fulfilment, FulfilmentStatus.REQUESTED, data.run, why)]


@apply_inbound.on(RunEscalated)
def _take_over_escalated(ticket: Ticket, fact: Event[RunEscalated]) -> list[Payload]:
    """The team gets it with all that the run saw; so does who took it over with this ticket."""
    data = fact.data
    if ticket.id not in {data.request, data.ticket}:
        return []
    if ticket.id != data.request:
        if not ticket.is_open:
            return [_too_late(ticket, fact, message("fact.repair-taken-over"))]
        return from_taken_run(data)
    if not ticket.is_open:
        return [_too_late(ticket, fact, message("fact.repair-failed"))]
    seen = [describe_run(data), *say_of_run(data)]
    if not ticket.is_done_by_runbook:
        return [*seen]  # people have it already; what the run saw helps them all the same
    return [*seen, *take_from_runbook(ticket, data.run, data.reason)]


@apply_inbound.on(RunSkipped)
def _take_over_skipped(ticket: Ticket, fact: Event[RunSkipped]) -> list[Payload]:
    data = fact.data
    if data.request != ticket.id or not ticket.is_done_by_runbook:
        return []
    return take_from_runbook(ticket, data.run, *data.explanation)


def take_from_runbook(ticket: Ticket, run: str, *why: Message) -> list[Payload]:
    """The team that answers for the runbook has it now, unless somebody took it before."""
    request, fulfilment = ticket.request, ticket.fulfilment
    if request is None or fulfilment is None:
        return []
    team = "" if ticket.team else request.team
    return hand_over(fulfilment, team, request.item, run, *why)


def _too_late(ticket: Ticket, fact: AnyEvent, what: Message) -> TicketUpdateIgnored:
    reason = message("update-ignored.too-late", what=what, state=ticket.state)
    if ticket.is_open and ticket.team:
        reason = message(
            "update-ignored.too-late-with-team", what=what, state=ticket.state, team=ticket.team
        )
    return TicketUpdateIgnored(fact=fact.type, reason=reason)
