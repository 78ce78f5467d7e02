"""Who else a ticket is about: those who watch it, and those who have the same trouble."""

from desk_contracts.people import canonical_person
from fastapi import APIRouter
from starlette.responses import Response

from desk_intake.tickets import concerned
from desk_intake.tickets.answers import TicketView
from desk_intake.tickets.api.bodies import SomePerson
from desk_intake.tickets.api.calls import ByAnybody, ByReaders, TicketAction, finish
from desk_intake.tickets.api.deps import TicketDeps


def people_router(deps: TicketDeps) -> APIRouter:
    """Watching, and "me too"."""
    router = APIRouter(prefix="/v1/tickets/{ticket}", tags=["actions"])

    @router.post("/watch", response_model=TicketView, summary="Let somebody follow it")
    async def watch_ticket(body: SomePerson, action: ByAnybody) -> Response:
        """Whoever asked, and staff, let others read the ticket and comment on it."""
        person = _person(body, action)
        return await finish(deps, action, lambda it, _: concerned.watch(it, action.actor, person))

    @router.post("/unwatch", response_model=TicketView, summary="Follow it no longer")
    async def unwatch_ticket(body: SomePerson, action: ByReaders) -> Response:
        """Watchers go by themselves; whoever asked, and staff, take them off."""
        person = _person(body, action)
        return await finish(deps, action, lambda it, _: concerned.unwatch(it, action.actor, person))

    @router.post("/me-too", response_model=TicketView, summary="Somebody else has it too")
    async def join_ticket(body: SomePerson, action: ByReaders) -> Response:
        """Counts who has the same trouble: watchers say so of themselves, staff of anybody."""
        person = _person(body, action)
        return await finish(deps, action, lambda it, _: concerned.join(it, action.actor, person))

    return router


def _person(body: SomePerson, action: TicketAction) -> str:
    return action.actor.id if body.person is None else canonical_person(body.person)
