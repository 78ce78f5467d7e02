"""Runs and runbooks over HTTP: what was done and why, and the hand on the brake."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_contracts.errors import NotFound
from desk_contracts.events.automation import Outcome, StepStatus
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_kernel import Context, Decision
from desk_kernel.sight import Sight
from desk_platform.http import (
    Cursors,
    IdempotentCall,
    Page,
    PageRequest,
    Principal,
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
from desk_platform.http.language import sentence
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.unit_of_work import Cause
from desk_platform.store import Documents, Listed
from desk_platform.store.pages import After
from fastapi import APIRouter, Depends, Query, Request, Response

from desk_automation.runs import lifecycle
from desk_automation.runs.description import describe_line, describe_run
from desk_automation.runs.model import Phase, Run

_may_see = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


_may_cancel = require(Role.MEMBER)


class RunView(Frozen):
    """One run at a glance."""

    id: str
    """The run; proactive tickets name it as their origin."""
    runbook: str
    """Id of the runbook."""
    version: str
    """The content of the runbook that this run uses to its end."""
    title: str
    """What the runbook does."""
    target: str
    """What it acts on."""
    episode: str
    """The signal's episode that started it."""
    phase: Phase
    """Where the run is."""
    outcome: Outcome | None
    """What verification said, once the run is over."""
    corrects: Outcome | None
    """The outcome that was told first and that late measurements showed not to be so."""
    status: str
    """Where the run is and why, as a sentence."""
    plan_hash: str
    """Stands for exactly these steps on exactly this target."""
    created_at: datetime
    """When the runbook matched."""
    ended_at: datetime | None
    """When it was over."""


class LineView(Frozen):
    """One line of the journal."""

    at: datetime
    """When it was begun."""
    ended_at: datetime | None
    """When its outcome was known."""
    step: str
    """Id of the step or guard."""
    executor: str
    """The kind of action it is, by the name of what carries it out: http, wait."""
    status: StepStatus
    """What became of it."""
    attempt: int
    """Which try it was."""
    text: str
    """The same as a sentence."""


class RunDetail(RunView):
    """One run with its journal."""

    journal: tuple[LineView, ...]
    """What was done, in order; secrets are left out."""
    team: str
    """Who gets it when it does not help."""


@dataclass(frozen=True, slots=True)
class RunsApi:
    """What the routes need."""

    runs: Documents[Run]
    journal: CommandQueue[Run]


def run_router(api: RunsApi, cursors: Cursors) -> APIRouter:
    """The routes about runs."""
    router = APIRouter(prefix="/v1")
    _add_listing(router, api, cursors)
    _add_showing(router, api)
    _add_cancelling(router, api)
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
        return Page(items=tuple(map(_view, states)), next=following)


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
            raise _not_found(id)
        if not may_see_run(stored.state, sight(request, principal)):
            raise _not_found(id)
        if (unchanged := not_modified(request, stored.version)) is not None:
            return unchanged  # type: ignore[return-value]  # a 304 has no body
        response.headers["ETag"] = etag(stored.version)
        return _detail(stored.state)


def _add_cancelling(router: APIRouter, api: RunsApi) -> None:
    @router.post("/runs/{id}/cancel", tags=["runs"], summary="Stop a run before its next step")
    async def cancel_run(
        request: Request,
        id: str,
        principal: Annotated[Principal, Depends(_may_cancel)],
        call: Annotated[IdempotentCall, Depends(require_key)],
    ) -> RunDetail:
        """A call that is under way is not torn off; nothing is sent after it."""
        seen = sight(request, principal)

        def rule(run: Run | None, context: Context) -> Decision[Run]:
            if run is None or not may_see_run(run, seen):
                raise _not_found(id)
            decided = lifecycle.cancel(run, principal.subject, context.now)
            return decided._replace(due=decided.state.timer_at)

        changed = await api.journal.change(id, rule, Cause(call.seed, content=call.fingerprint))
        if changed.state is None:
            raise _not_found(id)
        return _detail(changed.state)


def may_see_run(run: Run, seen: Sight) -> bool:
    """A run is about the service of its signal, or the one it acts on, and its team's matter."""
    team = run.plan.team
    return not (seen.hides(run.trigger.service, team) or seen.hides(run.target, team))


def _not_found(id: str) -> NotFound:
    return NotFound(message("run.not-found", run=id), run=id)


def _view(run: Run) -> RunView:
    return RunView(
        id=run.id,
        runbook=run.plan.runbook,
        version=run.plan.version,
        title=run.plan.title,
        target=run.target,
        episode=run.trigger.episode,
        phase=run.phase,
        outcome=run.outcome,
        corrects=run.corrects,
        status=sentence(describe_run(run)),
        plan_hash=run.plan.hash,
        created_at=run.created_at,
        ended_at=run.ended_at,
    )


def _detail(run: Run) -> RunDetail:
    journal = tuple(
        LineView(
            at=entry.at,
            ended_at=entry.ended_at,
            step=entry.step,
            executor=entry.executor,
            status=entry.status,
            attempt=entry.attempt,
            text=sentence(describe_line(entry)),
        )
        for entry in run.journal
    )
    return RunDetail(**_view(run).model_dump(), journal=journal, team=run.plan.team)
