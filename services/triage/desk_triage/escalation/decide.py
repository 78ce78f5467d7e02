"""Which level of escalation an SLA's event reaches, and what is done then; each level once."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from desk_charter.model import Charter
from desk_charter.people import Member, Team
from desk_contracts import AnyEvent, Event, derive
from desk_contracts.events.sla import ClockName, SlaAtRisk, SlaBreached
from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketReopened,
    TicketResolved,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
)
from desk_contracts.events.triage import EscalationDecided
from desk_contracts.message import Message, message
from desk_contracts.value_types import Priority
from desk_kernel import Decision, Readings, Reducers

from desk_triage.changes.snapshot import ContextSnapshot
from desk_triage.escalation.charter import ESCALATION, EscalationPolicy, Trigger
from desk_triage.escalation.model import MAX_EARLY, EarlyTransition, EscalatedTicket
from desk_triage.routing.model import SOURCE

# Asked one after the other by intake, which knows who has it then.
MOST_OFFERED = 5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision is given beside the ticket and the event."""

    charter: Charter
    snapshot: ContextSnapshot


@dataclass(slots=True)  # not frozen: filled measure by measure
class _Plan:
    """What a level comes to."""

    reasons: list[Message]
    is_offered: bool = False
    offered_to: tuple[str, ...] = ()
    priority: Priority | None = None
    owner: str = ""


def react(
    ticket: EscalatedTicket | None, event: AnyEvent, around: Surroundings
) -> Decision[EscalatedTicket] | None:
    """The ticket after the event and the escalations that follow; None if nothing changes."""
    before = ticket or EscalatedTicket()
    if isinstance(event.data, SlaAtRisk | SlaBreached):
        return _hear_sla(before, event, event.data, around)
    after = follow(before, event)
    if after == before:
        return None
    return _catch_up(after, event.subject, around)


# A ticket after an event of its life.
follow: Reducers[EscalatedTicket, [], EscalatedTicket] = Reducers(lambda ticket, _event: ticket)


@follow.on(TicketTriaged)
def _note_triage(ticket: EscalatedTicket, event: Event[TicketTriaged]) -> EscalatedTicket:
    data = event.data
    service = data.service or ticket.service
    return ticket.model_copy(update={"service": service, "priority": data.priority})


@follow.on(TicketUpdated)
def _note_update(ticket: EscalatedTicket, event: Event[TicketUpdated]) -> EscalatedTicket:
    data = event.data
    given = {"service": data.service, "priority": data.priority}
    return ticket.model_copy(update={k: v for k, v in given.items() if v is not None})


@follow.on(TicketAssigned)
def _note_holder(ticket: EscalatedTicket, event: Event[TicketAssigned]) -> EscalatedTicket:
    return ticket.model_copy(update={"team": event.data.team, "member": event.data.member})


@follow.on(TicketStarted)
def _note_worker(ticket: EscalatedTicket, event: Event[TicketStarted]) -> EscalatedTicket:
    return ticket.model_copy(update={"member": event.data.by})


@follow.on(TicketResolved, TicketClosed, TicketMerged)
def _end(ticket: EscalatedTicket, _event: AnyEvent) -> EscalatedTicket:
    return ticket.model_copy(update={"is_open": False, "early": ()})


@follow.on(TicketReopened)
def _reopen(ticket: EscalatedTicket, _event: Event[TicketReopened]) -> EscalatedTicket:
    return ticket.model_copy(update={"is_open": True})


def _hear_sla(
    ticket: EscalatedTicket, event: AnyEvent, data: SlaAtRisk | SlaBreached, around: Surroundings
) -> Decision[EscalatedTicket] | None:
    if not ticket.is_open:
        return None
    if not ticket.team:
        early = (*ticket.early, EarlyTransition.keep(event, data))[-MAX_EARLY:]
        return Decision(ticket.model_copy(update={"early": early}))
    return _escalate(ticket, event, data, around)


class _Point(NamedTuple):
    """How far a clock is."""

    trigger: Trigger
    percent: int
    statement: Message


# What an SLA's event says of the time; None for what escalates nothing.
_read_point: Readings[_Point | None] = Readings(None)


@_read_point.on(SlaAtRisk)
def _read_warning(event: Event[SlaAtRisk]) -> _Point:
    percent, clock = event.data.percent, _name_clock(event.data.clock)
    return _Point("at_risk", percent, message("escalation.at-risk", percent=percent, clock=clock))


@_read_point.on(SlaBreached)
def _read_breach(event: Event[SlaBreached]) -> _Point | None:
    """What was late already when its clock began was escalated by the clock before it, if any."""
    if event.data.inherited:
        return None
    clock = _name_clock(event.data.clock)
    return _Point("breached", 100, message("escalation.breached", clock=clock))


def _name_clock(clock: ClockName) -> str:
    """As catalogues name it."""
    return clock.value.replace("_", "-")


