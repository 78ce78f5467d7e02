"""Tickets over HTTP: open, list, read, change."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, NamedTuple

from desk_contracts.errors import Forbidden
from desk_contracts.events.tickets import State, TicketOpened
from desk_contracts.ids import derive_id, ticket_code
from desk_contracts.message import message
from desk_contracts.people import PersonAsked, canonical_person, find_other_spelling
from desk_kernel import Context, Decision
from desk_platform.http import (
    Page,
    PageRequest,
    Position,
    Precondition,
    Principal,
    check_same,
    find_visible,
    link_next,
    not_modified,
    page_request,
    precondition,
)
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.store import Listed
from desk_platform.store.pages import After
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from desk_intake.tickets.api.bodies import Changed, NewTicket
from desk_intake.tickets.api.calls import (
    PRIVATE,
    ByAnybody,
    Call,
    Caller,
    actor_of,
    answer,
    cause_of_call,
    change,
    change_stored,
    command_of,
    find,
    once,
    reader_of,
    respond,
    slas_of,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.calls import Recalled
from desk_intake.tickets.lifecycle import Actor, Changes, may_read, update
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import record
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.view import TicketSummary, TicketView, TimelineView, summarise, timeline


class TicketFilters(NamedTuple):
    """What a list is narrowed to; None: not by this."""

    requester: str | None
    team: str | None
    state: str | None
    service: str | None
    open: bool | None


def _read_filters(
    requester: Annotated[
        PersonAsked | None, Query(description="Who asked; `me` is the caller.")
    ] = None,
    team: Annotated[str | None, Query(description="Which team has it.")] = None,
    state: Annotated[State | None, Query(description="In exactly this state.")] = None,
    service: Annotated[str | None, Query(description="About this service.")] = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Whether somebody still has to act.")
    ] = None,
) -> TicketFilters:
    return TicketFilters(requester, team, state.value if state else None, service, is_open)


AskedPage = Annotated[PageRequest, Depends(page_request)]
Filters = Annotated[TicketFilters, Depends(_read_filters)]
Version = Annotated[Precondition, Depends(precondition)]


def tickets_router(deps: TicketDeps) -> APIRouter:
    """Open, list and read tickets, and correct their facts."""
    router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

    @router.post("", status_code=201, response_model=TicketView, summary="Ask for help")
    async def open_ticket(
        request: Request, body: NewTicket, caller: Caller, call: Call
    ) -> Response:
        """Opens a ticket. A repetition with the same key answers with the ticket opened before."""
        return await _open(deps, request, body, caller, call)

    @router.get("", response_model=Page[TicketSummary], summary="List tickets, the newest first")
    async def list_tickets(
        request: Request, caller: Caller, page: AskedPage, filters: Filters
    ) -> Response:
        """Employees see their own tickets, staff those of everybody."""
        actor = actor_of(request, caller)
        return await _page(deps, request, actor, page, _restrict(filters, actor))

    @router.get("/{ticket}", response_model=TicketView, summary="Read a ticket by id or code")
    async def show_ticket(request: Request, ticket: str, caller: Caller) -> Response:
        """The whole ticket, with what to expect and what comes next."""
        actor = actor_of(request, caller)
        return await answer(deps, request, await find(deps, ticket, actor), actor)

    @router.get("/{ticket}/timeline", response_model=TimelineView, summary="Read what happened")
    async def show_timeline(
        request: Request, ticket: str, caller: Caller, page: AskedPage
    ) -> Response:
        """What happened, in sentences, a page at a time; internal comments only for staff."""
        return await _timeline(deps, request, ticket, actor_of(request, caller), page)

    @router.patch("/{ticket}", response_model=TicketView, summary="Correct a ticket's facts")
    async def update_ticket(body: Changed, action: ByAnybody, version: Version) -> Response:
        """Only the fields given change. Needs the ETag of the version you have read."""
        changes = Changes.model_validate(body.model_dump())
        after = await change(deps, action, lambda it, _: update(it, action.actor, changes), version)
        return await answer(deps, action.request, after, action.actor)

    return router


async def _open(
    deps: TicketDeps, request: Request, body: NewTicket, caller: Principal, call: IdempotentCall
) -> Response:
    actor = actor_of(request, caller)
    _check_claims(body, actor)
    id = derive_id(call.seed, "ticket-of-call")
    was_there = False

    def rule(recalled: Recalled, state: Ticket | None, context: Context) -> Decision[Ticket] | None:
        nonlocal was_there
        if state is not None:
            check_same(call, state.find_fingerprint(call.seed, recalled) or call.fingerprint)
            was_there = True
            return None
        opening = _read_opening(body, ticket_code(id, context.round), caller)
        recorded = record(id, None, [opening], cause_of_call(request, call, id, context))
        if recorded is None:
            return None
        return Decision(recorded.state.with_command(command_of(call, context)), recorded.events)

    ticket = await once(
        deps, call, lambda recalled: change_stored(deps, id, partial(rule, recalled), is_first=True)
    )
    response = await answer(deps, request, ticket, actor, 201)
    if was_there:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _check_claims(body: NewTicket, actor: Actor) -> None:
    if actor.is_staff:
        return
    if body.requester is not None and canonical_person(body.requester) != actor.id:
        raise Forbidden(message("refused.help-for-others"))
    if body.group:
        raise Forbidden(message("refused.group-by-staff"))


def _read_opening(body: NewTicket, code: str, caller: Principal) -> TicketOpened:
    written = body.requester or caller.written
    person = canonical_person(written)
    return TicketOpened(
        code=code,
        kind=body.kind,
        title=body.title,
        description=body.description,
        requester=person,
        requester_written=find_other_spelling(written, person),
        channel=body.channel,
        service=body.service,
        device=body.device,
        site=body.site,
        group=body.group,
        impact=body.impact,
        urgency=body.urgency,
        language=body.language,
        attributes=body.attributes,
    )


def _restrict(filters: TicketFilters, actor: Actor) -> dict[str, object]:
    """The filters that are given; an employee's are about their own tickets."""
    requester = filters.requester
    if requester == "me" or (requester is None and not actor.is_staff):
        requester = actor.id
    if not actor.is_staff and requester != actor.id:
        raise Forbidden(message("refused.list-own-only"))
    wanted = filters._replace(requester=requester)._asdict()
    return {name: value for name, value in wanted.items() if value is not None}


