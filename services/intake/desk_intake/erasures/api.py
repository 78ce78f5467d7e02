"""`POST /v1/erasures`: an operator has one person erased in all services."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_contracts.errors import Rejected
from desk_contracts.frozen import Frozen, example
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.people import PersonAsked
from desk_kernel import Context, Decision
from desk_platform.http import Principal, RequiredText, Role, check_same, require
from desk_platform.http.idempotency import IdempotentCall
from fastapi import APIRouter, Depends

from desk_intake.erasures.decide import (
    PersonTickets,
    check_closed,
    check_reason,
    request_erasure,
)  # fmt: skip
from desk_intake.erasures.model import ErasureRequest
from desk_intake.erasures.store import ErasureRequests
from desk_intake.tickets.api.bodies import Body
from desk_intake.tickets.api.calls import Call
from desk_intake.tickets.api.deps import TicketDeps

Erasing = Annotated[Principal, Depends(require(Role.OPERATOR))]
_PAGE = 500


class NewErasure(Body):
    """Who is to be erased, and why."""

    model_config = example(person="ivy@corp.example", reason="Asked for by letter, case 17/2026.")

    person: PersonAsked
    """The person's id or mail address. It stands in nothing that is kept of this call."""
    reason: Annotated[str, RequiredText(300)]
    """Why; it is kept for ever, so it must not name the person."""


class ErasureView(Frozen):
    """What every service carries out now."""

    id: str
    pseudonym: str
    """What stands for the person from now on, in figures and in other people's tickets."""
    tickets: int
    """How many tickets lose what was written in them. It is the same answer for somebody of whom
    the desk has none: other services may have more of them."""
    at: datetime
    """What the person says to the desk after this moment is not erased."""


@dataclass(frozen=True, slots=True)
class ErasureDeps:
    """What the route needs."""

    tickets: TicketDeps
    requests: ErasureRequests
    key: bytes | None


def erasures_router(deps: ErasureDeps) -> APIRouter:
    """`/v1/erasures`."""
    router = APIRouter(prefix="/v1/erasures", tags=["privacy"])

    @router.post("", status_code=202, summary="Erase a person")
    async def erase_person(body: NewErasure, caller: Erasing, call: Call) -> ErasureView:
        """In all services, by event; each says with a receipt when it is done. Refused while the
        person has open tickets: somebody waits for an answer there. The log is rewritten by an
        operator's command."""
        return _view(await _erase(deps, body, caller.subject, call))

    return router


async def _erase(
    deps: ErasureDeps, body: NewErasure, by: str, call: IdempotentCall
) -> ErasureRequest:
    key = deps.key
    if key is None:
        raise Rejected(message("refused.no-erasure-key"), code="no-erasure-key")
    check_reason(key, body.person, body.reason)
    # Before the tickets are listed: what comes meanwhile is later, and stays.
    at = deps.tickets.clock.now()
    tickets = await _list_tickets(deps.tickets, body.person)
    id = derive_id(call.seed, "erasure-of-call")

    def rule(state: ErasureRequest | None, _context: Context) -> Decision[ErasureRequest] | None:
        if state is not None:
            check_same(call, state.fingerprint)
            return None
        check_closed(tickets.still_open)
        pseudonym, events = request_erasure(
            id, key, body.person, tickets, by=by, reason=body.reason, at=at
        )
        request = ErasureRequest(
            id=id,
            fingerprint=call.fingerprint,
            at=at,
            pseudonym=pseudonym,
            tickets=len(tickets.own),
            by=by,
            reason=body.reason,
        )
        return Decision(request, events)

    stored = await deps.requests.change(id, rule)
    if stored.state is None:
        raise LookupError(f"the rule left no erasure {id}")
    return stored.state


async def _list_tickets(deps: TicketDeps, person: str) -> PersonTickets:
    """All tickets that a person has or wrote in. Reads every ticket that there is."""
    own, still_open, quoting = list[str](), list[str](), list[str]()
    after: tuple[object, str] | None = None
    while True:
        page = await deps.tickets.find({}, after=after, limit=_PAGE)
        for stored in page:
            ticket = stored.read()
            if ticket is None:
                continue
            if ticket.requester == person:
                own.append(ticket.id)
                still_open += [ticket.code] if ticket.is_open else []
            elif any(entry.who == person for entry in ticket.timeline):
                quoting.append(ticket.id)
        if len(page) < _PAGE:
            return PersonTickets(own, still_open, quoting)
        after = (page[-1].id, page[-1].id)


def _view(request: ErasureRequest) -> ErasureView:
    return ErasureView(
        id=request.id,
        pseudonym=request.pseudonym,
        tickets=request.tickets,
        at=request.at,
    )
