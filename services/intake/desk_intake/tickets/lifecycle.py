"""What people may do with a ticket, and when: each call gives the events it means, or a refusal.

Impossible calls raise `Rejected` with the states that would allow them. What the bus says is in
`inbound.py`: that is never refused.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from desk_contracts import Payload
from desk_contracts.errors import Forbidden, Invalid, NotFound, Rejected
from desk_contracts.events.tickets import (
    How,
    LinkKind,
    ResolutionCode,
    Role,
    State,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketConfirmed,
    TicketLinked,
    TicketMerged,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketUpdated,
    WaitingFor,
)
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, message, verbatim
from desk_contracts.value_types import Level, Priority
from desk_kernel.sight import SEES_ALL, Sight

from desk_intake.tickets import approvals
from desk_intake.tickets.fulfilment import withdraw
from desk_intake.tickets.model import (
    MAX_COMMENTS,
    OPEN_STATES,
    Ticket,
)

Action = Literal[
    "started", "paused", "resumed", "changed", "assigned", "merged", "answered", "resolved",
    "confirmed", "reopened", "closed", "split", "linked", "watched", "joined", "attached",
]  # fmt: skip

ALLOWED: dict[Action, frozenset[State]] = {
    "started": frozenset({State.NEW, State.TRIAGED, State.ASSIGNED}),
    "paused": frozenset({State.IN_PROGRESS, State.WAITING}),
    "resumed": frozenset({State.WAITING}),
    "changed": OPEN_STATES,
    "assigned": OPEN_STATES,
    "merged": OPEN_STATES,
    "answered": OPEN_STATES | {State.RESOLVED},
    "resolved": OPEN_STATES,
    "reopened": frozenset({State.RESOLVED}),
    # Also after it closed by itself: late is not too late to say that it helped.
    "confirmed": frozenset({State.RESOLVED, State.CLOSED}),
    "closed": frozenset({State.RESOLVED}),
    "split": OPEN_STATES,
    "linked": OPEN_STATES | {State.RESOLVED},
    "watched": OPEN_STATES | {State.RESOLVED, State.CLOSED},
    "joined": OPEN_STATES,
    "attached": OPEN_STATES | {State.RESOLVED},
}

_ADVICE: dict[State, Message] = {
    State.RESOLVED: message("advice.reopen"),
    State.CLOSED: message("advice.open-new"),
    State.MERGED: message("advice.go-on-in-other"),
    State.WAITING: message("advice.resume-first"),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: employees act on their own tickets, staff on all."""

    id: str
    is_staff: bool
    team: str = ""
    sight: Sight = SEES_ALL

    def role_on(self, ticket: Ticket) -> Role:
        """Staff speak as employees on their own tickets, and where they only watch."""
        return Role.MEMBER if sees_internal(ticket, self) else Role.EMPLOYEE


class Changes(Frozen):
    """New facts of a ticket; what is None stays as it is."""

    title: str | None = None
    description: str | None = None
    service: str | None = None
    device: str | None = None
    impact: Level | None = None
    urgency: Level | None = None
    priority: Priority | None = None


def may_act(ticket: Ticket, actor: Actor) -> bool:
    """On their own, or as staff on what is not confidential to others."""
    if ticket.requester == actor.id:
        return True
    return actor.is_staff and not actor.sight.hides(ticket.service, ticket.team)


def may_read(ticket: Ticket, actor: Actor) -> bool:
    """What they may act on, and what they were asked to watch."""
    return may_act(ticket, actor) or actor.id in ticket.watchers


def sees_internal(ticket: Ticket, actor: Actor) -> bool:
    """Whether lines, files and facts for staff are for this reader, whatever way out they take.

    Not on tickets of their own, and not where they only watch.
    """
    return actor.is_staff and actor.sight.shows_internal(
        actor.id, requester=ticket.requester, service=ticket.service, team=ticket.team
    )


def seen(ticket: Ticket | None, actor: Actor, reference: str) -> Ticket:
    """The ticket, if there is one that this caller may know of."""
    if ticket is None or not may_read(ticket, actor):
        raise NotFound(message("refused.no-such-ticket", ticket=reference), ticket=reference)
    return ticket


def check_may_act(ticket: Ticket, actor: Actor) -> None:
    """Refuse what those who only watch cannot do."""
    if not may_act(ticket, actor):
        raise Forbidden(message("refused.watchers-read", code=ticket.code))


