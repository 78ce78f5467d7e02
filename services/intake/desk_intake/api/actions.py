"""What is done with a ticket, one address for each deed; who may do it is in each signature."""

from typing import Annotated

from desk_shared.bus import Turn
from desk_shared.errors import Invalid
from desk_shared.events import Payload
from desk_shared.http import STAFF, Principal, keyed, require
from desk_shared.http.idempotency import IdempotentCall
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from desk_intake.api.bodies import (
    Assignment,
    Merge,
    NewNote,
    NoWords,
    Objection,
    Pause,
    Resolution,
    in_utc,
)
from desk_intake.api.calls import actor_of, answer, change, deps_of, find
from desk_intake.domain import life
from desk_intake.domain.model import Ticket
from desk_intake.domain.view import TicketView
from desk_intake.domain.words import joined
from desk_intake.ports import IntakeDeps

router = APIRouter(prefix="/v1/tickets/{ticket}", tags=["actions"])

Caller = Annotated[Principal, Depends(require())]
Staff = Annotated[Principal, Depends(require(*STAFF))]
Call = Annotated[IdempotentCall, Depends(keyed)]


@router.post("/notes", response_model=TicketView, summary="Say something")
async def add_note(
    request: Request, ticket: str, body: NewNote, caller: Caller, call: Call
) -> Response:
    """An answer or a remark. An employee's answer ends the wait for it."""
    actor = actor_of(caller)

    def decide(found: Ticket, _turn: Turn) -> list[Payload]:
        return life.note(found, actor, body.text, public=body.public)

    return answer(request, await change(request, ticket, actor, call, decide), actor)


@router.post("/start", response_model=TicketView, summary="Begin to work on it")
async def start_work(
    request: Request, ticket: str, caller: Staff, call: Call, _body: NoWords | None = None
) -> Response:
    """The caller works on it now."""
    actor = actor_of(caller)

    def decide(found: Ticket, _turn: Turn) -> list[Payload]:
        return life.start(found, actor)

    return answer(request, await change(request, ticket, actor, call, decide), actor)


@router.post("/pause", response_model=TicketView, summary="Wait for somebody else")
async def pause_work(
    request: Request, ticket: str, body: Pause, caller: Staff, call: Call
) -> Response:
    """Work waits for the employee, a vendor or an approval; `until` ends the wait in any case."""
    actor = actor_of(caller)

    def decide(found: Ticket, turn: Turn) -> list[Payload]:
        until = in_utc(body.until)
        return life.pause(found, actor, body.waiting_for, until, turn.now, body.text)

    return answer(request, await change(request, ticket, actor, call, decide), actor)


@router.post("/resume", response_model=TicketView, summary="Go on")
async def resume_work(
    request: Request, ticket: str, caller: Staff, call: Call, _body: NoWords | None = None
) -> Response:
    """The wait is over."""
    actor = actor_of(caller)

    def decide(found: Ticket, _turn: Turn) -> list[Payload]:
        return life.resume(found, actor)

    return answer(request, await change(request, ticket, actor, call, decide), actor)


@router.post("/resolve", response_model=TicketView, summary="It is solved, or no longer needed")
async def resolve_ticket(
    request: Request, ticket: str, body: Resolution, caller: Caller, call: Call
) -> Response:
    """Staff solve tickets; whoever asked can say that help is no longer needed."""
    actor = actor_of(caller)

    def decide(found: Ticket, _turn: Turn) -> list[Payload]:
        return life.resolve(found, actor, body.resolution, body.how, body.cause)

    return answer(request, await change(request, ticket, actor, call, decide), actor)


@router.post("/reopen", response_model=TicketView, summary="It was not solved")
async def reopen_ticket(
    request: Request, ticket: str, body: Objection, caller: Caller, call: Call
) -> Response:
    """The team gets it back."""
    actor = actor_of(caller)

    def decide(found: Ticket, _turn: Turn) -> list[Payload]:
        return life.reopen(found, actor, body.reason)

    return answer(request, await change(request, ticket, actor, call, decide), actor)


@router.post("/close", response_model=TicketView, summary="All is well")
async def close_ticket(
    request: Request, ticket: str, caller: Caller, call: Call, _body: NoWords | None = None
) -> Response:
    """Ends a resolved ticket; without it, it closes by itself."""
    actor = actor_of(caller)

    def decide(found: Ticket, _turn: Turn) -> list[Payload]:
        return life.close(found, actor)

    return answer(request, await change(request, ticket, actor, call, decide), actor)


@router.post("/assign", response_model=TicketView, summary="Give it to a team or a member")
async def assign_ticket(
    request: Request, ticket: str, body: Assignment, caller: Staff, call: Call
) -> Response:
    """A person's choice; triage learns from it and leaves it alone."""
    actor, deps = actor_of(caller), deps_of(request)

    def decide(found: Ticket, _turn: Turn) -> list[Payload]:
        team = body.team or found.team or actor.team
        _check_team(deps, team, body.member)
        return life.assign(found, actor, team, body.member, body.reason)

    return answer(request, await change(request, ticket, actor, call, decide), actor)


def _check_team(deps: IntakeDeps, name: str, member: str) -> None:
    charter = deps.charter()
    team = charter.find_team(name)
    if team is None:
        known = joined(sorted(one.name for one in charter.teams))
        said = f"There is no team '{name}'" if name else "Nobody has this ticket yet"
        raise Invalid(f"{said}; name one of these: {known}.", code="unknown-team", team=name)
    members = [one.id for one in team.members]
    if member and member not in members:
        raise Invalid(
            f"'{member}' is not in the team {team.title}; leave `member` out or name"
            f" {joined(members) if members else 'nobody, as the team lists no members'}.",
            code="unknown-member",
            member=member,
        )


@router.post("/merge", response_model=TicketView, summary="Go on inside another ticket")
async def merge_ticket(
    request: Request, ticket: str, body: Merge, caller: Staff, call: Call
) -> Response:
    """For two tickets of one person about one thing. Repeating completes what a crash cut."""
    actor = actor_of(caller)
    into = await find(deps_of(request), body.into, actor)

    def decide(found: Ticket, _turn: Turn) -> list[Payload]:
        return life.merge(found, actor, into)

    def take_in(other: Ticket, _turn: Turn) -> list[Payload]:
        return life.take_in(other, merged)

    merged = await change(request, ticket, actor, call, decide)
    await change(request, into.id, actor, call, take_in)
    return answer(request, merged, actor)
