"""The catalogue over HTTP: what can be asked for, asking, and saying yes or no."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Protocol

from desk_contracts import Payload
from desk_contracts.errors import Forbidden, NotFound
from desk_contracts.frozen import example
from desk_contracts.ids import derive_id, ticket_code
from desk_contracts.message import message
from desk_contracts.people import PersonNamed, canonical_person
from desk_kernel import Context, Decision
from desk_platform.http import (
    Name,
    Page,
    PageRequest,
    Principal,
    RequiredName,
    RequiredText,
    check_same,
    etag,
    find_visible,
    link_next,
    place_of,
)
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.http.language import sentence, spoken_catalogue
from desk_platform.store import Listed
from desk_platform.store.pages import After
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, JsonValue, StringConstraints
from starlette.responses import Response

from desk_intake.catalogue import decide
from desk_intake.catalogue.charter import CatalogueItem
from desk_intake.catalogue.decide import Asker
from desk_intake.catalogue.view import ItemView, RequestView, show_item, show_request
from desk_intake.tickets import approvals
from desk_intake.tickets.api.bodies import ONLY_NAMED, Body
from desk_intake.tickets.api.calls import (
    PRIVATE,
    ByAnybody,
    Call,
    Caller,
    Decide,
    TicketAction,
    actor_of,
    cause_of_call,
    change,
    change_stored,
    command_of,
    find,
    once,
    origin_of,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.listing import AskedPage
from desk_intake.tickets.approvals import Statement
from desk_intake.tickets.calls import Recalled
from desk_intake.tickets.lifecycle import Actor, may_read
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import record
from desk_intake.tickets.timers import due_of

Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]


class DeviceOwners(Protocol):
    """Who a device belongs to."""

    async def find_owner(self, device: str) -> str | None:
        """The canonical person; None if nobody is known to have it.

        Raises `Transient` if that cannot be found out now.
        """
        ...


class NewRequest(Body):
    """What is asked for, by the item's form."""

    model_config = example(answers={"program": "Inkscape", "purpose": "Drawings for the manual"})

    answers: dict[Name, JsonValue] = Field(default={}, max_length=50, json_schema_extra=ONLY_NAMED)
    """The fields of the item's form."""


class Verdict(Body):
    """A yes or a no to what was read."""

    model_config = example(digest="b5bb9d8014a0f9b1d61e21e796d78dcc", reason="She needs it.")

    digest: RequiredName
    """The `digest` of the request as it was read; for another one nothing is decided."""
    reason: Reason = ""
    """Why; who asked reads it."""


class Delegation(Verdict):
    """Somebody else decides."""

    model_config = example(digest="b5bb9d8014a0f9b1d61e21e796d78dcc", to="ben")

    to: PersonNamed
    """Who has the vote from now on."""


class Cancellation(Body):
    """It is not needed any more."""

    model_config = example(reason="I found another way.")

    reason: Annotated[str, RequiredText(2_000)]
    """Why."""


@dataclass(frozen=True, slots=True)
class CatalogueDeps:
    """What the routes need; without `devices` nothing is offered that asks for one's own."""

    tickets: TicketDeps
    devices: DeviceOwners | None = None
    recovers: bool = False
    """Whether people can recover their accounts by themselves here."""


def catalogue_router(deps: CatalogueDeps) -> APIRouter:
    """What can be asked for, and asking."""
    router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])

    @router.get("", summary="List what you may ask for")
    async def list_items(caller: Caller) -> list[ItemView]:
        """The items of the catalogue that are offered to the caller, with their forms."""
        language = spoken_catalogue().language
        return [show_item(item, language) for item in find_offered(deps, asker_of(caller)).values()]

    @router.get("/{item}", summary="Read one item")
    async def show_one(item: str, caller: Caller) -> ItemView:
        """The item with its form, if it is offered to the caller."""
        return show_item(_find_item(deps, item, asker_of(caller)), spoken_catalogue().language)

    @router.post(
        "/{item}/requests", status_code=201, response_model=RequestView, summary="Ask for it"
    )
    async def request_item(
        request: Request, item: str, body: NewRequest, caller: Caller, call: Call
    ) -> Response:
        """Opens a ticket of kind `request`; says what it waits for, and for whom."""
        wanted = _find_item(deps, item, asker_of(caller))
        ticket = await _ask(deps, request, wanted, body, caller, call)
        return _respond(ticket, 201)

    return router


