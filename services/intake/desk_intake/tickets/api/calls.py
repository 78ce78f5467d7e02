"""What calls on a ticket share: who calls, which ticket is meant, one safe change, answers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, TypeVar
from zlib import crc32

from desk_contracts import Payload
from desk_contracts.errors import Transient
from desk_contracts.ids import derive_id, is_code, ticket_code
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_platform.http import (
    STAFF,
    KeyedCaller,
    Precondition,
    Principal,
    Role,
    check_same,
    etag,
    not_modified,
    optional_precondition,
    precondition,
    require,
    require_key,
    require_with_key,
    sight,
)
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.http.language import spoken_catalogue
from desk_platform.http.tickets import find_ticket, ticket_asked
from desk_platform.store import Stored, readable
from desk_platform.store.idempotency import KeptCall
from desk_platform.telemetry import current_traceparent
from fastapi import Depends, Request
from starlette.responses import Response

from desk_intake.tickets.answers import View
from desk_intake.tickets.api.deps import TicketDeps, TicketRule
from desk_intake.tickets.calls import NOTHING, Command, Recalled, Unsure, until
from desk_intake.tickets.lifecycle import Actor, check_may_act, seen, sees_internal
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.outlook import Outlook
from desk_intake.tickets.record import Cause, record
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.timers import due_of
from desk_intake.tickets.view import Reader, show

Changed = TypeVar("Changed")

# Each look finds what was dropped before it; only as many calls at once could outrun this.
_MAX_LOOKS = 8
# Views differ by reader and change at any moment: keep them, but ask before using them again.
PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

# People act here for themselves, staff on what is theirs to do.
Caller = Annotated[Principal, Depends(require(Role.EMPLOYEE, *STAFF))]
Call = Annotated[IdempotentCall, Depends(require_key)]
KeyedCall = Annotated[KeyedCaller, Depends(require_with_key(Role.EMPLOYEE, *STAFF))]
Decide = Callable[[Ticket, Context], Sequence[Payload]]
# A name for it: annotations of a function inside another are evaluated at each call.
Decided = Decision[Ticket] | None
# Who may know of a ticket: the ticket, or `NotFound`.
Look = Callable[[Ticket | None, Actor, str], Ticket]


def actor_of(request: Request, principal: Principal) -> Actor:
    """The caller in the words of the domain."""
    is_staff = principal.has_role(*STAFF)
    return Actor(principal.subject, is_staff, principal.team or "", sight(request, principal))


@dataclass(frozen=True, slots=True)
class TicketAction:
    """One thing that somebody does with a ticket, once however often it is asked for."""

    request: Request
    ticket: str
    """Its id or code."""
    actor: Actor
    call: IdempotentCall
    version: Precondition | None
    """Which version they decided on, if they say so."""
    is_for_watchers: bool = False


Version = Annotated[Precondition | None, Depends(optional_precondition)]


async def _of_anybody(
    request: Request, ticket: str, keyed: KeyedCall, version: Version
) -> TicketAction:
    return TicketAction(request, ticket, actor_of(request, keyed.principal), keyed.call, version)


async def _of_staff(
    request: Request,
    ticket: str,
    keyed: Annotated[KeyedCaller, Depends(require_with_key(*STAFF))],
    version: Version,
) -> TicketAction:
    return TicketAction(request, ticket, actor_of(request, keyed.principal), keyed.call, version)


ByAnybody = Annotated[TicketAction, Depends(_of_anybody)]


async def _of_readers(action: ByAnybody) -> TicketAction:
    return replace(action, is_for_watchers=True)


async def _of_version(
    action: ByAnybody, _version: Annotated[Precondition, Depends(precondition)]
) -> TicketAction:
    return action


OfVersion = Annotated[TicketAction, Depends(_of_version)]
ByReaders = Annotated[TicketAction, Depends(_of_readers)]
ByStaff = Annotated[TicketAction, Depends(_of_staff)]


def reader_of(deps: TicketDeps, actor: Actor, ticket: Ticket) -> Reader:
    """For whom an answer about this ticket is made."""
    return _reader(deps, sees_internal=sees_internal(ticket, actor))


def list_reader(deps: TicketDeps) -> Reader:
    """For what shows no lines of a ticket, or only those that were chosen for the caller before."""
    return _reader(deps, sees_internal=False)


def _reader(deps: TicketDeps, *, sees_internal: bool) -> Reader:
    titles = deps.charter().team_titles
    return Reader(sees_internal, titles, deps.close_after, spoken_catalogue())


@dataclass(frozen=True, slots=True)
class Origin:
    """What a change's events belong to, beside the call that caused them."""

    correlation_id: str = ""
    traceparent: str = ""


