"""`desk report goals` and `desk report staffing`: from metrics' store, or from a history file."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from json import dumps
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

import typer
from desk_charter import Charter, load_charter
from desk_cli.screen import TextTable, show
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.events.reports import GoalVerdict
from desk_contracts.message import message
from desk_platform.clock import SystemClock
from desk_platform.settings import load_settings
from desk_platform.store import open_existing_store
from desk_platform.terminal import say_json, spoken_here
from rich.console import RenderableType

from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.store import BUCKETS, SUMS
from desk_metrics.planning.arrivals import HOURS
from desk_metrics.planning.charter import GOALS
from desk_metrics.planning.goal_weeks import People, list_goal_weeks
from desk_metrics.planning.goals import GoalStatus, assess_goal
from desk_metrics.planning.model import GoalFigures
from desk_metrics.planning.quantities import amount, length
from desk_metrics.planning.staffing import StaffingPlan, TeamCapacity
from desk_metrics.planning.store import (
    AskedPlan,
    PlanningDeps,
    arrivals_of,
    assess_goals,
    crew_of,
    measure_goal,
    plan,
    plan_from,
    skill_services,
    sla_of,
    terms_of,
)
from desk_metrics.settings import MetricsSettings

T = TypeVar("T")

_HISTORY = "A history file, as `desk import` writes it. Default: what metrics has stored."
_AS_OF = "A day or moment, UTC. Default: now, or the last event of a history."
# Teams of a history that are named where another was asked for.
MOST_NAMED = 10
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class HistoryRollups(Protocol):
    """The rollups of a ticket history, read anew each time, and its first and last moment.

    `untold` are figures that such a history says nothing of, whatever it adds up to.
    """

    @property
    def first(self) -> datetime: ...
    @property
    def last(self) -> datetime: ...
    @property
    def untold(self) -> frozenset[str]: ...
    def __iter__(self) -> Iterator[Bucket]: ...


@dataclass(frozen=True, slots=True)
class PlanningCommands:
    """The two commands; what reads a history file is above planning, so it is given."""

    read_history: Callable[[Path], HistoryRollups]

    def goals(
        self,
        history: Annotated[Path | None, typer.Argument(help=_HISTORY)] = None,
        as_of: Annotated[datetime | None, typer.Option(help=_AS_OF)] = None,
        json: Annotated[bool, typer.Option(help="The report as JSON.")] = False,
    ) -> None:
        """Tell where each goal of the charter stands, and where it will be when it is due."""
        settings = load_settings(MetricsSettings)
        charter = load_charter(settings.charter)
        if history is None:
            statuses = asyncio.run(
                _query_store(settings, charter, _utc(as_of), partial(_assess, charter))
            )
        else:
            statuses = goals_of(self.read_history(history), charter, _utc(as_of))
        if json:
            say_json(dumps([_spoken(item) for item in statuses]))
        else:
            show(*_shown_goals(statuses))

    def plan_staffing(  # noqa: PLR0913, PLR0917 (each is an option of the command)
        self,
        team: Annotated[str, typer.Argument(help="The team that is planned for.")],
        history: Annotated[Path | None, typer.Argument(help=_HISTORY)] = None,
        weeks: Annotated[int, typer.Option(min=1, max=104, help="Whole weeks of history.")] = 12,
        skill: Annotated[str, typer.Option(help="Only work of this skill.")] = "",
        sla: Annotated[str, typer.Option(help="An SLA of an answer, by name.")] = "",
        within: Annotated[float | None, typer.Option(min=0.1, help="Minutes, not an SLA.")] = None,
        share: Annotated[float, typer.Option(min=0.01, max=0.999, help="Answered in time.")] = 0.9,
        handling: Annotated[float | None, typer.Option(min=0.1, help="Minutes per ticket.")] = None,
        as_of: Annotated[datetime | None, typer.Option(help=_AS_OF)] = None,
        json: Annotated[bool, typer.Option(help="The plan as JSON.")] = False,
    ) -> None:
        """Tell how many people a team needs at which hour, and how good the forecast is."""
        settings = load_settings(MetricsSettings)
        charter = load_charter(settings.charter)
        query = AskedPlan(team, weeks, skill, sla, within, share, handling)
        if history is None:
            result = asyncio.run(
                _query_store(
                    settings, charter, _utc(as_of), lambda deps, now: plan(deps, query, now)
                )
            )
        else:
            result = plan_of(self.read_history(history), charter, query, _utc(as_of))
        if json:
            say_json(dumps(_spoken(result), indent=2))
        else:
            show(*_shown_plan(result))


def _spoken(result: GoalStatus | StaffingPlan) -> dict[str, object]:
    """For JSON: what is found, and the same as a sentence."""
    sentence = spoken_here().render_all(result.explanation)
    return {**result.model_dump(mode="json"), "sentence": sentence}


def goals_of(
    buckets: HistoryRollups, charter: Charter, as_of: datetime | None = None
) -> list[GoalStatus]:
    """The charter's goals against a history file."""
    now = as_of or buckets.last
    goal_weeks = list_goal_weeks(map(measure_goal, charter.of(GOALS)), buckets.first.date(), now)
    for bucket in buckets:
        for item in goal_weeks:
            item.add(bucket)
    nothing = GoalFigures(baseline=None, weeks_known=0, weeks_wanted=0, weeks=(), recent=None)
    statuses = []
    for item in goal_weeks:
        if item.goal.measure in buckets.untold:
            why = message("goal.not-in-history", measure=item.goal.measure)
            left_open = {"verdict": GoalVerdict.CANNOT_TELL, "explanation": (why,)}
            statuses.append(assess_goal(item.goal, nothing, now).model_copy(update=left_open))
        else:
            statuses.append(assess_goal(item.goal, item.seen(People()), now))
    return statuses