async def _page(
    deps: TicketDeps,
    request: Request,
    actor: Actor,
    page: PageRequest,
    filters: Mapping[str, object],
) -> Response:
    listing, after = f"tickets {sorted(filters.items())}", None
    if page.cursor is not None:
        position = deps.cursors.read(listing, page.cursor)
        after = (position.sort, position.id)
    rows = await _readable(deps, filters, actor, after, page.limit)
    headers, following = dict(PRIVATE), None
    if len(rows) > page.limit:
        last = rows[page.limit - 1]
        following = deps.cursors.write(listing, Position(last.newest, last.id))
        headers["Link"] = link_next(request, following)
    reader = reader_of(deps, actor)
    shown = rows[: page.limit]
    slas = await slas_of(deps, shown)
    items = tuple(
        summarise(ticket, sla.read() or TicketSla(ticket=ticket.id), reader)
        for ticket, sla in zip(shown, slas, strict=True)
    )
    answered = Page[TicketSummary](items=items, next=following)
    return Response(answered.model_dump_json(), 200, headers, "application/json")


async def _readable(
    deps: TicketDeps,
    filters: Mapping[str, object],
    actor: Actor,
    after: After | None,
    limit: int,
) -> list[Ticket]:
    async def some(after: After | None, limit: int) -> list[Listed[Ticket]]:
        return await deps.tickets.find_brief(filters, order="newest", after=after, limit=limit)

    def may_see(row: Listed[Ticket]) -> bool:
        return row.state is not None and may_read(row.state, actor)

    rows = await find_visible(some, may_see, after, limit)
    return [row.state for row in rows if row.state is not None]


async def _timeline(
    deps: TicketDeps, request: Request, ref: str, actor: Actor, page: PageRequest
) -> Response:
    rows = await find(deps, ref, actor)
    listing, after = f"timeline {rows.id}", -1
    if page.cursor is not None:
        after = int(str(deps.cursors.read(listing, page.cursor).sort))
    if (unchanged := not_modified(request, rows.sequence)) is not None:
        return unchanged
    view, last = timeline(rows, reader_of(deps, actor), after, page.limit)
    if last is None:
        return respond(view, rows)
    following = deps.cursors.write(listing, Position(last, rows.id))
    response = respond(view.model_copy(update={"next": following}), rows)
    response.headers["Link"] = link_next(request, following)
    return response