def origin_of(request: Request) -> Origin:
    """The correlation id and the trace of a request."""
    return Origin(request.scope.get("desk.correlation_id", ""), current_traceparent() or "")


def cause_of_call(origin: Origin, call: IdempotentCall, id: str, context: Context) -> Cause:
    """The call as the cause of events; the same call gives the same ids."""
    return Cause(
        id=derive_id(call.seed, f"call/{id}"),
        at=context.now,
        correlation_id=origin.correlation_id,
        traceparent=origin.traceparent,
    )


async def find(deps: TicketDeps, ref: str, actor: Actor, look: Look = seen) -> Ticket:
    """The ticket of that id or code, if this caller may know of it."""
    ref = ticket_asked(ref)
    stored = await find_ticket(deps.tickets, ref)
    return look(stored.read() if stored else None, actor, ref)


async def change(
    deps: TicketDeps,
    action: TicketAction,
    decide: Decide,
    look: Look = seen,
) -> Ticket:
    """The ticket after what the call decides; a call that was carried out before does nothing."""
    ref, actor = ticket_asked(action.ticket), action.actor
    id = (await find(deps, ref, actor, look)).id if is_code(ref) else ref

    def look_at(state: Ticket | None) -> Ticket:
        return look(state, actor, ref)

    def decide_allowed(ticket: Ticket, context: Context) -> Sequence[Payload]:
        # What approvers may do, the decision says itself.
        if look is seen and not action.is_for_watchers:
            check_may_act(ticket, actor)
        if action.version is not None:
            action.version.check(ticket.sequence)
        return decide(ticket, context)

    origin = origin_of(action.request)
    return await change_once(deps, id, action.call, origin, decide_allowed, look=look_at)


def _must_exist(ticket: Ticket | None) -> Ticket:
    if ticket is None:
        raise LookupError("this ticket was there a moment ago")
    return ticket


async def change_once(
    deps: TicketDeps,
    id: str,
    call: IdempotentCall,
    origin: Origin,
    decide: Decide,
    *,
    look: Callable[[Ticket | None], Ticket] = _must_exist,
) -> Ticket:
    """The ticket of that id after what is decided on it, once however often the call comes.

    `look` gives the ticket of what is stored, or refuses.
    """

    def rule(recalled: Recalled, state: Ticket | None, context: Context) -> Decided:
        ticket = look(state)
        if (fingerprint := ticket.find_fingerprint(call.seed, recalled)) is not None:
            check_same(call, fingerprint)
            return None
        decided = decide(ticket, context)
        recorded = record(
            ticket.id, ticket, decided, cause_of_call(origin, call, ticket.id, context)
        )
        after = recorded.state if recorded else ticket
        command = command_of(call, context)
        events = recorded.events if recorded else ()
        due = due_of(after, deps.close_after)
        return Decision(after.with_command(command, recalled), events, due)

    return await once(deps, call, lambda recalled: change_stored(deps, id, partial(rule, recalled)))


def ticket_of_call(call: IdempotentCall) -> str:
    """The id of the ticket that the call opens."""
    return derive_id(call.seed, "ticket-of-call")


async def open_once(
    deps: TicketDeps,
    call: IdempotentCall,
    origin: Origin,
    build: Callable[[str], Sequence[Payload]],
) -> tuple[Ticket, bool]:
    """The ticket that a call opens, and whether it was open before: a call opens one for ever.

    `build` gives its first events for a code.
    """
    id = ticket_of_call(call)
    was_there = False

    def rule(recalled: Recalled, state: Ticket | None, context: Context) -> Decided:
        nonlocal was_there
        if state is not None:
            check_same(call, state.find_fingerprint(call.seed, recalled) or call.fingerprint)
            was_there = True
            return None
        cause = cause_of_call(origin, call, id, context)
        recorded = record(id, None, build(ticket_code(id, context.round)), cause)
        if recorded is None:
            return None
        return Decision(recorded.state.with_command(command_of(call, context)), recorded.events)

    ticket = await once(
        deps, call, lambda recalled: change_stored(deps, id, partial(rule, recalled), is_first=True)
    )
    return ticket, was_there


