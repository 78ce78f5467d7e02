"""The HTTP side of triage: why a ticket went where it went."""

from datetime import datetime

from desk_shared.errors import NotFound
from desk_shared.events.people import Priority, Reason
from desk_shared.http import Role, require
from desk_shared.store import Documents
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from desk_triage.domain.model import Correction, Ticket

_MEMBER = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class DecisionView(_Answer):
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
    explanation: tuple[Reason, ...]
    charter: str
    """Version of the charter that the decision rests on."""
    decided_at: datetime
    corrections: tuple[Correction, ...]


def decision_routes(tickets: Documents[Ticket]) -> APIRouter:
    """Why a ticket went where it went."""
    router = APIRouter(prefix="/v1", tags=["decisions"], dependencies=[Depends(_MEMBER)])

    @router.get("/decisions/{ticket}")
    async def read_decision(ticket: str) -> DecisionView:
        """The decision about a ticket, with its reasons in words."""
        stored = (await tickets.load([ticket])).get(ticket)
        if stored is None or stored.state is None:
            raise NotFound(f"Triage has not decided about a ticket '{ticket}'.", ticket=ticket)
        return _view(ticket, stored.state)

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
        explanation=decision.explanation,
        charter=decision.charter,
        decided_at=decision.decided_at,
        corrections=state.corrections,
    )
