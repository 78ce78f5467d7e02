"""`GET /v1/goals`, `/v1/staffing`, `/v1/cohorts`: how far, with how many people, did it help."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from desk_contracts.errors import Forbidden
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, message
from desk_contracts.people import canonical_person
from desk_kernel.sight import Sight
from desk_platform.http import STAFF, Principal, WrittenDay, between, may_see_person, require, sight
from desk_platform.http.language import spoken_catalogue
from fastapi import APIRouter, Depends, Query, Request

from desk_metrics.measures.api import FIRST_DAY, LAST_DAY
from desk_metrics.measures.contributions import Where
from desk_metrics.planning.charter import GOALS, Goal
from desk_metrics.planning.cohorts import Cohort, CohortComparison, Sizes, names
from desk_metrics.planning.goal_weeks import People
from desk_metrics.planning.goals import GoalStatus
from desk_metrics.planning.staffing import StaffingPlan
from desk_metrics.planning.store import (
    AskedCohort,
    AskedPlan,
    PlanningDeps,
    assess_goals,
    compare_cohort,
    plan,
)
from desk_metrics.sla.api import AsOf

# A cohort of more than this is better named by its sites.
MOST_NAMES = 500
# No service has this name, since none holds what cannot be seen.
_NO_SERVICE = "\0"
_STAFF = Depends(require(*STAFF))
Names = Annotated[list[str] | None, Query(max_length=MOST_NAMES)]


class GoalView(GoalStatus):
    """Where a goal stands; `sentence` says it in the language of the answer."""

    sentence: str


class StaffingView(StaffingPlan):
    """A plan; `sentence` says it in the language of the answer."""

    sentence: str


class CohortView(CohortComparison):
    """A comparison; `sentence` says it in the language of the answer."""

    sentence: str


class Goals(Frozen):
    """Where each goal of the charter stands at a moment, by figures as known at that moment."""

    as_of: datetime
    charter: str
    goals: tuple[GoalView, ...]


def goals_router(deps: PlanningDeps) -> APIRouter:
    """The routes about goals, staffing and cohorts."""
    router = APIRouter(prefix="/v1")

    @router.get("/goals", tags=["goals"])
    async def goals(
        request: Request, caller: Annotated[Principal, _STAFF], as_of: AsOf = None
    ) -> Goals:
        """Baseline, way, today's value, forecast at the due day, and a sentence for each goal."""
        at, charter = as_of or deps.clock.now(), deps.charter()
        people = People(deps.people, deps.cost_per_minute)
        statuses = await assess_goals(deps.buckets, deps.sums, charter.of(GOALS), at, people)
        hidden = hidden_goals(charter.of(GOALS), sight(request, caller))
        shown = tuple(
            GoalView(**dict(item), sentence=_sentence(item.explanation))
            for item in statuses
            if item.goal not in hidden
        )
        return Goals(as_of=at, charter=charter.version, goals=shown)

    @router.get("/staffing", tags=["staffing"])
    async def plan_staffing(
        request: Request,
        caller: Annotated[Principal, _STAFF],
        query: Annotated[AskedPlan, Depends(_read_plan_query)],
        as_of: AsOf = None,
    ) -> StaffingView:
        """People by hour of the week that keep an SLA to answer, with the forecast's error."""
        staffing_plan = await plan(deps, query, as_of or deps.clock.now(), sight(request, caller))
        return StaffingView(**dict(staffing_plan), sentence=_sentence(staffing_plan.explanation))

    _cohorts(router, deps)
    return router


def _sentence(explanation: tuple[Message, ...]) -> str:
    return spoken_catalogue().render_all(explanation)


def _cohorts(router: APIRouter, deps: PlanningDeps) -> None:
    @router.get("/cohorts", tags=["cohorts"])
    async def cohorts(
        request: Request,
        caller: Annotated[Principal, _STAFF],
        query: Annotated[AskedCohort, Depends(_read_cohort_query)],
        as_of: AsOf = None,
    ) -> CohortView:
        """Whether a change helped those who had it first, compared with all others."""
        if not all(may_see_person(caller, person) for person in query.cohort.people):
            raise Forbidden(message("cohort.people-are-private"))
        # Nothing is counted of a hidden service, as of one that nobody ever named.
        where = query.where._replace(
            services=tuple(
                _NO_SERVICE if sight(request, caller).hides(service) else service
                for service in query.where.services
            )
        )
        comparison = await compare_cohort(
            deps, replace(query, where=where), as_of or deps.clock.now()
        )
        return CohortView(**dict(comparison), sentence=_sentence(comparison.explanation))


def hidden_goals(goals: Iterable[Goal], seen: Sight) -> set[str]:
    """Goals that are about something confidential to the reader."""
    return {
        goal.name
        for goal in goals
        if any(map(seen.hides, goal.where.services))
        or any(seen.hides(team=team) for team in goal.where.teams)
    }


def _read_plan_query(  # noqa: PLR0913, PLR0917 (each is a parameter of the route)
    team: Annotated[str, Query(max_length=63)],
    weeks: Annotated[int, Query(ge=1, le=104, description="Whole weeks of history.")] = 12,
    skill: Annotated[str, Query(max_length=63, description="Only work of this skill.")] = "",
    sla: Annotated[
        str, Query(max_length=63, description="An SLA of an answer. Default: the usual one.")
    ] = "",
    within: Annotated[
        float | None, Query(gt=0, le=100_000, description="Minutes, in place of an SLA.")
    ] = None,
    share: Annotated[float, Query(gt=0, le=0.999, description="Answered in time.")] = 0.9,
    handling: Annotated[
        float | None,
        Query(gt=0, le=10_000, description="Minutes of work on a ticket. Default: measured."),
    ] = None,
) -> AskedPlan:
    return AskedPlan(team, weeks, skill, sla, within, share, handling)


def _read_cohort_query(  # noqa: PLR0913, PLR0917 (each is a parameter of the route)
    change: Annotated[
        WrittenDay, between(FIRST_DAY, LAST_DAY), Query(description="First day with it, UTC.")
    ],
    person: Names = None,
    device: Names = None,
    site: Names = None,
    service: Names = None,
    kind: Names = None,
    weeks: Annotated[int, Query(ge=1, le=52, description="On each side.")] = 4,
    cohort_size: Annotated[int, Query(ge=0, description="People in the cohort.")] = 0,
    rest_size: Annotated[int, Query(ge=0, description="People in the rest.")] = 0,
) -> AskedCohort:
    people = names([canonical_person(item) for item in person or ()])
    return AskedCohort(
        change,
        Cohort(people, names(device or ()), names(site or ())),
        Where(kinds=tuple(kind or ()), services=tuple(service or ())),
        weeks,
        Sizes(cohort_size, rest_size),
    )
