"""A cohort against the rest, from the cells: the same number of whole weeks on both sides."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from desk_shared.errors import Invalid
from desk_shared.events.message import message

from desk_metrics.domain.aims import Where
from desk_metrics.domain.cohorts import (
    Cohort,
    CohortCount,
    Comparison,
    Sizes,
    Windows,
    cannot,
    compare,
)
from desk_metrics.domain.worktime import micros
from desk_metrics.planning import PlanningDeps
from desk_metrics.reckoning import cells_between, first_day


@dataclass(frozen=True, slots=True)
class AskedCohort:
    """A question about a change: the day from which on the cohort had it, and who the cohort is."""

    change: date
    cohort: Cohort
    where: Where = field(default_factory=Where)
    weeks: int = 4
    sizes: Sizes = field(default_factory=Sizes)


async def compared(deps: PlanningDeps, asked: AskedCohort, now: datetime) -> Comparison:
    """Whether the change helped, or why that cannot be told."""
    if not (asked.cohort.people or asked.cohort.devices or asked.cohort.sites):
        raise Invalid(message("cohort.is-empty"), code="empty-cohort")
    if asked.change > now.date():
        raise Invalid(message("cohort.change-to-come", change=asked.change), code="change-to-come")
    days = (now.date() - asked.change).days
    weeks = min(asked.weeks, days // 7)
    if not weeks:
        return cannot(message("cohort.few-days", count=days))
    windows = windows_of(asked.change, weeks)
    first = await first_day(deps.cells)
    if first is None or first > windows.first:
        return cannot(message("cohort.no-figures", weeks=weeks, change=asked.change))
    count = CohortCount(asked.cohort, asked.where, windows)
    async for cell in cells_between(deps.cells, windows.first, windows.last):
        count.add(cell)
    return compare(count.square, windows, _sizes(deps, asked), count.people)


def windows_of(change: date, weeks: int) -> Windows:
    """So many weeks before a day and from it on."""
    length = timedelta(weeks=weeks)
    days = (change - length, change, change + length)
    start, middle, end = (micros(datetime.combine(day, time(), UTC)) for day in days)
    return Windows(start, middle, end, *days)


def _sizes(deps: PlanningDeps, asked: AskedCohort) -> Sizes:
    """Given, or as far as settings and the list of people tell."""
    cohort = asked.sizes.cohort or (
        0 if asked.cohort.devices or asked.cohort.sites else len(asked.cohort.people)
    )
    return Sizes(cohort, asked.sizes.rest or max(0, deps.people - cohort if cohort else 0))
