"""Tickets over HTTP: open, list, read, change."""

from desk_platform.http import (
    PageRequest,
    Position,
    Principal,
    link_next,
    not_modified,
)
from desk_platform.http.idempotency import IdempotentCall
from fastapi import APIRouter, Request
from starlette.responses import Response

from desk_intake.tickets.answers import TicketView, TimelineView
from desk_intake.tickets.api.bodies import Changed, NewTicket
from desk_intake.tickets.api.calls import (
    Caller,
    KeyedCall,
    OfVersion,
    actor_of,
    answer,
    answer_opened,
    change,
    find,
    open_once,
    origin_of,
    reader_of,
    respond,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.listing import (
    AskedPage,
    Filters,
    OrderAsked,
    TicketListing,
)
from desk_intake.tickets.api.opening import check_claims, read_opening
from desk_intake.tickets.api.texts import AskedSearch, TextSearch, TicketPage, TicketTexts
from desk_intake.tickets.lifecycle import Actor, Changes, update
from desk_intake.tickets.view import timeline


def tickets_router(deps: TicketDeps, texts: TicketTexts) -> APIRouter:
    """Open, list and read tickets, and correct their facts."""
    router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

    @router.post("", status_code=201, response_model=TicketView, summary="Ask for help")
    async def open_ticket(request: Request, body: NewTicket, keyed: KeyedCall) -> Response:
        """Opens a ticket. A repetition with the same key answers with the ticket opened before."""
        return await _open(deps, request, body, keyed.principal, keyed.call)

    _add_list(router, deps, texts)

    @router.get("/{ticket}", response_model=TicketView, summary="Read a ticket by id or code")
    async def show_ticket(request: Request, ticket: str, caller: Caller) -> Response:
        """The whole ticket, with what to expect and what comes next."""
        actor = actor_of(request, caller)
        return await answer(deps, request, await find(deps, ticket, actor), actor)

    @router.get("/{ticket}/timeline", response_model=TimelineView, summary="Read what happened")
    async def show_timeline(
        request: Request, ticket: str, caller: Caller, page: AskedPage
    ) -> Response:
        """What happened, in sentences, a page at a time; internal comments only for staff, and not
        on their own tickets."""
        return await _timeline(deps, request, ticket, actor_of(request, caller), page)

    @router.patch("/{ticket}", response_model=TicketView, summary="Correct a ticket's facts")
    async def update_ticket(body: Changed, action: OfVersion) -> Response:
        """Only the fields given change. Needs the ETag of the version you have read."""
        changes = Changes.model_validate(body.model_dump())
        after = await change(deps, action, lambda it, _: update(it, action.actor, changes))
        return await answer(deps, action.request, after, action.actor)

    return router


def _add_list(router: APIRouter, deps: TicketDeps, texts: TicketTexts) -> None:
    @router.get("", response_model=TicketPage, summary="List tickets, the newest first")
    async def list_tickets(
        request: Request,
        caller: Caller,
        page: AskedPage,
        filters: Filters,
        order: OrderAsked,
        wanted: AskedSearch,
    ) -> Response:
        """Employees see their own tickets, staff those of everybody; with `watching=me` both see
        what they watch, with `q` those that have the text. The answer says then what was searched,
        and whether the index is behind."""
        actor = actor_of(request, caller)
        search = TextSearch(texts, wanted, actor) if wanted else None
        listing = TicketListing(deps, actor, order, search)
        return await listing.answer(request, page, filters)


async def _open(
    deps: TicketDeps, request: Request, body: NewTicket, caller: Principal, call: IdempotentCall
) -> Response:
    actor = actor_of(request, caller)
    check_claims(body, actor)
    opened = await open_once(
        deps, call, origin_of(request), lambda code: [read_opening(body, code, caller)]
    )
    return await answer_opened(deps, request, opened, actor)


async def _timeline(
    deps: TicketDeps, request: Request, ref: str, actor: Actor, page: PageRequest
) -> Response:
    rows = await find(deps, ref, actor)
    listing, after = f"timeline {rows.id}", -1
    if page.cursor is not None:
        after = int(str(deps.cursors.read(listing, page.cursor).sort))
    if (unchanged := not_modified(request, rows.sequence)) is not None:
        return unchanged
    view, last = timeline(rows, reader_of(deps, actor, rows), after, page.limit)
    if last is None:
        return respond(view, rows)
    following = deps.cursors.write(listing, Position(last, rows.id))
    response = respond(view.model_copy(update={"next": following}), rows)
    response.headers["Link"] = link_next(request, following)
    return response
