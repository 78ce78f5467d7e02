"""What buckets and sums of days say of goals: figures of each baseline, of each week since, of the
last weeks.

All goals are computed in one pass over the days. Weeks before the desk's first figure are unknown,
not zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from desk_metrics.measures.figures import Figures, figures_of
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.sources import OF_HISTORY, sources_of
from desk_metrics.measures.sums import Cut, DaySums
from desk_metrics.measures.totals import QuerySpan, TotalsQuery
from desk_metrics.measures.units import Unit
from desk_metrics.planning.goals import RECENT_WEEKS
from desk_metrics.planning.model import WEEK_US, GoalFigures, GoalWeek, MeasuredGoal
from desk_metrics.sla.worktime import instant, micros

_DAY = timedelta(days=1)
_DAY_US = micros(datetime(1970, 1, 2, tzinfo=UTC))


class People(NamedTuple):
    """What figures need beside the buckets."""

    served: int = 0
    cost_per_minute: float = 0.0


class GoalWeeks:
    """One goal's figures, day by day: of each its buckets or its sums."""

    def __init__(self, goal: MeasuredGoal, first: date, now: datetime) -> None:
        self.goal = goal
        covered = max(goal.first, first)
        wanted = (goal.last + _DAY - goal.first).days / 7
        at = micros(now)
        start, end = _midnight(covered), _midnight(goal.last + _DAY)
        self._wanted = wanted
        self._baseline = [QuerySpan(start, end, at)] if start < min(end, at) else []
        self._weeks = list(_whole_weeks(max(end, start), at))
        until = min(at, _midnight(goal.due + _DAY))
        begin = until - RECENT_WEEKS * WEEK_US
        self._recent = [QuerySpan(begin, until, at)] if begin >= start else []
        self._reckonings = [
            TotalsQuery(spans) for spans in (self._baseline, self._weeks, self._recent) if spans
        ]
        self.cut = Cut(goal.where, "", sources_of((goal.measure,)))
        # The first day that matters; a backlog is what all the days before have left.
        self.since = first if goal.measure in OF_HISTORY else covered
        # Days in the middle of which a span begins: of these no sum can tell.
        self.whole = frozenset(
            instant(span.start).date()
            for span in (*self._baseline, *self._weeks, *self._recent)
            if span.start % _DAY_US
        )

    def add(self, bucket: Bucket) -> None:
        entries = tuple(entry for entry in bucket.entries if self.goal.where.matches(entry.slice))
        if not entries:
            return
        chosen = replace(bucket, entries=entries)
        for totals_query in self._reckonings:
            totals_query.add(chosen)

    def take(self, sums: DaySums) -> None:
        """The sums of a day in place of its buckets."""
        for totals_query in self._reckonings:
            totals_query.take_day(sums.start, sums.cuts[self.cut.key])

    def seen(self, people: People) -> GoalFigures:
        """Ask once, at the end."""
        figures: dict[QuerySpan, Figures] = {}
        for totals_query in self._reckonings:
            figures |= {
                span: figures_of(totals, span, people.served, people.cost_per_minute)
                for (span, _), totals in totals_query.totals().items()
            }
        covered_weeks = sum(span.length for span in self._baseline) / WEEK_US
        return GoalFigures(
            baseline=self._measure(self._baseline, figures),
            weeks_known=covered_weeks,
            weeks_wanted=self._wanted,
            weeks=tuple(
                GoalWeek(span.start, span.end, self._value(span, figures)) for span in self._weeks
            ),
            recent=self._measure(self._recent, figures),
        )

    def _measure(
        self, spans: Sequence[QuerySpan], figures: Mapping[QuerySpan, Figures]
    ) -> float | None:
        return self._value(spans[0], figures) if spans else None

    def _value(self, span: QuerySpan, figures: Mapping[QuerySpan, Figures]) -> float | None:
        value = figures[span][self.goal.measure]
        if value is None or self.goal.unit is not Unit.PER_WEEK:
            return value
        return value * WEEK_US / span.length


def list_goal_weeks(goals: Iterable[MeasuredGoal], first: date, now: datetime) -> list[GoalWeeks]:
    """One for each goal, in their order."""
    return [GoalWeeks(goal, first, now) for goal in goals]


def _whole_weeks(start: int, now: int) -> Iterable[QuerySpan]:
    while start + WEEK_US <= now:
        yield QuerySpan(start, start + WEEK_US, now)
        start += WEEK_US


def _midnight(day: date) -> int:
    return micros(datetime.combine(day, time(), UTC))