def requests_router(deps: TicketDeps) -> APIRouter:
    """How far requests are."""
    router = APIRouter(prefix="/v1", tags=["catalogue"])

    @router.get("/approvals", response_model=Page[RequestView], summary="List what waits for you")
    async def list_approvals(request: Request, caller: Caller, page: AskedPage) -> Response:
        """Requests for which the caller's yes or no is awaited, the newest first."""
        return await _list_approvals(deps, request, actor_of(request, caller).id, page)

    @router.get("/requests/{ticket}", response_model=RequestView, summary="See how far it is")
    async def show_track(request: Request, ticket: str, caller: Caller) -> Response:
        """What was asked, and what waits for whom since when."""
        return _respond(await find(deps, ticket, actor_of(request, caller), _look))

    return router


def approvals_router(deps: TicketDeps) -> APIRouter:
    """What approvers, and those who asked, do with a request."""
    router = APIRouter(prefix="/v1/requests/{ticket}", tags=["catalogue"])

    @router.post("/approve", response_model=RequestView, summary="Say yes to a request")
    async def approve(body: Verdict, action: ByAnybody) -> Response:
        """The caller's vote for what was read; the last one that was needed begins the work."""
        return await _finish(deps, action, _verdict(action.actor, body, is_granted=True))

    @router.post("/deny", response_model=RequestView, summary="Say no to a request")
    async def deny(body: Verdict, action: ByAnybody) -> Response:
        """It is denied once those who are left are too few."""
        return await _finish(deps, action, _verdict(action.actor, body, is_granted=False))

    @router.post("/delegate", response_model=RequestView, summary="Let another decide")
    async def delegate(body: Delegation, action: ByAnybody) -> Response:
        """The caller's vote is the other person's from now on; the deadline stays."""

        def decide_delegation(ticket: Ticket, context: Context) -> list[Payload]:
            statement = Statement(action.actor.id, body.digest, context.now, body.reason)
            about, to = ticket.asked_for, canonical_person(body.to)
            return approvals.delegate(ticket.request, ticket.state, statement, about, to=to)

        return await _finish(deps, action, decide_delegation)

    @router.post("/cancel", response_model=RequestView, summary="Take a request back")
    async def cancel(body: Cancellation, action: ByAnybody) -> Response:
        """For who asked, as long as nobody has done it."""
        return await _finish(
            deps, action, lambda it, _: decide.cancel(it, action.actor, body.reason)
        )

    return router


async def _list_approvals(
    deps: TicketDeps, request: Request, me: str, page: PageRequest
) -> Response:
    async def search(after: After | None, limit: int) -> list[Listed[Ticket]]:
        return await deps.tickets.find_brief(
            {"awaits_approval": True}, order="newest", after=after, limit=limit
        )

    after = None
    if page.cursor is not None:
        position = deps.cursors.read("approvals", page.cursor)
        after = (position.sort, position.id)

    def is_mine(row: Listed[Ticket]) -> bool:
        vote = row.state.request.find_vote(me) if row.state and row.state.request else None
        return vote is not None and vote.is_granted is None

    rows = await find_visible(search, is_mine, after, page.limit)
    headers, following = dict(PRIVATE), None
    if len(rows) > page.limit:
        following = deps.cursors.write("approvals", place_of(rows[page.limit - 1]))
        headers["Link"] = link_next(request, following)
    states = [row.state for row in rows[: page.limit]]
    items = tuple(show_request(it, it.request, sentence) for it in states if it and it.request)
    answered = Page[RequestView](items=items, next=following)
    return Response(answered.model_dump_json(), 200, headers, "application/json")


async def _finish(deps: TicketDeps, action: TicketAction, rule: Decide) -> Response:
    return _respond(await change(deps, action, rule, look=_look))