def plan_of(
    buckets: HistoryRollups, charter: Charter, query: AskedPlan, as_of: datetime | None = None
) -> StaffingPlan:
    """A plan from a history file; a team that the charter does not know always works, in UTC."""
    team = charter.team_called(query.team)
    if team is None and query.skill:
        raise Invalid(message("staffing.skills-unknown", team=query.team))
    query = query if team is None else replace(query, team=team.name)
    name = charter.name_team  # a history calls teams as the old desk did

    sla, within = sla_of(charter, query)
    services = {} if team is None else skill_services(charter, team)
    zone = "UTC" if team is None else team.zone
    last = as_of or buckets.last
    arrivals = arrivals_of(query, zone, services, buckets.first.date(), last, name)
    seen = Counter[str]()
    for bucket in buckets:
        arrivals.weeks.add(bucket)
        seen.update(name(entry.slice.team) for entry in bucket.entries if entry.slice.team)
    if query.team not in seen:
        named = [name for name, _count in seen.most_common(MOST_NAMED)]
        raise NotFound(message("staffing.not-in-history", team=query.team, teams=named))
    always = TeamCapacity(query.team, "", zone, (True,) * HOURS, 0, {})
    crew = always if team is None else crew_of(team, query.skill)
    return plan_from(arrivals.weeks, crew, terms_of(arrivals, query, sla, within))


async def _assess(charter: Charter, deps: PlanningDeps, now: datetime) -> list[GoalStatus]:
    people = People(deps.people, deps.cost_per_minute)
    return await assess_goals(deps.buckets, deps.sums, charter.of(GOALS), now, people)


async def _query_store(
    settings: MetricsSettings,
    charter: Charter,
    as_of: datetime | None,
    query: Callable[[PlanningDeps, datetime], Awaitable[T]],
) -> T:
    """What the query answers from the store of the running service."""
    store = open_existing_store(settings.store, f"{settings.store.database_prefix}metrics")
    clock = SystemClock()
    buckets = store.documents(BUCKETS, clock.now)
    sums = store.documents(SUMS, clock.now)
    deps = PlanningDeps(
        buckets, sums, lambda: charter, clock, settings.people, settings.cost_per_minute
    )
    try:
        return await query(deps, as_of or clock.now())
    finally:
        await store.stop()


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC)


def _shown_goals(statuses: Sequence[GoalStatus]) -> Iterable[RenderableType]:
    if not statuses:
        return ["The charter has no goals. Write them in goals.yaml."]
    table = TextTable("goal", "baseline", "should be now", "is now", "target", "due", title="Goals")
    for item in statuses:
        figures = (item.baseline, item.planned_now, item.now, item.target)
        table.add_line(
            item.goal,
            *(("" if value is None else amount(value, item.unit)) for value in figures),
            f"{item.due}",
        )
    return [
        *(f"{item.title}\n  {spoken_here().render_all(item.explanation)}\n" for item in statuses),
        table,
    ]


def _shown_plan(result: StaffingPlan) -> Iterable[RenderableType]:
    shown: list[RenderableType] = [spoken_here().render_all(result.explanation)]
    if result.hours:
        handling = length(result.handling_seconds or 0)
        shown.append(
            f"Work on a ticket: {handling} ({result.handling_from}). Zone: {result.zone}.\n"
        )
        shown.append(_week(result))
    if result.skills:
        table = TextTable("skill", "tickets a week", "busiest", "people", "have it")
        for skill in result.skills:
            table.add_line(
                skill.skill,
                f"{skill.arrivals:g}",
                skill.busiest,
                str(skill.people),
                str(skill.members),
            )
        shown.append(table)
    return shown


def _week(result: StaffingPlan) -> TextTable:
    """Hours down, days across."""
    people = {(item.day, item.hour): item.people for item in result.hours}
    table = TextTable("hour", *_DAYS, title=f"People of {result.team}")
    for hour in sorted({item.hour for item in result.hours}):
        table.add_line(
            f"{hour:02d}-{hour + 1:02d}", *(str(people.get((d, hour), "")) for d in _DAYS)
        )
    return table
