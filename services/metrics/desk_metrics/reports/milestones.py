"""Goals in the weekly report: where each stands, what was said of it before, which part of its way
came due since. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from desk_contracts.events.reports import GoalStatusReported, GoalVerdict

from desk_metrics.planning.goals import GoalStatus
from desk_metrics.reports.periods import ReportPeriod

# Goal, and what the last report said of it.
PastVerdict = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OwnedGoal:
    """A goal as it stands, and the team that answers for it."""

    status: GoalStatus
    team: str
    charter: str


class ReportSpan(NamedTuple):
    """What a report is about, since when there was none, and what is known in it."""

    period: ReportPeriod
    since: datetime
    as_of: datetime


def report_goal(
    owned: OwnedGoal, before: Mapping[str, str], stretch: ReportSpan
) -> GoalStatusReported:
    """What the report says of a goal; `before` holds what the one before it said."""
    status, forecast = owned.status, owned.status.forecast
    earlier = before.get(status.goal)
    # The last part of the way whose day lies in what was not reported about yet.
    since, until = (stretch.since.date(), stretch.period.end.date())
    return GoalStatusReported(
        goal=status.goal,
        title=status.title,
        team=owned.team,
        period=stretch.period.name,
        as_of=stretch.as_of,
        measure=status.measure,
        unit=status.unit.value,
        due=status.due,
        verdict=status.verdict,
        verdict_before=None if earlier is None else GoalVerdict(earlier),
        explanation=status.explanation,
        baseline=status.baseline,
        baseline_weeks=status.baseline_weeks,
        baseline_wanted=status.baseline_wanted,
        target=status.target,
        now=status.now,
        planned_now=status.planned_now,
        forecast=None if forecast is None else forecast.value,
        forecast_low=None if forecast is None else forecast.low,
        forecast_high=None if forecast is None else forecast.high,
        milestone=next((m for m in reversed(status.milestones) if since <= m.day < until), None),
        charter=owned.charter,
    )
