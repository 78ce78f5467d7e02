"""Staffing of a team, from the cells and the charter: who is asked for, and what is to be kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from desk_shared.charter import Charter
from desk_shared.charter.model import Team
from desk_shared.charter.slas import SlaAttributes
from desk_shared.clock import Clock
from desk_shared.errors import Invalid, NotFound
from desk_shared.events.message import Message, message
from desk_shared.events.sla import ClockName
from desk_shared.kernel.sight import SEES_ALL, Sight
from desk_shared.store import Documents

from desk_metrics.domain.arrival_weeks import ArrivalWeeks, mondays_of
from desk_metrics.domain.arrivals import HOURS
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.sums import DaySums
from desk_metrics.domain.staffing import Crew, StaffingPlan, Terms, staffing
from desk_metrics.reckoning import cells_between, first_day

_PAGE = 64
_SECOND = 1_000_000
# A Monday; shifts are local and the same in every week.
_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001  (local to whichever team asks)


@dataclass(frozen=True, slots=True)
class PlanningDeps:
    """What goals, staffing and cohorts are told from."""

    cells: Documents[Cell]
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
    deps: PlanningDeps, asked: AskedPlan, now: datetime, seen: Sight = SEES_ALL
) -> StaffingPlan:
    """People by hour of the week, to keep an SLA to answer."""
    charter = deps.charter()
    team = _team(charter, asked, seen)
    sla, within = sla_of(charter, asked)
    first = await first_day(deps.cells) or now.date()
    found = arrivals_of(asked, team.zone, skill_services(charter, team), first, now)
    if found.first is not None:
        async for cell in cells_between(deps.cells, found.first, now.date()):
            found.weeks.add(cell)
    return planned(found.weeks, crew_of(team, asked.skill), terms_of(found, asked, sla, within))


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What is being counted, and from which day on; None where no whole week is known."""

    weeks: ArrivalWeeks
    first: date | None


def arrivals_of(
    asked: AskedPlan,
    zone: str,
    services: Mapping[str, frozenset[str]],
    first: date,
    now: datetime,
) -> Arrivals:
    """Weeks to be filled with cells; `services` are those of each skill."""
    local = ZoneInfo(zone)
    mondays = mondays_of(local, now, asked.weeks, datetime.combine(first, time(), UTC))
    weeks = ArrivalWeeks(asked.team, local, mondays, services, asked.skill)
    # A local Monday may begin on Sunday in UTC.
    return Arrivals(weeks, mondays[0].date() - timedelta(days=1) if mondays else None)


def planned(weeks: ArrivalWeeks, crew: Crew, terms: Terms) -> StaffingPlan:
    """The plan from counted weeks."""
    return staffing(weeks.weeks, {} if crew.skill else weeks.by_skill, crew, terms)


def crew_of(team: Team, skill: str) -> Crew:
    """The team with its hours of work and who has which skill."""
    hours = (_MONDAY + timedelta(hours=hour) for hour in range(HOURS))
    half = timedelta(minutes=30)
    skilled = {one: sum(one in member.skills for member in team.members) for one in team.all_skills}
    return Crew(
        team=team.name,
        skill=skill,
        zone=team.zone,
        open_hours=tuple(
            not team.shifts or any(one.covers(at) or one.covers(at + half) for one in team.shifts)
            for at in hours
        ),
        members=skilled.get(skill, 0) if skill else len(team.members),
        skilled=skilled,
    )


def terms_of(found: Arrivals, asked: AskedPlan, sla: str, within: timedelta) -> Terms:
    """What is to be kept, with the handling time that was given or else measured."""
    handled = found.weeks.handled
    measured = handled.quantile(0.5) if handled.count > 0 else None
    if asked.handling is not None:
        handling: float | None = asked.handling * 60
        source = "given"
    elif measured:
        handling, source = measured / _SECOND, f"median of {handled.count} tickets solved at once"
    else:
        handling, source = None, "not known"
    return Terms(sla, within.total_seconds(), asked.share, handling, source)


def skill_services(charter: Charter, team: Team) -> dict[str, frozenset[str]]:
    """The services that the charter's routing connects with each skill of a team."""
    found: dict[str, set[str]] = {}
    for rule in charter.routing.rules:
        service = rule.then.service
        if service and (rule.then.team or charter.owner_of(service).name) == team.name:
            for skill in rule.then.skills:
                found.setdefault(skill, set()).add(service)
    return {skill: frozenset(services) for skill, services in found.items()}


def _team(charter: Charter, asked: AskedPlan, seen: Sight) -> Team:
    """A team that is hidden from the reader is one that there is not."""
    team = charter.find_team(asked.team)
    if team is None or seen.hides(team=team.name):
        known = [one.name for one in charter.teams if not seen.hides(team=one.name)]
        why = message("staffing.no-team", team=asked.team, known=known)
        raise NotFound(why, team=asked.team)
    skills = skill_services(charter, team)
    if asked.skill and asked.skill not in skills:
        raise Invalid(_no_skill(team, asked.skill, sorted(skills)), code="no-such-skill")
    return team


def _no_skill(team: Team, skill: str, known: Sequence[str]) -> Message:
    if not known:
        return message("staffing.no-skills", team=team.name, skill=skill)
    return message("staffing.no-such-skill", team=team.name, skill=skill, known=known)


def sla_of(charter: Charter, asked: AskedPlan) -> tuple[str, timedelta]:
    """The SLA of an answer that is to be kept, and how soon it wants one."""
    if asked.within is not None:
        return "given", timedelta(minutes=asked.within)
    if asked.sla:
        found = next((one for one in charter.slas if one.name == asked.sla), None)
        if found is None or found.clock is not ClockName.RESPONSE:
            known = [one.name for one in charter.slas if one.clock is ClockName.RESPONSE]
            why = message("staffing.no-such-sla", sla=asked.sla, known=known)
            raise NotFound(why, sla=asked.sla)
        return found.name, found.target
    usual = charter.sla_for(ClockName.RESPONSE, SlaAttributes("incident", team=asked.team))
    if usual is None:
        raise Invalid(message("staffing.no-sla"), code="no-sla")
    return usual.name, usual.target
