"""Runbooks over HTTP: their limits and how they fared, and why one did or did not act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from desk_charter import CharterSource
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import Runbook
from desk_contracts.frozen import Frozen
from desk_platform.clock import Clock
from desk_platform.http import Page, Principal, Role, require, sight
from desk_platform.http.language import sentence
from desk_platform.http.why import LookView, StaffReader, SubjectAsked, WhyView, why_view
from desk_platform.lookout import Lookout
from desk_platform.store import Documents, Stored, readable
from fastapi import APIRouter, Depends, Request

from desk_automation.runs.api.views import may_see_run
from desk_automation.runs.description import describe_run
from desk_automation.runs.model import Run
from desk_automation.runs.plan import bounds_of, version_of
from desk_automation.safety import statistics
from desk_automation.safety.statistics import RunbookStatistics

# Of the runs on a target, the newest; all of them are at /v1/runs.
MAX_RUNS = 20
_may_see = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


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
class MatchingApi:
    """What the routes read."""

    charter: CharterSource
    statistics: Documents[RunbookStatistics]
    runs: Documents[Run]
    lookout: Lookout
    clock: Clock


def match_router(api: MatchingApi) -> APIRouter:
    """The routes about runbooks."""
    router = APIRouter(prefix="/v1")
    _add_listing(router, api)
    _add_why(router, api)
    return router


def _add_listing(router: APIRouter, api: MatchingApi) -> None:
    @router.get("/runbooks", tags=["runbooks"], summary="Runbooks, their limits and breakers")
    async def list_runbooks(
        request: Request, caller: Annotated[Principal, Depends(_may_see)]
    ) -> Page[RunbookView]:
        """Those of the charter in force; one whose record is damaged is left out, and those of
        teams that are hidden from the caller."""
        seen = sight(request, caller)
        every = api.charter.current.of(RUNBOOKS)
        runbooks = [runbook for runbook in every if not seen.hides(team=runbook.owner_team)]
        stored, damaged = await readable(api.statistics, [runbook.id for runbook in runbooks])
        now = api.clock.now()
        return Page(
            items=tuple(
                _view_runbook(runbook, stored.get(runbook.id), now)
                for runbook in runbooks
                if runbook.id not in damaged
            )
        )


def _add_why(router: APIRouter, api: MatchingApi) -> None:
    @router.get("/why", tags=["runs"], summary="Why a runbook did or did not act")
    async def read_why(subject: SubjectAsked, reader: StaffReader) -> WhyView:
        """The runs on a target and where each stands, then what each runbook made of its signals:
        the part of the condition that was false, or could not be told, with the values."""
        listed_runs = await api.runs.find_brief({"target": subject}, order="newest", limit=MAX_RUNS)
        runs = (listed.state for listed in listed_runs if listed.state is not None)
        views = [_view_run(run) for run in runs if may_see_run(run, reader.seen)]
        return why_view(subject, api.lookout, reader, views)


def _view_run(run: Run) -> LookView:
    return LookView(
        kind="run",
        name=run.plan.runbook,
        at=run.ended_at or run.created_at,
        outcome=str(run.outcome or run.phase),
        text=sentence(describe_run(run)),
        values={"run": run.id, "episode": run.trigger.episode},
    )


def _view_runbook(
    runbook: Runbook, stored: Stored[RunbookStatistics] | None, now: datetime
) -> RunbookView:
    counts = (stored and stored.state) or RunbookStatistics()
    bounds = bounds_of(runbook)
    # Shown, so that nobody relies on it.
    unenforced = (("fleet_guard", runbook.fleet_guard is not None),)
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
        started_within_hour=statistics.count_last_hour(counts, now),
        breaker=statistics.find_breaker(counts, bounds, now),
        failures_in_a_row=counts.failures,
        totals=dict(counts.totals),
        not_enforced=tuple(name for name, is_written in unenforced if is_written),
    )
