"""Goals, staffing and cohorts, from the rollups and the charter.

Goals are read in one pass for all of them, from the first baseline on: a small document a day.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from desk_charter.model import Charter
from desk_charter.people import Team
from desk_charter.slas import SLAS, SlaAttributes, policy_for
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.events.sla import ClockName
from desk_contracts.message import message
from desk_kernel.sight import SEES_ALL, Sight
from desk_platform.clock import Clock
from desk_platform.store import Documents

from desk_metrics.measures.contributions import Where
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.store import DailySums, Day, first_day, read_buckets
from desk_metrics.measures.sums import DaySums
from desk_metrics.planning.arrival_weeks import ArrivalWeeks, mondays_of
from desk_metrics.planning.arrivals import HOURS
from desk_metrics.planning.charter import Goal
from desk_metrics.planning.cohorts import (
    Cohort,
    CohortComparison,
    CohortCount,
    Sizes,
    Windows,
    cannot,
    compare,
)
from desk_metrics.planning.goal_weeks import GoalWeeks, People, list_goal_weeks
from desk_metrics.planning.goals import GoalStatus, assess_goal
from desk_metrics.planning.model import MeasuredGoal
from desk_metrics.planning.staffing import StaffingPlan, StaffingTerms, TeamCapacity, plan_staffing
from desk_metrics.sla.worktime import micros

_SECOND = 1_000_000
# A Monday; shifts are local and the same in every week.
_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001  (local to whichever team asks)


@dataclass(frozen=True, slots=True)
class PlanningDeps:
    """What goals, staffing and cohorts are told from."""

    buckets: Documents[Bucket]
    sums: Documents[DaySums]
    charter: Callable[[], Charter]
    clock: Clock
    people: int = 0
    cost_per_minute: float = 0.0


@dataclass(frozen=True, slots=True)
class AskedPlan:
    """A question about staffing. Without `within` the SLA's target holds; minutes."""

    team: str
    weeks: int = 12
    skill: str = ""
    sla: str = ""
    within: float | None = None
    share: float = 0.9
    handling: float | None = None


async def plan(
    deps: PlanningDeps, query: AskedPlan, now: datetime, seen: Sight = SEES_ALL
) -> StaffingPlan:
    """People by hour of the week, to keep an SLA to answer."""
    charter = deps.charter()
    team = _team(charter, query, seen)
    query = replace(query, team=team.name)
    sla, within = sla_of(charter, query)
    first = await first_day(deps.buckets) or now.date()
    arrivals = arrivals_of(query, team.zone, skill_services(charter, team), first, now)
    if arrivals.first is not None:
        async for bucket in read_buckets(deps.buckets, arrivals.first, now.date()):
            arrivals.weeks.add(bucket)
    return plan_from(
        arrivals.weeks, crew_of(team, query.skill), terms_of(arrivals, query, sla, within)
    )


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What is being counted, and from which day on; None where no whole week is known."""

    weeks: ArrivalWeeks
    first: date | None


def arrivals_of(
    query: AskedPlan,
    zone: str,
    services: Mapping[str, frozenset[str]],
    first: date,
    now: datetime,
    name: Callable[[str], str] = str,
) -> Arrivals:
    """Weeks to be filled with buckets; `services` are those of each skill.

    `name` gives the team's name in the charter for what a bucket calls it.
    """
    local = ZoneInfo(zone)
    mondays = mondays_of(local, now, query.weeks, datetime.combine(first, time(), UTC))
    weeks = ArrivalWeeks(query.team, local, mondays, services, query.skill, name)
    # A local Monday may begin on Sunday in UTC.
    return Arrivals(weeks, mondays[0].date() - timedelta(days=1) if mondays else None)


def plan_from(weeks: ArrivalWeeks, crew: TeamCapacity, terms: StaffingTerms) -> StaffingPlan:
    """The plan from counted weeks."""
    return plan_staffing(weeks.weeks, {} if crew.skill else weeks.by_skill, crew, terms)


def crew_of(team: Team, skill: str) -> TeamCapacity:
    """The team with its hours of work and who has which skill."""
    hours = (_MONDAY + timedelta(hours=hour) for hour in range(HOURS))
    half = timedelta(minutes=30)
    skilled = {
        item: sum(item in member.skills for member in team.members) for item in team.all_skills
    }
    return TeamCapacity(
        team=team.name,
        skill=skill,
        zone=team.zone,
        open_hours=tuple(
            not team.shifts
            or any(shift.covers(at) or shift.covers(at + half) for shift in team.shifts)
            for at in hours
        ),
        members=skilled.get(skill, 0) if skill else len(team.members),
        skilled=skilled,
    )


def terms_of(arrivals: Arrivals, query: AskedPlan, sla: str, within: timedelta) -> StaffingTerms:
    """What is to be kept, with the handling time that was given or else measured."""
    handled = arrivals.weeks.handled
    measured = handled.quantile(0.5) if handled.count > 0 else None
    if query.handling is not None:
        handling: float | None = query.handling * 60
        source = "given"
    elif measured:
        handling, source = measured / _SECOND, f"median of {handled.count} tickets solved at once"
    else:
        handling, source = None, "not known"
    return StaffingTerms(sla, within.total_seconds(), query.share, handling, source)


def skill_services(charter: Charter, team: Team) -> dict[str, frozenset[str]]:
    """The services that the charter's routing connects with each skill of a team."""
    services_of: dict[str, set[str]] = {}
    for rule in charter.routing.rules:
        service = rule.then.service
        if service and (rule.then.team or charter.owner_of(service).name) == team.name:
            for skill in rule.then.skills:
                services_of.setdefault(skill, set()).add(service)
    return {skill: frozenset(services) for skill, services in services_of.items()}