async def answer_opened(
    deps: TicketDeps, request: Request, opened: tuple[Ticket, bool], actor: Actor
) -> Response:
    """The new ticket; the header says if it is that of an earlier call."""
    ticket, was_there = opened
    response = await answer(deps, request, ticket, actor, 201, is_new=not was_there)
    if was_there:
        response.headers["Idempotency-Replayed"] = "true"
    return response


async def once(
    deps: TicketDeps, call: IdempotentCall, ask: Callable[[Recalled], Awaitable[Changed]]
) -> Changed:
    """What `ask` answers once enough is known of calls that are not in the document any more."""
    recalled = NOTHING
    for _ in range(_MAX_LOOKS):
        try:
            return await ask(recalled)
        except Unsure as unsure:
            recalled = await _recall(deps, call, unsure)
    raise Transient(message("request.contended"), code="contended")


async def _recall(deps: TicketDeps, call: IdempotentCall, unsure: Unsure) -> Recalled:
    """Kept first, looked up then: in this order no call can be in neither place."""
    document, now = unsure.document, deps.clock.now()
    await deps.calls.keep(
        [
            KeptCall(document, item.key, item.fingerprint, until(item, now))
            for item in unsure.to_keep
        ]
    )
    fingerprint = await deps.calls.find(document, call.seed)
    return Recalled(unsure.mark, fingerprint, frozenset(item.key for item in unsure.to_keep))


def command_of(call: IdempotentCall, context: Context) -> Command:
    """The call as the document remembers it."""
    return Command(key=call.seed, fingerprint=call.fingerprint, at=context.now)


async def change_stored(
    deps: TicketDeps, id: str, rule: TicketRule, *, is_first: bool = False
) -> Ticket:
    """The ticket as the rule left it, safe in the store."""
    stored = await deps.changes.change(id, rule, is_first=is_first)
    if stored.state is None:
        raise LookupError(f"the rule left no ticket {id}")
    return stored.state


async def slas_of(deps: TicketDeps, tickets: Sequence[Ticket]) -> list[Stored[TicketSla]]:
    """What their clocks said last, in the same order; one that cannot be read hides no other."""
    slas, unreadable = await readable(deps.slas, [item.id for item in tickets])
    return [
        slas.get(id) or Stored(id, state=TicketSla(ticket=id, is_known=id not in unreadable))
        for id in (item.id for item in tickets)
    ]


async def answer(
    deps: TicketDeps,
    request: Request,
    ticket: Ticket,
    actor: Actor,
    status: int = 200,
    *,
    is_new: bool = False,
) -> Response:
    """The ticket as this caller may see it, with its ETag; 304 if that is what they have.

    Of one that is new no clock has said anything yet: that takes no read.
    """
    [sla] = [Stored(ticket.id)] if is_new else await slas_of(deps, [ticket])
    outlook = Outlook(await deps.pasts.foresee(ticket), await deps.pasts.foresee_person(ticket))
    # What is shown beside the ticket itself: its clocks, and what is expected if anything is.
    beside = crc32(f"{sla.version} {outlook}".encode()) if outlook.is_known else sla.version
    if request.method == "GET":
        unchanged = not_modified(request, ticket.sequence, beside)
        if unchanged is not None:
            return unchanged
    clocks = sla.read() or TicketSla(ticket=ticket.id)
    view = show(ticket, clocks, reader_of(deps, actor, ticket), outlook)
    return respond(view, ticket, status, beside=beside)


async def finish(deps: TicketDeps, action: TicketAction, decide: Decide) -> Response:
    """The ticket after what is decided, as this caller may see it."""
    ticket = await change(deps, action, decide)
    return await answer(deps, action.request, ticket, action.actor)


def respond(view: View, ticket: Ticket, status: int = 200, *, beside: int = 0) -> Response:
    """A view of a ticket; serialised here, as it is valid already."""
    headers = {"ETag": etag(ticket.sequence, beside), **PRIVATE}
    if status == 201:
        headers["Location"] = f"/v1/tickets/{ticket.id}"
    return Response(view.model_dump_json(), status, headers, "application/json")
