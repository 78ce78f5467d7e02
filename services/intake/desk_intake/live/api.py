"""Tickets as they change: one connection that stays open, as server-sent events.

Each event has an id. Whoever comes back with the last one as `Last-Event-ID`, at whichever replica,
is told what came after it. An event `reset` says that this cannot be: load what you show anew. A
stream ends after some minutes, for the sign-in to be looked at again; browsers come back then.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from desk_contracts.errors import NotFound
from desk_contracts.message import message
from desk_platform.http import STAFF, Principal, require
from desk_platform.http.streams import STREAM_OF_JSON, EventStream
from fastapi import APIRouter, Depends, Header, Request

from desk_intake.live.model import Audience
from desk_intake.live.worker import Listener, LiveTickets
from desk_intake.tickets.api.calls import Caller, actor_of, find, list_reader
from desk_intake.tickets.api.deps import TicketDeps

LastId = Annotated[
    str, Header(alias="Last-Event-ID", max_length=4_000, description="Go on behind this event.")
]
Staff = Annotated[Principal, Depends(require(*STAFF))]


@dataclass(frozen=True, slots=True)
class LiveDeps:
    """What the routes need."""

    tickets: TicketDeps
    live: LiveTickets


def live_router(deps: LiveDeps) -> APIRouter:
    """Streams of a person, a team and a ticket."""
    router = APIRouter(prefix="/v1/live", tags=["live"], responses=STREAM_OF_JSON)

    @router.get("/mine", response_class=EventStream, status_code=200, summary="Follow your tickets")
    async def follow_person(
        request: Request, caller: Caller, last_event_id: LastId = ""
    ) -> EventStream:
        """Events `ticket` of what you asked for and of what you have taken."""
        audience = Audience("person", caller.subject)
        return await _stream(deps, request, caller, audience, last_event_id)

    @router.get(
        "/teams/{team}", response_class=EventStream, status_code=200, summary="Follow a team"
    )
    async def follow_team(
        request: Request, team: str, caller: Staff, last_event_id: LastId = ""
    ) -> EventStream:
        """Events `ticket` of what the team has, and of what it gives away."""
        seen = actor_of(request, caller).sight
        charter = deps.tickets.charter()
        called = charter.team_called(team)
        if called is None or seen.hides(team=called.name):
            shown = sorted(item.name for item in charter.teams if not seen.hides(team=item.name))
            why = message("refused.unknown-team", team=team, known=shown)
            raise NotFound(why, code="unknown-team", team=team)
        return await _stream(deps, request, caller, Audience("team", called.name), last_event_id)

    @router.get(
        "/tickets/{ticket}", response_class=EventStream, status_code=200, summary="Follow a ticket"
    )
    async def follow_ticket(
        request: Request, ticket: str, caller: Caller, last_event_id: LastId = ""
    ) -> EventStream:
        """Events `ticket` of that one; internal comments only for staff, and not on their own."""
        followed = await find(deps.tickets, ticket, actor_of(request, caller))
        return await _stream(deps, request, caller, Audience("ticket", followed.id), last_event_id)

    return router


async def _stream(
    deps: LiveDeps, request: Request, caller: Principal, audience: Audience, last_id: str
) -> EventStream:
    await deps.live.prepare()
    actor = partial(actor_of, request, caller)
    listener = Listener(audience, actor, list_reader(deps.tickets))
    return EventStream(request, caller.subject, deps.live.follow(listener, last_id), listener.end)
