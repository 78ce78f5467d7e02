"""Months of a history, and whether anything rises or falls from one to the next.

A trend rests on whole months only: neither the first nor the last, where the log begins or ends in
the middle of it, nor one with less than a fifth of the tickets of the month that the ticket in the
middle was opened in. A log that was cut by something other than time leaves months like that.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from desk_contracts.frozen import Frozen

from desk_metrics.history.quotients import MIN_TICKETS, hours_if_any, share_of
from desk_metrics.history.tallies import Tallies, minutes_at
from desk_metrics.planning.trends import trend_of
from desk_metrics.sla.worktime import instant

FEWEST_MONTHS = 4
_THIN = 0.2
# Of a month with more tickets open than this the hours to resolve are too low.
_MOST_OPEN = 0.05


class TrendDirection(StrEnum):
    """Which way a figure goes over the months."""

    UP = "up"
    DOWN = "down"
    UNCLEAR = "unclear"


class MonthFigures(Frozen):
    """The tickets that were opened in a month, UTC. Shares and hours are of those tickets."""

    month: str
    tickets: int
    over: int
    is_whole: bool
    median_hours_to_resolve: float | None
    handed_on_share: float | None
    broken_share: float | None


class MonthTrend(Frozen):
    """How a figure went over the whole months; `first` and `last` are those of the first and last.

    `direction` is told where Sen's bounds of the slope, meant to hold four times out of five, leave
    out a level line.
    """

    figure: str
    months: int
    direction: TrendDirection
    first: float
    last: float


def list_months(tallies: Tallies) -> tuple[MonthFigures, ...]:
    """Every month with a ticket, oldest first."""
    if tallies.first is None or tallies.last is None:
        return ()
    middle = _count_middle(tallies)
    # Where the log begins or ends within a month.
    first, last = instant(tallies.first), instant(tallies.last)
    begun = "" if first.day == 1 else f"{first:%Y-%m}"
    ended = "" if (last + timedelta(days=1)).month != last.month else f"{last:%Y-%m}"
    has_teams = tallies.with_team > 0 and tallies.has_updates
    return tuple(
        MonthFigures(
            month=name,
            tickets=month.tickets,
            over=month.over,
            is_whole=name not in {begun, ended}
            and month.tickets >= max(MIN_TICKETS, _THIN * middle),
            median_hours_to_resolve=hours_if_any(minutes_at(month.to_resolve, 0.5)),
            handed_on_share=share_of(month.handed_on, month.tickets) if has_teams else None,
            broken_share=share_of(
                month.verdicts.broken, month.verdicts.kept + month.verdicts.broken
            ),
        )
        for name, month in sorted(tallies.months.items())
    )


def list_trends(months: tuple[MonthFigures, ...]) -> tuple[MonthTrend, ...]:
    """Those of figures that enough whole months have."""
    whole = [month for month in months if month.is_whole]
    ended = [month for month in whole if month.tickets - month.over <= _MOST_OPEN * month.tickets]
    trends = (
        _find_trend("tickets", whole, lambda month: month.tickets),
        _find_trend("median_hours_to_resolve", ended, lambda month: month.median_hours_to_resolve),
        _find_trend("handed_on_share", whole, lambda month: month.handed_on_share),
        _find_trend("broken_share", ended, lambda month: month.broken_share),
    )
    return tuple(trend for trend in trends if trend is not None)


def _find_trend(
    figure: str, months: list[MonthFigures], read: Callable[[MonthFigures], float | None]
) -> MonthTrend | None:
    points: list[tuple[float, float]] = []
    for month in months:
        year, _, number = month.month.partition("-")
        if (value := read(month)) is not None:
            points.append((int(year) * 12 + int(number), value))
    if len(points) < FEWEST_MONTHS:
        return None
    trend = trend_of(points, is_log=False)
    direction = TrendDirection.UNCLEAR
    if trend.slope_low > 0:
        direction = TrendDirection.UP
    elif trend.slope_high < 0:
        direction = TrendDirection.DOWN
    return MonthTrend(
        figure=figure,
        months=len(points),
        direction=direction,
        first=points[0][1],
        last=points[-1][1],
    )


def _count_middle(tallies: Tallies) -> int:
    """How many tickets the month has in which the middle one of all tickets was opened."""
    seen = 0
    for _name, month in sorted(tallies.months.items()):
        seen += month.tickets
        if 2 * seen >= tallies.tickets:
            return month.tickets
    return 0