def _verdict(actor: Actor, body: Verdict, *, is_granted: bool) -> Decide:
    def decide_approval(ticket: Ticket, context: Context) -> list[Payload]:
        statement = Statement(actor.id, body.digest, context.now, body.reason)
        return approvals.decide(
            ticket.request, ticket.state, statement, ticket.asked_for, is_granted=is_granted
        )

    return decide_approval


def _look(ticket: Ticket | None, actor: Actor, reference: str) -> Ticket:
    """A request, for who asked, for approvers, and for staff who may know of it."""
    request = ticket.request if ticket else None
    if ticket is None or request is None:
        raise NotFound(message("refused.no-such-request", ticket=reference), ticket=reference)
    if not may_read(ticket, actor) and not request.is_approver(actor.id):
        raise NotFound(message("refused.no-such-request", ticket=reference), ticket=reference)
    return ticket


def _respond(ticket: Ticket, status: int = 200) -> Response:
    if ticket.request is None:
        raise LookupError(f"ticket {ticket.id} asks for nothing of the catalogue")
    view = show_request(ticket, ticket.request, sentence)
    headers = {"ETag": etag(ticket.sequence, 0), **PRIVATE}
    if status == 201:
        headers["Location"] = f"/v1/requests/{ticket.id}"
    return Response(view.model_dump_json(), status, headers, "application/json")


def asker_of(caller: Principal) -> Asker:
    """The caller as the catalogue's rules see them."""
    roles = frozenset(map(str, caller.roles))
    return Asker(caller.subject, roles, caller.team or "", caller.written)


def find_offered(deps: CatalogueDeps, asker: Asker) -> Mapping[str, CatalogueItem]:
    """What this person may ask for, of what this installation can do, by its name."""
    items = decide.list_offered(deps.tickets.charter(), asker)
    return {
        item.name: item
        for item in items
        if (deps.devices or not item.own_device) and (deps.recovers or not item.fulfilment.recovery)
    }


def _find_item(deps: CatalogueDeps, name: str, asker: Asker) -> CatalogueItem:
    item = find_offered(deps, asker).get(name)
    if item is None:
        raise NotFound(message("refused.no-such-item", item=name), item=name)
    return item


async def _ask(
    deps: CatalogueDeps,
    request: Request,
    item: CatalogueItem,
    body: NewRequest,
    caller: Principal,
    call: IdempotentCall,
) -> Ticket:
    _check_form(item, body)
    asker, answers = asker_of(caller), decide.plain_answers(body.answers)
    if item.own_device is not None and deps.devices is not None:
        device = str(answers[item.own_device])
        # One's own only; another's is answered as one that nobody knows.
        if await deps.devices.find_owner(device) != asker.person:
            why = message("refused.not-own-device", device=device)
            raise Forbidden(why, code="not-own-device")
    id, tickets = derive_id(call.seed, "request-of-call"), deps.tickets
    form = decide.FilledForm(item, asker, answers, spoken_catalogue().language)

    def rule(recalled: Recalled, state: Ticket | None, context: Context) -> Decision[Ticket] | None:
        if state is not None:
            check_same(call, state.find_fingerprint(call.seed, recalled) or call.fingerprint)
            return None
        code = ticket_code(id, context.round)
        opening = decide.request_item(tickets.charter(), form, code, context.now)
        recorded = record(id, None, opening, cause_of_call(origin_of(request), call, id, context))
        if recorded is None:
            return None
        due = due_of(recorded.state, tickets.close_after)
        state = recorded.state.with_command(command_of(call, context))
        return Decision(state, recorded.events, due)

    return await once(
        tickets,
        call,
        lambda recalled: change_stored(tickets, id, partial(rule, recalled), is_first=True),
    )


def _check_form(item: CatalogueItem, body: NewRequest) -> None:
    """Every wrong field is told as one of any other body."""
    errors = []
    for mistake in decide.check_answers(item, body.answers):
        context = dict(mistake.params)
        if mistake.message is not None:
            context["error"] = ValueError(mistake.message)
        place = ("body", "answers", mistake.field) if mistake.field else ("body", "answers")
        errors.append({"type": mistake.kind, "loc": place, "msg": "wrong", "ctx": context})
    if errors:
        raise RequestValidationError(errors, body=body.model_dump())