def allow(ticket: Ticket, action: Action, *, by_staff: bool = False) -> None:
    """Refuse what this state does not allow, and what others have not approved."""
    approvals.check_action(ticket.request, ticket.state, action, ticket.code, by_staff=by_staff)
    allowed = ALLOWED[action]
    if ticket.state in allowed:
        return
    ordered = [state for state in State if state in allowed]
    advice: Message | str = _ADVICE.get(ticket.state, "")
    if action == "reopened" and ticket.state in OPEN_STATES:
        advice = message("advice.comment-instead")
    raise Rejected(
        message(
            "refused.wrong-state",
            code=ticket.code,
            state=ticket.state,
            action=action,
            allowed=ordered,
            advice=advice,
        ),
        code="wrong-state",
        state=ticket.state.value,
        allowed=[state.value for state in ordered],
    )


def start(ticket: Ticket, actor: Actor) -> list[Payload]:
    """The caller begins to work on it, and takes it for their team if nobody has it yet."""
    allow(ticket, "started")
    begun = TicketStarted(by=actor.id, device=ticket.device)
    if ticket.team:
        return [begun]
    if not actor.team:
        raise Rejected(
            message("refused.no-team-yet", code=ticket.code),
            code="no-team",
        )
    return [_give(ticket, actor.team, actor.id, message("routing.taken-up", by=actor.id)), begun]


def assign(ticket: Ticket, actor: Actor, team: str, member: str, reason: str = "") -> list[Payload]:
    """A person decides who has it; triage leaves that alone from now on."""
    allow(ticket, "assigned")
    if (team, member) == (ticket.team, ticket.member) and ticket.is_team_fixed:
        return []
    why = message("routing.decided-by-person", by=actor.id)
    if reason:
        why = message("routing.chosen-by-person", by=actor.id, reason=reason)
    given = _give(ticket, team, member, why)
    if ticket.state is State.WAITING:
        return [TicketResumed(by=actor.id), given]
    return [given]


def take(ticket: Ticket, actor: Actor) -> list[Payload]:
    """The caller has it from now on, for their own team; whoever had it before is told by it."""
    allow(ticket, "assigned")
    team = actor.team or ticket.team
    if not team:
        raise Rejected(message("refused.no-team-yet", code=ticket.code), code="no-team")
    if (team, actor.id) == (ticket.team, ticket.member):
        return []
    taken = _give(ticket, team, actor.id, message("routing.taken-up", by=actor.id))
    return [TicketResumed(by=actor.id), taken] if ticket.state is State.WAITING else [taken]


def _give(ticket: Ticket, team: str, member: str, why: Message) -> TicketAssigned:
    return TicketAssigned(
        team=team,
        member=member,
        previous_team=ticket.team,
        explanation=(why,),
    )


def comment(ticket: Ticket, actor: Actor, text: str, *, public: bool) -> list[Payload]:
    """Somebody says something. An employee's answer ends the wait for it."""
    allow(ticket, "answered")
    role = actor.role_on(ticket)
    if not public and not sees_internal(ticket, actor):
        raise Forbidden(message("refused.internal-comment"))
    if ticket.comments >= MAX_COMMENTS:
        raise Rejected(
            message("refused.too-many-comments", code=ticket.code, most=MAX_COMMENTS),
            code="too-many-comments",
            most=MAX_COMMENTS,
        )
    events: list[Payload] = [TicketCommented(by=actor.id, role=role, text=text, public=public)]
    if role is Role.EMPLOYEE and ticket.waiting_for is WaitingFor.EMPLOYEE:
        events.append(TicketResumed(by=actor.id))
    return events


def pause(
    ticket: Ticket,
    actor: Actor,
    waiting_for: WaitingFor,
    until: datetime | None,
    now: datetime,
    text: str = "",
) -> list[Payload]:
    """Work waits for somebody else. What is said with it comes first, so it counts as an answer."""
    allow(ticket, "paused")
    if until is not None and until <= now:
        raise Invalid(
            message("refused.until-in-the-past"),
            code="until-in-the-past",
        )
    events: list[Payload] = comment(ticket, actor, text, public=True) if text else []
    if (waiting_for, until) == (ticket.waiting_for, ticket.waiting_until):
        return events
    return [*events, TicketPaused(waiting_for=waiting_for, by=actor.id, until=until)]


def resume(ticket: Ticket, actor: Actor) -> list[Payload]:
    """The wait is over."""
    allow(ticket, "resumed")
    return [TicketResumed(by=actor.id)]


