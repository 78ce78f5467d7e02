"""What ties two tickets, or a ticket and a problem: each call writes one document.

The other side is written when intake reads its own log, so a crash between the two cuts nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from desk_contracts import Payload
from desk_contracts.errors import Invalid, Transient
from desk_contracts.events.tickets import LinkKind, TicketLinked, TicketOpened
from desk_contracts.message import message
from fastapi import APIRouter
from starlette.responses import Response

from desk_intake.tickets import lifecycle as life
from desk_intake.tickets.answers import TicketView
from desk_intake.tickets.api.bodies import Merge, NewPart, ProblemLink
from desk_intake.tickets.api.calls import (
    ByStaff,
    TicketAction,
    answer_opened,
    find,
    finish,
    open_once,
    origin_of,
)
from desk_intake.tickets.api.deps import TicketDeps

# Longer than any merge takes; who dies holding it is waited for no longer than this.
_MERGING = timedelta(seconds=15)


def links_router(deps: TicketDeps) -> APIRouter:
    """Merge, split, link."""
    router = APIRouter(prefix="/v1/tickets/{ticket}", tags=["actions"])

    @router.post("/merge", response_model=TicketView, summary="Go on inside another ticket")
    async def merge_ticket(body: Merge, action: ByStaff) -> Response:
        """For two tickets of one person about one thing. The other one says so a moment later."""
        return await _merge(deps, body, action)

    @router.post("/split", status_code=201, response_model=TicketView, summary="Split it in two")
    async def split_ticket(body: NewPart, action: ByStaff) -> Response:
        """Answers with a new ticket of the same person. This one says so a moment later."""
        return await _split(deps, body, action)

    @router.post("/problem", response_model=TicketView, summary="Link it to a known problem")
    async def link_to_problem(body: ProblemLink, action: ByStaff) -> Response:
        """Both stay as they are: it is not solved with the problem unless triage joins it too."""
        return await _link_problem(deps, body, action)

    return router


async def _merge(deps: TicketDeps, body: Merge, action: TicketAction) -> Response:
    """One person's merges are one after the other: two in a circle would hide both tickets."""
    kept = await find(deps, body.into, action.actor)
    name = f"merge/{kept.requester}"
    lease = await deps.leases.acquire(name, action.call.seed, _MERGING)
    if lease is None:
        raise Transient(message("request.contended"), code="contended")
    try:
        into = await find(deps, body.into, action.actor)
        return await finish(deps, action, lambda it, _: life.merge(it, action.actor, into))
    finally:
        await deps.leases.forget(lease)


async def _split(deps: TicketDeps, body: NewPart, action: TicketAction) -> Response:
    whole = await find(deps, action.ticket, action.actor)

    def begin(code: str) -> Sequence[Payload]:
        life.check_may_act(whole, action.actor)
        life.check_split(whole)
        if action.version is not None:
            action.version.check(whole.sequence)
        opened = TicketOpened(
            code=code,
            kind=body.kind or whole.kind,
            title=body.title,
            description=body.description,
            requester=whole.requester,
            requester_written=whole.requester_written,
            channel=whole.channel,
            service=whole.service if body.service is None else body.service,
            device=whole.device,
            site=whole.site,
            group=whole.group,
            language=whole.language,
            split_from=whole.id,
        )
        text = message("link.split-from", code=whole.code, title=whole.title)
        return [
            opened,
            TicketLinked(kind=LinkKind.TICKET, target=whole.id, message=text, by=action.actor.id),
        ]

    opened = await open_once(deps, action.call, origin_of(action.request), begin)
    return await answer_opened(deps, action.request, opened, action.actor)


async def _link_problem(deps: TicketDeps, body: ProblemLink, action: TicketAction) -> Response:
    """A problem of a confidential service is one that there is not."""
    problem = await deps.find_problem(body.problem)
    if problem is None or action.actor.sight.hides(problem.service, problem.team):
        raise Invalid(
            message("refused.unknown-problem", problem=body.problem),
            code="unknown-problem",
            problem=body.problem,
        )
    link = partial(
        life.link_problem,
        actor=action.actor,
        problem=body.problem,
        title=problem.title,
        reason=body.reason,
    )
    return await finish(deps, action, lambda it, _: link(it))
