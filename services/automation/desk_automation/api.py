"""Runs and runbooks over HTTP: what was done and why, and the hand on the brake."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from desk_shared.bus.unit_of_work import Cause
from desk_shared.charter import CharterSource
from desk_shared.charter.runbooks import Runbook
from desk_shared.clock import Clock
from desk_shared.errors import NotFound
from desk_shared.events.automation import Outcome, StepStatus
from desk_shared.events.message import message
from desk_shared.frozen import Frozen
from desk_shared.http import (
    Cursors,
    IdempotentCall,
    Page,
    PageRequest,
    Principal,
    Role,
    etag,
    keyed,
    link_next,
    not_modified,
    page_request,
    place_of,
    require,
    shown_after,
    sight,
)
from desk_shared.http.language import sentence
from desk_shared.http.paging import After
from desk_shared.kernel import Context, Decision
from desk_shared.kernel.sight import Sight
from desk_shared.store import Documents, Listed, Stored, readable
from fastapi import APIRouter, Depends, Query, Request, Response

from desk_automation.domain import books, course
from desk_automation.domain.books import Book
from desk_automation.domain.model import Phase, Run
from desk_automation.domain.plan import bounds_of, version_of
from desk_automation.domain.words import line, standing
from desk_automation.ports import Changes

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
    standing: str
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


class RunbookView(Frozen):
    """A runbook, what it may do now and how it fared."""

    id: str
    """Id of the runbook."""
    version: str
    """Its content."""
    title: str
    """What it does."""
    why: str
    """Why this should help."""
    owner_team: str
    """Who answers for it."""
    risk: str
    """What can go wrong."""
    mode: str
    """The mode in force; a runbook past its review date only suggests."""
    expires: str
    """Its review date."""
    cooldown: timedelta
    """Least time between two runs on a target."""
    per_day: int
    """Most runs on a target in 24 hours."""
    per_hour: int
    """Most runs in an hour."""
    started_within_hour: int
    """How many of these are used."""
    breaker: str
    """closed, open or half-open."""
    failures_in_a_row: int
    """Runs in a row that did not heal."""
    totals: Mapping[str, int]
    """Runs so far by outcome."""
    not_enforced: tuple[str, ...]
    """What is written in the runbook and not watched over by this version."""


@dataclass(frozen=True, slots=True)
class Api:
    """What the routes need."""

    charter: CharterSource
    runs: Documents[Run]
    books: Documents[Book]
    journal: Changes[Run]
    clock: Clock


def automation_routes(api: Api, cursors: Cursors) -> APIRouter:
    """All routes of automation."""
    router = APIRouter(prefix="/v1")
    _listing(router, api, cursors)
    _showing(router, api)
    _runbooks(router, api)
    _braking(router, api)
    return router


def _listing(router: APIRouter, api: Api, cursors: Cursors) -> None:
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

        found = await shown_after(
            some,
            lambda one: one.state is not None and may_see_run(one.state, seen),
            (position.sort, position.id) if position else None,
            page.limit,
        )
        following = None
        if len(found) > page.limit:
            following = cursors.write(listing, place_of(found[page.limit - 1]))
            response.headers["Link"] = link_next(request, following)
        states = (one.state for one in found[: page.limit] if one.state is not None)
        return Page(items=tuple(map(_view, states)), next=following)


def _showing(router: APIRouter, api: Api) -> None:
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
            raise _missing(id)
        if not may_see_run(stored.state, sight(request, principal)):
            raise _missing(id)
        if (unchanged := not_modified(request, stored.version)) is not None:
            return unchanged  # type: ignore[return-value]  # a 304 has no body
        response.headers["ETag"] = etag(stored.version)
        return _detail(stored.state)


def _runbooks(router: APIRouter, api: Api) -> None:
    @router.get("/runbooks", tags=["runbooks"], summary="Runbooks, their limits and breakers")
    async def list_runbooks(
        request: Request, caller: Annotated[Principal, Depends(_may_see)]
    ) -> Page[RunbookView]:
        """Those of the charter in force; one whose record is damaged is left out, and those of
        teams that are hidden from the caller."""
        seen = sight(request, caller)
        every = api.charter.current.runbooks
        runbooks = [one for one in every if not seen.hides(team=one.owner_team)]
        stored, damaged = await readable(api.books, [one.id for one in runbooks])
        now = api.clock.now()
        return Page(
            items=tuple(
                _runbook_view(one, _state(stored.get(one.id)), now)
                for one in runbooks
                if one.id not in damaged
            )
        )


def _braking(router: APIRouter, api: Api) -> None:
    @router.post("/runs/{id}/cancel", tags=["runs"], summary="Stop a run before its next step")
    async def cancel_run(
        request: Request,
        id: str,
        principal: Annotated[Principal, Depends(_may_cancel)],
        call: Annotated[IdempotentCall, Depends(keyed)],
    ) -> RunDetail:
        """A call that is under way is not torn off; nothing is sent after it."""
        seen = sight(request, principal)

        def rule(run: Run | None, context: Context) -> Decision[Run]:
            if run is None or not may_see_run(run, seen):
                raise _missing(id)
            decided = course.cancelled(run, principal.subject, context.now)
            return decided._replace(due=decided.state.wake_at)

        changed = await api.journal.change(id, rule, Cause(call.seed, content=call.fingerprint))
        if changed.state is None:
            raise _missing(id)
        return _detail(changed.state)


def may_see_run(run: Run, seen: Sight) -> bool:
    """A run is about the service of its signal, or the one it acts on, and its team's matter."""
    team = run.plan.team
    return not (seen.hides(run.trigger.service, team) or seen.hides(run.target, team))


def _missing(id: str) -> NotFound:
    return NotFound(message("run.not-found", run=id), run=id)


def _state(stored: Stored[Book] | None) -> Book:
    return stored.state if stored is not None and stored.state is not None else Book()


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
        standing=sentence(standing(run)),
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
            status=entry.status,
            attempt=entry.attempt,
            text=sentence(line(entry)),
        )
        for entry in run.journal
    )
    return RunDetail(**_view(run).model_dump(), journal=journal, team=run.plan.team)


def _runbook_view(runbook: Runbook, book: Book, now: datetime) -> RunbookView:
    bounds = bounds_of(runbook)
    return RunbookView(
        id=runbook.id,
        version=version_of(runbook),
        title=runbook.title,
        why=runbook.why,
        owner_team=runbook.owner_team,
        risk=runbook.risk,
        mode=runbook.mode_on(now.date()),
        expires=runbook.expires.isoformat(),
        cooldown=bounds.cooldown,
        per_day=bounds.per_day,
        per_hour=bounds.per_hour,
        started_within_hour=books.started_within_hour(book, now),
        breaker=books.breaker_of(book, bounds, now),
        failures_in_a_row=book.failures,
        totals=dict(book.totals),
        not_enforced=_not_enforced(runbook),
    )


def _not_enforced(runbook: Runbook) -> tuple[str, ...]:
    """Said aloud, so that nobody relies on it."""
    has_undo = any(getattr(step, "undo", None) is not None for step in runbook.steps)
    found = [("fleet_guard", runbook.fleet_guard is not None), ("undo", has_undo)]
    return tuple(name for name, is_written in found if is_written)
