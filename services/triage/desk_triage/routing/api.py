"""The HTTP side of routing: why a ticket went where it went."""

from datetime import datetime
from typing import Annotated

from desk_contracts.errors import NotFound
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_contracts.value_types import Priority
from desk_platform.http import Principal, Role, require, sight
from desk_platform.http.language import Statement, statements
from desk_platform.http.tickets import find_ticket, ticket_asked
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Request

from desk_triage.routing.model import Correction, Ticket

_STAFF = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


class ProposalView(Frozen):
    """A team that may be the right one, how probable that is, and why."""

    team: str
    probability: float
    reasons: tuple[Statement, ...]


class DecisionView(Frozen):
    """What triage decided about a ticket, why, and what people corrected."""

    ticket: str
    code: str
    deferred: bool
    """True if a person has to decide; then category and priority are empty."""
    team: str
    category: str
    priority: Priority | None
    service: str
    member: str
    skills: tuple[str, ...]
    rule: str
    """The charter's rule that decided; empty if none did."""
    explanation: tuple[Statement, ...]
    charter: str
    """Version of the charter that the decision rests on."""
    decided_at: datetime
    proposals: tuple[ProposalView, ...]
    """What was learned proposes, the most probable first; empty where a rule decided."""
    corrections: tuple[Correction, ...]


def decision_router(documents: Documents[Ticket]) -> APIRouter:
    """The route about a decision."""
    router = APIRouter(prefix="/v1")

    @router.get("/decisions/{ticket}")
    async def read_decision(
        request: Request, ticket: str, principal: Annotated[Principal, Depends(_STAFF)]
    ) -> DecisionView:
        """The decision about a ticket, by its id or code, with its reasons in words."""
        ticket, seen = ticket_asked(ticket), sight(request, principal)
        stored = await find_ticket(documents, ticket)
        state = stored.state if stored else None
        if not stored or state is None or seen.hides(state.decision.service, state.decision.team):
            raise NotFound(message("triage.no-decision", ticket=ticket), ticket=ticket)
        return _view(stored.id, state)

    return router


def _view(ticket: str, state: Ticket) -> DecisionView:
    decision = state.decision
    return DecisionView(
        ticket=ticket,
        code=state.code,
        deferred=decision.is_deferred,
        team=decision.team,
        category=decision.category,
        priority=decision.priority,
        service=decision.service,
        member=decision.member,
        skills=decision.skills,
        rule=decision.rule,
        explanation=statements(decision.explanation),
        charter=decision.charter,
        decided_at=decision.decided_at,
        proposals=tuple(
            ProposalView(
                team=proposal.team,
                probability=proposal.probability,
                reasons=statements(proposal.reasons),
            )
            for proposal in decision.proposals
        ),
        corrections=state.corrections,
    )
