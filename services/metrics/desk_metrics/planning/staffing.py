"""Staffing: how many people at which hour of the week keep an SLA to answer.

Each hour is taken for itself, as if it lasted (the stationary independent period-by-period
approximation; Green, Kolesar and Soares 2001, Operations Research 49, 549-564). What arrives while
nobody works waits for the opening, spread evenly over as many open hours as the SLA gives.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, Param, message

from desk_metrics.measures.units import Unit
from desk_metrics.planning.arrivals import FEWEST_WEEKS, HOURS, Week, error, forecast
from desk_metrics.planning.erlang import people_needed
from desk_metrics.planning.quantities import amount_of

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
    explanation: tuple[Message, ...]
    error: ForecastError | None = None
    hours: tuple[HourPlan, ...] = ()
    skills: tuple[SkillPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class StaffingTerms:
    """What is to be kept: answered within so many seconds of open time, for such a share of all."""

    sla: str
    within: float
    share: float
    handling: float | None
    handling_from: str


@dataclass(frozen=True, slots=True)
class TeamCapacity:
    """The team: `open_hours` are those of the week in which it works, `members` by skill."""

    team: str
    skill: str
    zone: str
    open_hours: tuple[bool, ...]
    members: int
    skilled: Mapping[str, int]


def plan_staffing(
    weeks: Sequence[Week],
    by_skill: Mapping[str, Sequence[Week]],
    crew: TeamCapacity,
    terms: StaffingTerms,
) -> StaffingPlan:
    """The plan for the week after these (oldest first), or why there is none."""
    why_not = _why_not(weeks, crew, terms)
    expected = forecast(weeks) if weeks else (0.0,) * HOURS
    hours = () if why_not else _hours(expected, crew, terms)
    backtest = _error(weeks) if len(weeks) >= FEWEST_WEEKS else None
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
        person_hours=sum(hour.people for hour in hours),
        explanation=(why_not,) if why_not else tuple(_explain(hours, crew, terms, backtest)),
        error=backtest,
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


def move_into_hours(
    expected: Sequence[float], open_hours: Sequence[bool], within: float
) -> list[float]:
    """Work by hour: what comes while nobody works is spread over the first hours after that."""
    work = [value if is_open else 0.0 for value, is_open in zip(expected, open_hours, strict=True)]
    if not any(open_hours):
        return work
    for hour in range(HOURS):
        if not open_hours[hour] and expected[hour]:
            # The next hours of work in a row, as many as the SLA gives.
            start = next(n for n in range(hour, hour + HOURS) if open_hours[n % HOURS])
            most = min(max(1, math.floor(within / _HOUR)), HOURS)
            ahead: list[int] = []
            while len(ahead) < most and open_hours[(start + len(ahead)) % HOURS]:
                ahead.append((start + len(ahead)) % HOURS)
            for place in ahead:
                work[place] += expected[hour] / len(ahead)
    return work


def _hours(
    expected: Sequence[float], crew: TeamCapacity, terms: StaffingTerms
) -> tuple[HourPlan, ...]:
    handling = terms.handling or 0.0
    work = move_into_hours(expected, crew.open_hours, terms.within)
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


def _skills(
    by_skill: Mapping[str, Sequence[Week]], crew: TeamCapacity, terms: StaffingTerms
) -> list[SkillPlan]:
    skills = []
    for skill, weeks in sorted(by_skill.items()):
        expected = forecast(weeks)
        hours = _hours(expected, crew, terms)
        if hours:
            peak = _peak(hours)
            skills.append(
                SkillPlan(
                    skill=skill,
                    arrivals=round(sum(expected), 2),
                    busiest=(f"{peak.day} from {peak.hour} to {peak.hour + 1}"),
                    people=peak.people,
                    members=crew.skilled.get(skill, 0),
                )
            )
    return skills


def _why_not(weeks: Sequence[Week], crew: TeamCapacity, terms: StaffingTerms) -> Message | None:
    if len(weeks) < FEWEST_WEEKS:
        return message("staffing.few-weeks", count=len(weeks), fewest=FEWEST_WEEKS)
    if not any(map(sum, weeks)):
        return message("staffing.no-arrivals", team=crew.team, weeks=len(weeks))
    if not any(crew.open_hours):
        return message("staffing.no-hours", team=crew.team)
    return message("staffing.no-handling") if terms.handling is None else None


def _explain(
    hours: Sequence[HourPlan], crew: TeamCapacity, terms: StaffingTerms, off: ForecastError | None
) -> Iterator[Message]:
    peak = _peak(hours)
    facts: dict[str, Param] = {
        "day": peak.day,
        "hour": peak.hour,
        "until": peak.hour + 1,
        "people": message("count.people", count=peak.people),
        "work": amount_of(peak.work, Unit.PLAIN),
        "share": terms.share,
        "within": amount_of(terms.within, Unit.SECONDS),
    }
    if crew.members:
        yield message("staffing.needed-of", members=crew.members, **facts)
    else:
        yield message("staffing.needed", **facts)
    yield _explain_error(off)


def _explain_error(off: ForecastError | None) -> Message:
    if off is None or off.per_hour is None or off.per_week is None or off.by_chance is None:
        return message("staffing.error-unknown")
    return message(
        "staffing.error",
        count=off.held_out_weeks,
        hourly=off.per_hour,
        chance=off.by_chance,
        weekly=off.per_week,
    )


def _peak(hours: Sequence[HourPlan]) -> HourPlan:
    return max(hours, key=lambda hour: (hour.people, hour.work))
