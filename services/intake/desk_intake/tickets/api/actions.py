"""What is done with a ticket, one address for each action; who may do it is in each signature."""

from collections.abc import Sequence
from functools import partial

from desk_charter.people import Team
from desk_contracts import Payload
from desk_contracts.errors import Invalid
from desk_contracts.message import Param, message
from desk_kernel import Context
from fastapi import APIRouter
from starlette.responses import Response

from desk_intake.tickets import concerned
from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.answers import TicketView
from desk_intake.tickets.api.bodies import (
    Assignment,
    EmptyBody,
    NewComment,
    Pause,
    PersonRequest,
    ReopenRequest,
    Resolution,
    in_utc,
)
from desk_intake.tickets.api.calls import (
    ByAnybody,
    ByReaders,
    ByStaff,
    finish,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket


def anybody_router(deps: TicketDeps) -> APIRouter:
    """What whoever asked can do with a ticket, and staff as well."""
    router = APIRouter(prefix="/v1/tickets/{ticket}", tags=["actions"])

    @router.post("/comments", response_model=TicketView, summary="Say something")
    async def add_comment(body: NewComment, action: ByReaders) -> Response:
        """An answer or a remark. An employee's answer ends the wait for it."""
        comment = partial(life.comment, actor=action.actor, text=body.text, public=body.public)
        return await finish(deps, action, lambda it, _: comment(it))

    @router.post("/resolve", response_model=TicketView, summary="It is solved, or no longer needed")
    async def resolve_ticket(body: Resolution, action: ByAnybody) -> Response:
        """Staff solve tickets; whoever asked can say that help is no longer needed."""
        how = (body.resolution, body.how, body.cause, body.code)
        return await finish(deps, action, lambda it, _: life.resolve(it, action.actor, *how))

    @router.post("/confirm", response_model=TicketView, summary="It is solved, says who asked")
    async def confirm_ticket(action: ByAnybody, _body: EmptyBody | None = None) -> Response:
        """Only whoever asked can say so. Until it closes they can still say that it is not."""
        return await finish(deps, action, lambda it, _: life.confirm(it, action.actor))

    @router.post("/reopen", response_model=TicketView, summary="It was not solved")
    async def reopen_ticket(body: ReopenRequest, action: ByAnybody) -> Response:
        """The team gets it back. From whoever asked it says that the resolution solved nothing."""
        why = body.reason
        return await finish(deps, action, lambda it, _: life.reopen(it, action.actor, why))

    @router.post("/person", response_model=TicketView, summary="Talk to a person")
    async def request_person(action: ByAnybody, body: PersonRequest | None = None) -> Response:
        """The team is told at once, and `person` says how long others waited for one."""
        ask = partial(concerned.request_person, actor=action.actor, text=body.text if body else "")
        return await finish(deps, action, lambda it, _: ask(it))

    @router.post("/close", response_model=TicketView, summary="All is well")
    async def close_ticket(action: ByAnybody, _body: EmptyBody | None = None) -> Response:
        """Ends a resolved ticket; without it, it closes by itself. It confirms nothing."""
        return await finish(deps, action, lambda it, _: life.close(it, action.actor))

    return router


def staff_router(deps: TicketDeps) -> APIRouter:
    """What teams do with a ticket."""
    router = APIRouter(prefix="/v1/tickets/{ticket}", tags=["actions"])

    @router.post("/start", response_model=TicketView, summary="Begin to work on it")
    async def start_work(action: ByStaff, _body: EmptyBody | None = None) -> Response:
        """The caller works on it now."""
        return await finish(deps, action, lambda it, _: life.start(it, action.actor))

    @router.post("/pause", response_model=TicketView, summary="Wait for somebody else")
    async def pause_work(body: Pause, action: ByStaff) -> Response:
        """Work waits for the employee, a vendor or an approval; `until` ends the wait anyhow."""
        return await finish(deps, action, partial(_pause, body, action.actor))

    @router.post("/resume", response_model=TicketView, summary="Go on")
    async def resume_work(action: ByStaff, _body: EmptyBody | None = None) -> Response:
        """The wait is over."""
        return await finish(deps, action, lambda it, _: life.resume(it, action.actor))

    @router.post("/take", response_model=TicketView, summary="Take it")
    async def take_ticket(action: ByStaff, _body: EmptyBody | None = None) -> Response:
        """The caller has it now, for their own team."""
        return await finish(deps, action, lambda it, _: life.take(it, action.actor))

    @router.post("/assign", response_model=TicketView, summary="Hand it to a team or a member")
    async def assign_ticket(body: Assignment, action: ByStaff) -> Response:
        """A person's choice; triage learns from it and leaves it alone."""
        return await finish(deps, action, partial(_assign, deps, body, action.actor))

    return router


def _pause(body: Pause, actor: Actor, ticket: Ticket, context: Context) -> Sequence[Payload]:
    until = in_utc(body.until)
    return life.pause(ticket, actor, body.waiting_for, until, context.now, body.text)


def _assign(
    deps: TicketDeps, body: Assignment, actor: Actor, ticket: Ticket, _context: Context
) -> Sequence[Payload]:
    team = _find_team(deps, body.team or ticket.team or actor.team, actor)
    _check_member(team, body.member)
    return life.assign(ticket, actor, team.name, body.member, body.reason)


def _find_team(deps: TicketDeps, written: str, actor: Actor) -> Team:
    """A team that is hidden from the caller is one that there is not."""
    charter = deps.charter()
    team = charter.team_called(written)
    if team is not None and not actor.sight.hides(team=team.name):
        return team
    names = sorted(item.name for item in charter.teams if not actor.sight.hides(team=item.name))
    reason = message("refused.nobody-has-it", known=names)
    if written:
        reason = message("refused.unknown-team", team=written, known=names)
    raise Invalid(reason, code="unknown-team", team=written)


def _check_member(team: Team, member: str) -> None:
    members = [item.id for item in team.members]
    if member and member not in members:
        facts: dict[str, Param] = {"member": member, "team": team.title}
        reason = message("refused.no-members", **facts)
        if members:
            reason = message("refused.unknown-member", members=members, **facts)
        raise Invalid(reason, code="unknown-member", member=member)