def _team(charter: Charter, query: AskedPlan, seen: Sight) -> Team:
    """A team that is hidden from the reader is one that there is not."""
    team = charter.team_called(query.team)
    if team is None or seen.hides(team=team.name):
        teams = [item.name for item in charter.teams if not seen.hides(team=item.name)]
        why = message("staffing.no-team", team=query.team, known=teams)
        raise NotFound(why, team=query.team)
    skills = skill_services(charter, team)
    if query.skill and query.skill not in skills:
        why = message("staffing.no-skills", team=team.name, skill=query.skill)
        if skills:
            why = message(
                "staffing.no-such-skill", team=team.name, skill=query.skill, known=sorted(skills)
            )
        raise Invalid(why, code="no-such-skill")
    return team


def sla_of(charter: Charter, query: AskedPlan) -> tuple[str, timedelta]:
    """The SLA of an answer that is to be kept, and how soon it wants one."""
    if query.within is not None:
        return "given", timedelta(minutes=query.within)
    if query.sla:
        policy = next((sla for sla in charter.of(SLAS) if sla.name == query.sla), None)
        if policy is None or policy.clock is not ClockName.RESPONSE:
            slas = [item.name for item in charter.of(SLAS) if item.clock is ClockName.RESPONSE]
            why = message("staffing.no-such-sla", sla=query.sla, known=slas)
            raise NotFound(why, sla=query.sla)
        return policy.name, policy.target
    baseline = policy_for(
        charter.of(SLAS), ClockName.RESPONSE, SlaAttributes("incident", team=query.team)
    )
    if baseline is None:
        raise Invalid(message("staffing.no-sla"), code="no-sla")
    return baseline.name, baseline.target


_BOOK = "goals"


async def assess_goals(
    buckets: Documents[Bucket],
    sums: Documents[DaySums],
    goals: Iterable[Goal],
    now: datetime,
    people: People,
) -> list[GoalStatus]:
    """Where each goal stands at a moment, as it is known now."""
    first = await first_day(buckets) or now.date()
    goal_weeks = list_goal_weeks(map(measure_goal, goals), first, now)
    async for day in _days(DailySums(_BOOK, buckets, sums), goal_weeks, now):
        for item in goal_weeks:
            if isinstance(day, DaySums):
                item.take(day)
            else:
                for bucket in day:
                    item.add(bucket)
    return [assess_goal(item.goal, item.seen(people), now) for item in goal_weeks]


async def _days(
    kept: DailySums, goal_weeks: Sequence[GoalWeeks], now: datetime
) -> AsyncIterator[Day]:
    """Those that any goal rests on."""
    if goal_weeks:
        since, whole = (
            min(item.since for item in goal_weeks),
            {day for item in goal_weeks for day in item.whole},
        )
        cuts = [item.cut for item in goal_weeks]
        async for day in kept.days(since, now.date(), cuts, now, whole):
            yield day


def owner_of(goal: Goal, charter: Charter) -> str:
    """The team that answers for a goal: the one it names, else whose tickets it is about."""
    if goal.owner is not None:
        return goal.owner
    where = goal.where
    teams = set(where.teams) or {charter.owner_of(name).name for name in where.services}
    return teams.pop() if len(teams) == 1 else charter.routing.default_team


def measure_goal(goal: Goal) -> MeasuredGoal:
    """A goal of the charter as metrics computes with it."""
    where = goal.where
    return MeasuredGoal(
        name=goal.name,
        title=goal.title,
        measure=goal.measure,
        where=Where(tuple(map(str, where.kinds)), where.services, where.teams, where.sites),
        wants_less=goal.direction == "down",
        factor=goal.target.times_baseline,
        value=goal.target.value,
        first=goal.baseline.first,
        last=goal.baseline.last,
        due=goal.due,
    )


@dataclass(frozen=True, slots=True)
class AskedCohort:
    """A question about a change: the day from which on the cohort had it, and who the cohort is."""

    change: date
    cohort: Cohort
    where: Where = field(default_factory=Where)
    weeks: int = 4
    sizes: Sizes = field(default_factory=Sizes)


async def compare_cohort(deps: PlanningDeps, query: AskedCohort, now: datetime) -> CohortComparison:
    """Whether the change helped, or why that cannot be told."""
    if not (query.cohort.people or query.cohort.devices or query.cohort.sites):
        raise Invalid(message("cohort.is-empty"), code="empty-cohort")
    if query.change > now.date():
        raise Invalid(message("cohort.change-to-come", change=query.change), code="change-to-come")
    days = (now.date() - query.change).days
    weeks = min(query.weeks, days // 7)
    if not weeks:
        return cannot(message("cohort.few-days", count=days))
    windows = windows_of(query.change, weeks)
    first = await first_day(deps.buckets)
    if first is None or first > windows.first:
        return cannot(message("cohort.no-figures", weeks=weeks, change=query.change))
    count = CohortCount(query.cohort, query.where, windows)
    async for bucket in read_buckets(deps.buckets, windows.first, windows.last):
        count.add(bucket)
    # Given, or as far as settings and the list of people tell.
    cohort = query.sizes.cohort or (
        0 if query.cohort.devices or query.cohort.sites else len(query.cohort.people)
    )
    return compare(
        count.square,
        windows,
        Sizes(cohort, query.sizes.rest or max(0, deps.people - cohort if cohort else 0)),
        count.people,
    )


def windows_of(change: date, weeks: int) -> Windows:
    """So many weeks before a day and from it on."""
    length = timedelta(weeks=weeks)
    days = (change - length, change, change + length)
    start, middle, end = (micros(datetime.combine(day, time(), UTC)) for day in days)
    return Windows(start, middle, end, *days)
