"""A goal is followed in whole weeks since its baseline, up to now."""

from datetime import UTC, date, datetime, timedelta

import pytest
from desk_metrics.measures.contributions import Where
from desk_metrics.planning.goal_weeks import People, list_goal_weeks
from desk_metrics.planning.model import MeasuredGoal

FIRST, LAST = date(2026, 1, 5), date(2026, 2, 1)
END = datetime(2026, 2, 2, tzinfo=UTC)
WEEK, SECOND = timedelta(weeks=1), timedelta(seconds=1)
GOAL = MeasuredGoal(
    "half", "Half", "contacts", Where(), wants_less=True, factor=0.5, value=None,
    first=FIRST, last=LAST, due=date(2026, 12, 31),
)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "weeks"),
    [(END, 0), (END + WEEK - SECOND, 0), (END + WEEK, 1), (END + 3 * WEEK + SECOND, 3)],
)
def test_weeks_since_the_baseline_are_whole_and_over(now: datetime, weeks: int) -> None:
    (goal_weeks,) = list_goal_weeks([GOAL], FIRST, now)
    figures = goal_weeks.seen(People())
    assert len(figures.weeks) == weeks


@pytest.mark.parametrize(("known_from", "weeks_known"), [(FIRST, 4), (date(2026, 1, 19), 2)])
def test_weeks_of_the_baseline_are_known_from_the_first_figure_on(
    known_from: date, weeks_known: float
) -> None:
    (goal_weeks,) = list_goal_weeks([GOAL], known_from, END + WEEK)
    figures = goal_weeks.seen(People())
    assert (figures.weeks_known, figures.weeks_wanted) == (weeks_known, 4)
