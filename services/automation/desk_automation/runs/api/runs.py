"""Runs and runbooks over HTTP: what was done and why, and the hand on the brake."""

from typing import Annotated

from desk_contracts.frozen import example
from desk_kernel import Context, Decision
from desk_kernel.sight import Sight
from desk_platform.http import (
    Cursors,
    IdempotentCall,
    Page,
    PageRequest,
    Principal,
    RequestModel,
    Role,
    etag,
    find_visible,
    link_next,
    not_modified,
    page_request,
    place_of,
    require,
    require_key,
    sight,
)
from desk_platform.kafka.unit_of_work import Cause
from desk_platform.store import Listed
from desk_platform.store.pages import After
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from desk_automation.runs import lifecycle
from desk_automation.runs.api.views import (
    STAFF_OF_RUNS,
    RunDetail,
    RunsApi,
    RunView,
    may_see_run,
    show_run,
    summarize_run,
)
from desk_automation.runs.model import Phase, Run

_may_see = require(*STAFF_OF_RUNS)


_may_stop = require(Role.MEMBER)
Member = Annotated[Principal, Depends(_may_stop)]
Call = Annotated[IdempotentCall, Depends(require_key)]


def run_router(api: RunsApi, cursors: Cursors) -> APIRouter:
    """The routes about runs."""
    router = APIRouter(prefix="/v1")
    _add_listing(router, api, cursors)
    _add_showing(router, api)
    _add_brakes(router, api)
    return router


def _add_listing(router: APIRouter, api: RunsApi, cursors: Cursors) -> None:
    @router.get("/runs", tags=["runs"], summary="Runs, newest first")
    async def list_runs(  # noqa: PLR0913, PLR0917 (each is a parameter of the route)
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(_may_see)],
        page: Annotated[PageRequest, Depends(page_request)],
        target: Annotated[str | None, Query(max_length=200, description="Its target.")] = None,
        runbook: Annotated[str | None, Query(max_length=63, description="Its runbook.")] = None,
        phase: Annotated[Phase | None, Query(description="Where it is.")] = None,
    ) -> Page[RunView]:
        """With filters; a filter that fits nothing gives an empty page."""
        given = {"target": target, "runbook": runbook, "phase": phase and str(phase)}
        facets = {name: value for name, value in given.items() if value}
        listing = f"runs/{sorted(facets.items())}"
        position = cursors.read(listing, page.cursor) if page.cursor else None
        seen = sight(request, principal)

        async def some(after: After | None, limit: int) -> list[Listed[Run]]:
            return await api.runs.find_brief(facets, order="newest", after=after, limit=limit)

        listed = await find_visible(
            some,
            lambda listed_run: listed_run.state is not None and may_see_run(listed_run.state, seen),
            (position.sort, position.id) if position else None,
            page.limit,
        )
        following = None
        if len(listed) > page.limit:
            following = cursors.write(listing, place_of(listed[page.limit - 1]))
            response.headers["Link"] = link_next(request, following)
        states = (item.state for item in listed[: page.limit] if item.state is not None)
        return Page(items=tuple(map(summarize_run, states)), next=following)


def _add_showing(router: APIRouter, api: RunsApi) -> None:
    @router.get("/runs/{id}", tags=["runs"], summary="One run with its journal")
    async def get_run(
        request: Request,
        response: Response,
        id: str,
        principal: Annotated[Principal, Depends(_may_see)],
    ) -> RunDetail:
        """The journal says in words what was done, what came back and what is in doubt."""
        stored = (await api.runs.load([id])).get(id)
        if stored is None or stored.state is None:
            raise api.refuse(id)
        if not may_see_run(stored.state, sight(request, principal)):
            raise api.refuse(id)
        if (unchanged := not_modified(request, stored.version)) is not None:
            return unchanged  # type: ignore[return-value]  # a 304 has no body
        response.headers["ETag"] = etag(stored.version)
        return show_run(stored.state)


class Comment(RequestModel):
    """Why somebody stops a run or takes it over."""

    model_config = example(comment="The laptop is on its way to be repaired.")

    comment: Annotated[str, Field(max_length=2000)] = ""
    """What people read who get the run."""


def _add_brakes(router: APIRouter, api: RunsApi) -> None:
    @router.post("/runs/{id}/stop", tags=["runs"], summary="Stop a run before its next step")
    async def stop_run(
        request: Request, id: str, body: Comment, caller: Member, call: Call
    ) -> RunDetail:
        """A call that is under way is not torn off; nothing is sent after it. Where something was
        begun, people get the run with what was done."""
        brake = lifecycle.Brake(caller.subject, body.comment)
        return await _brake(api, id, sight(request, caller), call, brake)

    @router.post("/runs/{id}/take", tags=["runs"], summary="Take a run over and go on by hand")
    async def take_run(
        request: Request, id: str, body: Comment, caller: Member, call: Call
    ) -> RunDetail:
        """As stopping it, and a ticket with all that was done is opened in any case."""
        brake = lifecycle.Brake(caller.subject, body.comment, is_taken=True)
        return await _brake(api, id, sight(request, caller), call, brake)


async def _brake(
    api: RunsApi, id: str, seen: Sight, call: IdempotentCall, brake: lifecycle.Brake
) -> RunDetail:
    def rule(run: Run | None, context: Context) -> Decision[Run]:
        if run is None or not may_see_run(run, seen):
            raise api.refuse(id)
        decided = lifecycle.brake(run, brake, context.now)
        return decided._replace(due=decided.state.timer_at)

    changed = await api.journal.change(id, rule, Cause(call.seed, content=call.fingerprint))
    if changed.state is None:
        raise api.refuse(id)
    return show_run(changed.state)
