"""Staffing: how many people at which hour of the week keep an SLA to answer.

Each hour is taken for itself, as if it lasted (the stationary independent period-by-period
approximation; Green, Kolesar and Soares 2001, Operations Research 49, 549-564). What arrives while
nobody works waits for the opening, spread evenly over as many open hours as the SLA gives.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from desk_shared.frozen import Frozen

from desk_metrics.domain.arrivals import FEWEST_WEEKS, HOURS, Week, error, forecast
from desk_metrics.domain.erlang import people_needed
from desk_metrics.domain.telling_figures import length, number

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOUR = 3600.0


class HourPlan(Frozen):
    """One hour of the week, local to the team: expected arrivals, and people to keep the SLA.

    `arrivals` is what comes in that hour, `work` that plus what waited for the opening.
    """

    day: str
    hour: int
    arrivals: float
    work: float
    people: int


class SkillPlan(Frozen):
    """One skill: how many people who have it are needed in its busiest hour; members who do."""

    skill: str
    arrivals: float
    busiest: str
    people: int
    members: int


class ForecastError(Frozen):
    """How far the forecast was off in weeks it did not know: shares of all arrivals (wMAPE)."""

    held_out_weeks: int
    per_hour: float | None
    per_week: float | None
    as_last_week: float | None
    by_chance: float | None


class StaffingPlan(Frozen):
    """Hours in which nobody is needed are left out."""

    team: str
    skill: str
    zone: str
    weeks: int
    sla: str
    within_seconds: float
    share: float
    handling_seconds: float | None
    handling_from: str
    members: int
    arrivals_per_week: float
    person_hours: int
    sentence: str
    error: ForecastError | None = None
    hours: tuple[HourPlan, ...] = ()
    skills: tuple[SkillPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be kept: answered within so many seconds of open time, for such a share of all."""

    sla: str
    within: float
    share: float
    handling: float | None
    handling_from: str


@dataclass(frozen=True, slots=True)
class Crew:
    """The team: `open_hours` are those of the week in which it works, `members` by skill."""

    team: str
    skill: str
    zone: str
    open_hours: tuple[bool, ...]
    members: int
    skilled: Mapping[str, int]


def staffing(
    weeks: Sequence[Week], by_skill: Mapping[str, Sequence[Week]], crew: Crew, terms: Terms
) -> StaffingPlan:
    """The plan for the week after these (oldest first), or why there is none."""
    why_not = _why_not(weeks, crew, terms)
    expected = forecast(weeks) if weeks else (0.0,) * HOURS
    hours = () if why_not else _hours(expected, crew, terms)
    told = _error(weeks) if len(weeks) >= FEWEST_WEEKS else None
    return StaffingPlan(
        team=crew.team,
        skill=crew.skill,
        zone=crew.zone,
        weeks=len(weeks),
        sla=terms.sla,
        within_seconds=terms.within,
        share=terms.share,
        handling_seconds=terms.handling,
        handling_from=terms.handling_from,
        members=crew.members,
        arrivals_per_week=round(sum(expected), 2),
        person_hours=sum(one.people for one in hours),
        sentence=why_not or _sentence(hours, crew, terms, told),
        error=told,
        hours=hours,
        skills=() if why_not else tuple(_skills(by_skill, crew, terms)),
    )


def _error(weeks: Sequence[Week]) -> ForecastError:
    off = error(weeks)
    return ForecastError(
        held_out_weeks=off.weeks,
        per_hour=off.hourly,
        per_week=off.weekly,
        as_last_week=off.naive,
        by_chance=off.by_chance,
    )


def opened(expected: Sequence[float], open_hours: Sequence[bool], within: float) -> list[float]:
    """Work by hour: what comes while nobody works is spread over the first hours after that."""
    work = [value if is_open else 0.0 for value, is_open in zip(expected, open_hours, strict=True)]
    if not any(open_hours):
        return work
    for hour in range(HOURS):
        if not open_hours[hour] and expected[hour]:
            ahead = _opening(open_hours, hour, max(1, math.floor(within / _HOUR)))
            for place in ahead:
                work[place] += expected[hour] / len(ahead)
    return work


