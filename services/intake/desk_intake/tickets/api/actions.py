"""What is done with a ticket, one address for each deed; who may do it is in each signature."""

from dataclasses import dataclass
from typing import Annotated

from desk_contracts import Payload
from desk_contracts.errors import Invalid
from desk_contracts.message import Param, message
from desk_kernel import Context
from desk_platform.http import STAFF, Principal, require
from desk_platform.http.idempotency import IdempotentCall
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.api.bodies import (
    Assignment,
    EmptyBody,
    Merge,
    NewComment,
    Pause,
    ReopenRequest,
    Resolution,
    in_utc,
)
from desk_intake.tickets.api.calls import (
    Call,
    Caller,
    Decide,
    actor_of,
    answer,
    change,
    deps_of,
    find,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.view import TicketView

router = APIRouter(prefix="/v1/tickets/{ticket}", tags=["actions"])


@dataclass(frozen=True, slots=True)
class TicketAction:
    """One thing that somebody does with a ticket, once however often it is asked for."""

    request: Request
    ticket: str
    actor: Actor
    call: IdempotentCall

    async def done(self, decide: Decide) -> Response:
        """The ticket after it, as this caller may see it."""
        return await self.answer(await self.change(self.ticket, decide))

    async def change(self, ticket: str, decide: Decide) -> Ticket:
        """A ticket that it changes."""
        return await change(self.request, ticket, self.actor, self.call, decide)

    async def answer(self, ticket: Ticket) -> Response:
        """A ticket as this caller may see it."""
        return await answer(self.request, ticket, self.actor)


async def _of_anybody(request: Request, ticket: str, caller: Caller, call: Call) -> TicketAction:
    return TicketAction(request, ticket, actor_of(request, caller), call)


async def _of_staff(
    request: Request,
    ticket: str,
    caller: Annotated[Principal, Depends(require(*STAFF))],
    call: Call,
) -> TicketAction:
    return TicketAction(request, ticket, actor_of(request, caller), call)


ByAnybody = Annotated[TicketAction, Depends(_of_anybody)]
ByStaff = Annotated[TicketAction, Depends(_of_staff)]


@router.post("/comments", response_model=TicketView, summary="Say something")
async def add_comment(body: NewComment, action: ByAnybody) -> Response:
    """An answer or a remark. An employee's answer ends the wait for it."""
    return await action.done(
        lambda ticket, _context: life.comment(ticket, action.actor, body.text, public=body.public)
    )


@router.post("/start", response_model=TicketView, summary="Begin to work on it")
async def start_work(action: ByStaff, _body: EmptyBody | None = None) -> Response:
    """The caller works on it now."""
    return await action.done(lambda ticket, _context: life.start(ticket, action.actor))


@router.post("/pause", response_model=TicketView, summary="Wait for somebody else")
async def pause_work(body: Pause, action: ByStaff) -> Response:
    """Work waits for the employee, a vendor or an approval; `until` ends the wait in any case."""
    until = in_utc(body.until)
    return await action.done(
        lambda ticket, context: life.pause(
            ticket, action.actor, body.waiting_for, until, context.now, body.text
        )
    )


@router.post("/resume", response_model=TicketView, summary="Go on")
async def resume_work(action: ByStaff, _body: EmptyBody | None = None) -> Response:
    """The wait is over."""
    return await action.done(lambda ticket, _context: life.resume(ticket, action.actor))


@router.post("/resolve", response_model=TicketView, summary="It is solved, or no longer needed")
async def resolve_ticket(body: Resolution, action: ByAnybody) -> Response:
    """Staff solve tickets; whoever asked can say that help is no longer needed."""
    return await action.done(
        lambda ticket, _context: life.resolve(
            ticket, action.actor, body.resolution, body.how, body.cause
        )
    )


@router.post("/reopen", response_model=TicketView, summary="It was not solved")
async def reopen_ticket(body: ReopenRequest, action: ByAnybody) -> Response:
    """The team gets it back."""
    return await action.done(
        lambda ticket, _context: life.reopen(ticket, action.actor, body.reason)
    )


@router.post("/close", response_model=TicketView, summary="All is well")
async def close_ticket(action: ByAnybody, _body: EmptyBody | None = None) -> Response:
    """Ends a resolved ticket; without it, it closes by itself."""
    return await action.done(lambda ticket, _context: life.close(ticket, action.actor))


@router.post("/assign", response_model=TicketView, summary="Give it to a team or a member")
async def assign_ticket(body: Assignment, action: ByStaff) -> Response:
    """A person's choice; triage learns from it and leaves it alone."""
    actor, deps = action.actor, deps_of(action.request)

    def decide(ticket: Ticket, _context: Context) -> list[Payload]:
        team = body.team or ticket.team or actor.team
        _check_team(deps, team, body.member, actor)
        return life.assign(ticket, actor, team, body.member, body.reason)

    return await action.done(decide)


def _check_team(deps: TicketDeps, name: str, member: str, actor: Actor) -> None:
    """A team that is hidden from the caller is one that there is not."""
    shown = [item for item in deps.charter().teams if not actor.sight.hides(team=item.name)]
    team = next((item for item in shown if item.name == name), None)
    if team is None:
        names = sorted(item.name for item in shown)
        reason = message("refused.nobody-has-it", known=names)
        if name:
            reason = message("refused.unknown-team", team=name, known=names)
        raise Invalid(reason, code="unknown-team", team=name)
    members = [item.id for item in team.members]
    if member and member not in members:
        facts: dict[str, Param] = {"member": member, "team": team.title}
        reason = message("refused.no-members", **facts)
        if members:
            reason = message("refused.unknown-member", members=members, **facts)
        raise Invalid(reason, code="unknown-member", member=member)


@router.post("/merge", response_model=TicketView, summary="Go on inside another ticket")
async def merge_ticket(body: Merge, action: ByStaff) -> Response:
    """For two tickets of one person about one thing. Repeating completes what a crash cut."""
    into = await find(deps_of(action.request), body.into, action.actor)
    merged = await action.change(
        action.ticket, lambda ticket, _context: life.merge(ticket, action.actor, into)
    )
    await action.change(into.id, lambda other, _context: life.take_in(other, merged))
    return await action.answer(merged)
