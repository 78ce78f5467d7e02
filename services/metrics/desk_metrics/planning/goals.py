"""Goals: where each stands today, where it should be by now, and where it will be when it is due.

The way from baseline to target is straight on the scale of the trend: logarithmic (the same share
each week) where every week has a figure above zero and it is no share, plain otherwise. The rate is
that of the weeks since the baseline, at most the last 52, see `trends`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from desk_contracts.events.reports import GoalMilestone, GoalVerdict
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, Param, message

from desk_metrics.measures.units import Unit
from desk_metrics.planning.model import GoalFigures, GoalWeek, MeasuredGoal
from desk_metrics.planning.quantities import amount_of
from desk_metrics.planning.trends import Point, Range, trend_of
from desk_metrics.sla.worktime import instant, micros

# Fewer weeks show no direction that would survive the next one.
FEWEST_WEEKS = 8
MOST_WEEKS = 52
RECENT_WEEKS = 4
# A range that ends ten times higher than it begins tells nothing; on the plain scale one that holds
# most of all shares, or most between nothing and twice the level of today or of the baseline.
VAGUE_FACTOR = 10.0
VAGUE_WIDTH = 0.8
# Below this share of its weeks a baseline is weak.
_STRONG = 0.9
_PARTS = (0.25, 0.5, 0.75, 1.0)


class Forecast(Frozen):
    """What is likely on the due day if it goes on like this; four times out of five within."""

    value: float
    low: float
    high: float
    weeks: int


class GoalStatus(Frozen):
    """One goal. Counts are per week, durations seconds, shares between 0 and 1."""

    goal: str
    title: str
    measure: str
    unit: Unit
    due: date
    verdict: GoalVerdict
    explanation: tuple[Message, ...]
    baseline: float | None
    baseline_weeks: float
    baseline_wanted: float
    target: float | None
    now: float | None
    planned_now: float | None = None
    scale: str
    forecast: Forecast | None = None
    milestones: tuple[GoalMilestone, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """All that is known of one goal at a moment."""

    goal: MeasuredGoal
    seen: GoalFigures
    weeks: tuple[GoalWeek, ...]
    target: float | None
    is_log: bool
    forecast: Forecast | None
    now: int

    @property
    def is_measuring(self) -> bool:
        return self.now < _end(self.goal.last)


def assess_goal(goal: MeasuredGoal, seen: GoalFigures, now: datetime) -> GoalStatus:
    """Where the goal stands at a moment."""
    case = _case(goal, seen, micros(now))
    verdict = _verdict(case)
    return GoalStatus(
        goal=goal.name,
        title=goal.title,
        measure=goal.measure,
        unit=goal.unit,
        due=goal.due,
        verdict=verdict,
        explanation=tuple(_explain(case, verdict)),
        baseline=seen.baseline,
        baseline_weeks=round(seen.weeks_known, 1),
        baseline_wanted=round(seen.weeks_wanted, 1),
        target=case.target,
        now=seen.recent,
        planned_now=plan_value(goal, seen.baseline, case.target, case.now, is_log=case.is_log),
        scale="logarithmic" if case.is_log else "plain",
        forecast=case.forecast,
        milestones=tuple(_milestones(case)),
    )


def _case(goal: MeasuredGoal, seen: GoalFigures, now: int) -> _Case:
    weeks = [item for item in seen.weeks if item.value is not None and item.end <= _end(goal.due)]
    target = goal.target(seen.baseline)
    values = [seen.baseline, target, *(week.value for week in weeks)]
    is_log = goal.unit is not Unit.SHARE and all(value and value > 0 for value in values)
    forecast = _forecast(goal, weeks[-MOST_WEEKS:], is_log=is_log)
    return _Case(goal, seen, tuple(weeks), target, is_log, forecast, now)


def plan_value(
    goal: MeasuredGoal, baseline: float | None, target: float | None, at: int, *, is_log: bool
) -> float | None:
    """Where the measure should be at a moment on the straight way to the target."""
    if baseline is None or target is None:
        return None
    start, end = _end(goal.last), _end(goal.due)
    part = max(0.0, min(1.0, (at - start) / (end - start)))
    if is_log:
        return float(baseline * (target / baseline) ** part)
    return baseline + (target - baseline) * part


def _forecast(goal: MeasuredGoal, weeks: Sequence[GoalWeek], *, is_log: bool) -> Forecast | None:
    if len(weeks) < FEWEST_WEEKS:
        return None
    points: list[Point] = [(week.end, week.value) for week in weeks if week.value is not None]
    forecast = trend_of(points, is_log=is_log).at(_end(goal.due))
    if is_log:
        ends = forecast
    else:
        most = 1.0 if goal.unit is Unit.SHARE else math.inf
        ends = Range(
            *(max(0.0, min(most, item)) for item in (forecast.middle, forecast.low, forecast.high))
        )
    return Forecast(value=ends.middle, low=ends.low, high=ends.high, weeks=len(weeks))


def _is_vague(case: _Case, forecast: Forecast) -> bool:
    """Whether the range is so wide that the middle of it means nothing."""
    if case.is_log:
        return forecast.high > VAGUE_FACTOR * forecast.low
    width = forecast.high - forecast.low
    return width > VAGUE_WIDTH * (
        1.0
        if case.goal.unit is Unit.SHARE
        else (2 * max(case.seen.recent or 0.0, case.seen.baseline or 0.0))
    )


def _verdict(case: _Case) -> GoalVerdict:
    recent, target = case.seen.recent, case.target
    if target is None or recent is None or case.is_measuring:
        return GoalVerdict.CANNOT_TELL
    is_met = case.goal.is_met(recent, target)
    if case.now >= _end(case.goal.due):
        return GoalVerdict.REACHED if is_met else GoalVerdict.MISSED
    if case.forecast is None:
        return GoalVerdict.TOO_EARLY
    return GoalVerdict.REACHED if is_met else _ahead(case, case.forecast, target)


def _ahead(case: _Case, forecast: Forecast, target: float) -> GoalVerdict:
    """What the forecast says of a goal that is not reached yet."""
    if _is_vague(case, forecast):
        return GoalVerdict.TOO_EARLY
    if case.goal.is_met(forecast.value, target):
        return GoalVerdict.ON_THE_WAY
    best = forecast.low if case.goal.wants_less else forecast.high
    return GoalVerdict.WITHIN_REACH if case.goal.is_met(best, target) else GoalVerdict.BEHIND


def _explain(case: _Case, verdict: GoalVerdict) -> Iterator[Message]:
    if case.target is None or case.seen.recent is None or case.is_measuring:
        yield _why_not(case)
        return
    figures: dict[str, Param] = {
        "target": amount_of(case.target, case.goal.unit),
        "now": amount_of(case.seen.recent, case.goal.unit),
    }
    if verdict is GoalVerdict.MISSED:
        yield message("goal.missed", due=case.goal.due, **figures)
    elif verdict is GoalVerdict.REACHED:
        forecast = case.forecast
        if (
            forecast is None
            or _is_vague(case, forecast)
            or case.goal.is_met(forecast.value, case.target)
        ):
            yield message("goal.reached", **figures)
        else:
            yield message("goal.reached-for-now", **figures, **_chances(case.goal, forecast))
    elif verdict is GoalVerdict.TOO_EARLY or case.forecast is None:
        yield _too_early(case)
    else:
        yield _describe_trend(case, case.forecast, verdict, figures["target"])
    if case.seen.weeks_known < _STRONG * case.seen.weeks_wanted:
        weeks, wanted = round(case.seen.weeks_known), round(case.seen.weeks_wanted)
        yield message("goal.weak-baseline", known=weeks, wanted=wanted)


def _describe_trend(
    case: _Case, forecast: Forecast, verdict: GoalVerdict, target: Param
) -> Message:
    chances = _chances(case.goal, forecast)
    if verdict is GoalVerdict.ON_THE_WAY:
        return message("goal.on-the-way", target=target, **chances)
    if verdict is GoalVerdict.WITHIN_REACH:
        return message("goal.within-reach", target=target, **chances)
    return message("goal.behind", target=target, **chances)


def _too_early(case: _Case) -> Message:
    if case.forecast is None:
        return message("goal.few-weeks", count=len(case.weeks), fewest=FEWEST_WEEKS)
    return message(
        "goal.anything-possible",
        weeks=case.forecast.weeks,
        due=case.goal.due,
        low=amount_of(case.forecast.low, case.goal.unit),
        high=amount_of(case.forecast.high, case.goal.unit),
    )


def _chances(goal: MeasuredGoal, forecast: Forecast) -> dict[str, Param]:
    return {
        "due": goal.due,
        "forecast": amount_of(forecast.value, goal.unit),
        "low": amount_of(forecast.low, goal.unit),
        "high": amount_of(forecast.high, goal.unit),
    }


def _why_not(case: _Case) -> Message:
    goal = case.goal
    if case.is_measuring:
        return message("goal.measuring", until=goal.last)
    if case.target is None:
        return message("goal.no-baseline", first=goal.first, last=goal.last)
    return message("goal.no-figure")


def _milestones(case: _Case) -> list[GoalMilestone]:
    """A quarter, half, three quarters and all of the way."""
    milestones = []
    goal, start, end = case.goal, _end(case.goal.last), _end(case.goal.due)
    for part in _PARTS:
        at = start + round((end - start) * part)
        wanted = plan_value(goal, case.seen.baseline, case.target, at, is_log=case.is_log)
        if wanted is None:
            return []
        # The mean of the last whole weeks before a moment.
        last = [week for week in case.seen.weeks if week.end <= at][-RECENT_WEEKS:]
        values = [item.value for item in last if item.value is not None]
        measured = (sum(values) / len(values) if values else None) if at <= case.now else None
        met = None if measured is None else goal.is_met(measured, wanted)
        when = (instant(at) - timedelta(microseconds=1)).date()
        milestones.append(
            GoalMilestone(share=part, day=when, planned=wanted, measured=measured, is_met=met)
        )
    return milestones


def _end(last: date) -> int:
    """The end of a day, UTC."""
    return micros(datetime.combine(last + timedelta(days=1), time(), UTC))