def _opening(open_hours: Sequence[bool], closed: int, most: int) -> list[int]:
    """The next hours of work in a row, as many as the SLA gives."""
    start = next(n for n in range(closed, closed + HOURS) if open_hours[n % HOURS])
    found: list[int] = []
    while len(found) < min(most, HOURS) and open_hours[(start + len(found)) % HOURS]:
        found.append((start + len(found)) % HOURS)
    return found


def _hours(expected: Sequence[float], crew: Crew, terms: Terms) -> tuple[HourPlan, ...]:
    handling = terms.handling or 0.0
    work = opened(expected, crew.open_hours, terms.within)
    plans = []
    for hour, amount in enumerate(work):
        load = amount * handling / _HOUR
        people = people_needed(load, terms.within / handling, terms.share) if handling else 0
        if people:
            plans.append(
                HourPlan(
                    day=_DAYS[hour // 24],
                    hour=hour % 24,
                    arrivals=round(expected[hour], 3),
                    work=round(amount, 3),
                    people=people,
                )
            )
    return tuple(plans)


def _skills(by_skill: Mapping[str, Sequence[Week]], crew: Crew, terms: Terms) -> list[SkillPlan]:
    found = []
    for skill, weeks in sorted(by_skill.items()):
        expected = forecast(weeks)
        hours = _hours(expected, crew, terms)
        if hours:
            peak = _peak(hours)
            found.append(
                SkillPlan(
                    skill=skill,
                    arrivals=round(sum(expected), 2),
                    busiest=_when(peak),
                    people=peak.people,
                    members=crew.skilled.get(skill, 0),
                )
            )
    return found


def _why_not(weeks: Sequence[Week], crew: Crew, terms: Terms) -> str:
    if len(weeks) < FEWEST_WEEKS:
        known = "1 whole week" if len(weeks) == 1 else f"{len(weeks)} whole weeks"
        return f"Too early to say: {known} of data; {FEWEST_WEEKS} are needed."
    if not any(map(sum, weeks)):
        return f"Nobody is needed: no ticket came to {crew.team} in {len(weeks)} weeks."
    if not any(crew.open_hours):
        return f"Team {crew.team} has no hour of work; give it a shift in teams.yaml."
    if terms.handling is None:
        return (
            "Cannot be told: no ticket shows how long the work on it took. Say it with handling,"
            " in minutes of work for one ticket."
        )
    return ""


def _sentence(
    hours: Sequence[HourPlan], crew: Crew, terms: Terms, off: ForecastError | None
) -> str:
    peak = _peak(hours)
    people = "1 person" if peak.people == 1 else f"{peak.people} people"
    has = f"; the team has {crew.members}" if crew.members else ""
    text = (
        f"Most are needed on {_when(peak)}: {people} for {number(peak.work)} tickets an hour, to"
        f" answer {terms.share:.0%} within {length(terms.within)}{has}."
    )
    return f"{text} {_off(off)}"


def _off(off: ForecastError | None) -> str:
    if off is None or off.per_hour is None or off.per_week is None or off.by_chance is None:
        return "How good the forecast is cannot be told: nothing came in the weeks held out."
    weeks = "1 week" if off.held_out_weeks == 1 else f"{off.held_out_weeks} weeks"
    return (
        f"In {weeks} that it did not know the forecast was off by {off.per_hour:.0%} by the hour,"
        f" of which chance alone makes {off.by_chance:.0%}, and by {off.per_week:.0%} by the week."
    )


def _peak(hours: Sequence[HourPlan]) -> HourPlan:
    return max(hours, key=lambda one: (one.people, one.work))


def _when(one: HourPlan) -> str:
    return f"{one.day} from {one.hour} to {one.hour + 1}"