def _catch_up(ticket: EscalatedTicket, id: str, around: Surroundings) -> Decision[EscalatedTicket]:
    """What came too early is decided now that it is known who has the ticket."""
    if not ticket.team or not ticket.early:
        return Decision(ticket)
    events: tuple[AnyEvent, ...] = ()
    after = ticket.model_copy(update={"early": ()})
    for early in ticket.early:
        decision = _escalate(after, early.restore(id), early.data, around)
        if decision is not None:
            after, events = decision.state, (*events, *decision.events)
    return Decision(after, events)


def _escalate(
    ticket: EscalatedTicket, event: AnyEvent, data: SlaAtRisk | SlaBreached, around: Surroundings
) -> Decision[EscalatedTicket] | None:
    point = _read_point(event)
    if point is None:
        return None
    policies = around.charter.of(ESCALATION)
    policy = _find_policy(policies, point, ticket, data.clock)
    if policy is None:
        return None
    level = f"{data.clock}/{data.cycle}/{policy.name}"
    if level in ticket.done:
        return None
    plan = _Plan([point.statement, message("escalation.policy", policy=policy.name)])
    for measure in policy.then:
        _MEASURES[measure](plan, ticket, event.subject, around)
    decided = EscalationDecided(
        policy=policy.name,
        clock=data.clock,
        cycle=data.cycle,
        is_offered=plan.is_offered,
        offered_to=plan.offered_to,
        priority=plan.priority,
        owner=plan.owner,
        explanation=tuple(plan.reasons),
        charter=around.charter.version,
    )
    emitted = derive(
        event,
        decided,
        source=SOURCE,
        subject=event.subject,
        rule=f"escalation/{policy.name}",
        at=event.time,
    )
    return Decision(ticket.note_done(level), (emitted,))


def _find_policy(
    policies: Iterable[EscalationPolicy], point: _Point, ticket: EscalatedTicket, clock: ClockName
) -> EscalationPolicy | None:
    """The first in the written order that fits."""
    fitting = (
        policy
        for policy in policies
        if policy.trigger == point.trigger
        and point.percent >= (policy.percent or 0)
        and _concerns(policy, ticket, clock)
    )
    return next(fitting, None)


def _concerns(policy: EscalationPolicy, ticket: EscalatedTicket, clock: ClockName) -> bool:
    """Every list that is not empty names what the ticket has."""
    return (
        (not policy.clocks or clock in policy.clocks)
        and (not policy.priorities or ticket.priority in policy.priorities)
        and (not policy.services or ticket.service in policy.services)
        and (not policy.teams or ticket.team in policy.teams)
    )


def _offer_again(plan: _Plan, ticket: EscalatedTicket, id: str, around: Surroundings) -> None:
    team = around.charter.find_team(ticket.team)
    able = _rank_members(team, ticket, id, around.snapshot) if team else ()
    plan.is_offered, plan.offered_to = True, able[:MOST_OFFERED]
    title = team.title if team else ticket.team
    plan.reasons.append(
        message(
            "escalation.offered-to-members" if able else "escalation.offered-to-team", team=title
        )
    )


def _rank_members(
    team: Team, ticket: EscalatedTicket, id: str, snapshot: ContextSnapshot
) -> tuple[str, ...]:
    """Who has room: first who can most of what the present one can, then who has least to do."""
    present = next((item for item in team.members if item.id == ticket.member), None)
    skills = frozenset(present.skills if present else ())

    def rank(member: Member) -> tuple[int, int, bytes]:
        draw = hashlib.blake2b(f"{id}/{member.id}".encode(), digest_size=8).digest()
        load = snapshot.load.get(member.id, 0)
        return -len(skills & frozenset(member.skills)), load, draw

    free = [
        member
        for member in team.members
        if member.id != ticket.member and snapshot.load.get(member.id, 0) < team.wip_limit
    ]
    return tuple(member.id for member in sorted(free, key=rank))


def _raise_priority(plan: _Plan, ticket: EscalatedTicket, _id: str, _around: Surroundings) -> None:
    before = ticket.priority
    if before is None:
        plan.reasons.append(message("escalation.priority-unknown"))
        return
    order = list(Priority)
    place = order.index(before)
    if place == 0:
        plan.reasons.append(message("escalation.priority-highest"))
        return
    plan.priority = order[place - 1]
    plan.reasons.append(
        message("escalation.priority-raised", before=before, priority=plan.priority)
    )


def _involve_owner(plan: _Plan, ticket: EscalatedTicket, _id: str, around: Surroundings) -> None:
    charter = around.charter
    service, owner = charter.service_called(ticket.service), charter.owner_of(ticket.service)
    if owner.name == ticket.team:
        plan.reasons.append(message("escalation.owner-has-it", team=owner.title))
        return
    plan.owner = owner.name
    title = service.title if service else ticket.service
    plan.reasons.append(message("escalation.owner-told", team=owner.title, service=title))


_MEASURES: dict[str, Callable[[_Plan, EscalatedTicket, str, Surroundings], None]] = {
    "offer_again": _offer_again,
    "raise_priority": _raise_priority,
    "involve_owner": _involve_owner,
}