def update(ticket: Ticket, actor: Actor, changes: Changes) -> list[Payload]:
    """Facts of the ticket were wrong or have changed; what is the same already is left out."""
    allow(ticket, "changed")
    if changes.priority is not None and not actor.is_staff:
        raise Forbidden(message("refused.priority-follows"))
    new = {
        name: getattr(changes, name)
        for name in type(changes).model_fields
        if getattr(changes, name) not in (None, getattr(ticket, name))
    }
    if changes.priority is not None and not ticket.is_priority_fixed:
        new["priority"] = changes.priority
    return [TicketUpdated(by=actor.id, **new)] if new else []


def check_merge(ticket: Ticket, into: Ticket) -> None:
    """Refuse merges that would hide a ticket from the person who asked."""
    if ticket.id == into.id:
        raise Rejected(message("refused.same-ticket"), code="same-ticket")
    if ticket.requester != into.requester:
        raise Rejected(
            message("refused.different-requesters", code=ticket.code, into=into.code),
            code="different-requesters",
        )
    if not into.is_open:
        raise Rejected(
            message("refused.merge-target-closed", code=into.code, state=into.state),
            code="wrong-target",
            state=into.state.value,
        )


def merge(ticket: Ticket, actor: Actor, into: Ticket) -> list[Payload]:
    """The ticket goes on inside another one of the same person."""
    allow(ticket, "merged")
    check_merge(ticket, into)
    merged = TicketMerged(into=into.id, by=actor.id, code=ticket.code, title=ticket.title)
    return [merged, *withdraw(ticket.fulfilment)]


def check_split(ticket: Ticket) -> None:
    """Refuse where there is nothing to do any more; the parts are tickets of their own."""
    allow(ticket, "split")


def link_problem(
    ticket: Ticket, actor: Actor, problem: str, title: Message, reason: str = ""
) -> list[Payload]:
    """A person says that it belongs to a known problem."""
    allow(ticket, "linked")
    if ticket.has_link(LinkKind.PROBLEM, problem):
        return []
    text = message("link.problem-by-person", title=title)
    events: list[Payload] = [
        TicketLinked(kind=LinkKind.PROBLEM, target=problem, message=text, by=actor.id)
    ]
    return [*events, *comment(ticket, actor, reason, public=False)] if reason else events


def resolve(
    ticket: Ticket,
    actor: Actor,
    resolution: str,
    how: How | None,
    cause: str = "",
    code: ResolutionCode | None = None,
) -> list[Payload]:
    """The person can work again, says staff; or needs no more help, says the person."""
    is_own = actor.role_on(ticket) is Role.EMPLOYEE
    allow(ticket, "resolved", by_staff=not is_own)
    chosen = how or (How.WITHDRAWN if is_own else How.MEMBER)
    if is_own and chosen not in (How.WITHDRAWN, How.SELF_SERVICE):
        raise Forbidden(message("refused.how-on-own-ticket"))
    if is_own and code is not None:
        raise Forbidden(message("refused.code-on-own-ticket"))
    return [
        TicketResolved(
            by=actor.id,
            how=chosen,
            resolution=verbatim(resolution),
            cause=cause,
            code=code,
            requester=ticket.requester,
            cycle=ticket.reopened,
        ),
        *withdraw(ticket.fulfilment),
    ]


def confirm(ticket: Ticket, actor: Actor) -> list[Payload]:
    """It is solved, says the person who asked; nobody can say so for them."""
    if ticket.requester != actor.id:
        raise Forbidden(message("refused.confirmed-by-requester"))
    allow(ticket, "confirmed")
    # Closed by a version that did not number resolutions, or taken back by the person: no solution.
    if not ticket.resolved_sequence or ticket.how is How.WITHDRAWN:
        raise Rejected(
            message("refused.nothing-to-confirm", code=ticket.code), code="nothing-to-confirm"
        )
    if ticket.confirmed_at is not None:
        return []
    return [TicketConfirmed(by=actor.id, resolution=ticket.resolved_sequence)]


def reopen(ticket: Ticket, actor: Actor, reason: str) -> list[Payload]:
    """It was not solved after all; its team has it again. Only the requester refutes a solution."""
    allow(ticket, "reopened")
    is_refuted = actor.id == ticket.requester and ticket.how is not How.WITHDRAWN
    refutes = ticket.resolved_sequence if is_refuted and ticket.resolved_sequence else None
    return [TicketReopened(by=actor.id, reason=reason, refutes=refutes)]


def close(ticket: Ticket, actor: Actor) -> list[Payload]:
    """Everybody is satisfied."""
    allow(ticket, "closed")
    return [TicketClosed(by=actor.id)]
