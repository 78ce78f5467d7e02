"""Reads the page's figures in one pass over the rollups: a period, the one before, its steps."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from desk_contracts.errors import Invalid, NotFound
from desk_contracts.message import message

from desk_metrics.measures.balance import Balance
from desk_metrics.measures.figures import Figures, figures_of, without_services
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.store import days, first_day
from desk_metrics.measures.totals import QuerySpan, Totals, TotalsQuery, spans_of
from desk_metrics.reports.demand import Demand
from desk_metrics.reports.page.model import PageFigures, PageQuery
from desk_metrics.reports.periods import days_between
from desk_metrics.reports.store import Sources
from desk_metrics.sla.worktime import instant, micros

MOST_REQUESTED = 10


async def gather(sources: Sources, query: PageQuery) -> PageFigures:
    """All that the page shows; a team that nothing is known of is refused.

    What was before the desk's first figure is not known: its points are gaps, not zeros.
    """
    sums, team = _PageSums(query), query.team
    async for rollup in days(sources.buckets, query.before[0], query.last, query.as_of):
        sums.add(rollup)
    of_teams = sums.by_team.totals()
    if team and (sums.now, team) not in of_teams:
        raise unknown_team(team)
    of_periods, of_steps = of_teams if team else sums.every.totals(), sums.by_step.totals()

    began = await first_day(sources.buckets)
    known_from = micros(query.as_of if began is None else _midnight(began))
    steps = ((step, _read_figures(sources, query, of_steps, step)) for step in sums.steps)
    figures = PageFigures(
        query=query,
        now=_read_figures(sources, query, of_periods, sums.now),
        before=_read_figures(sources, query, of_periods, sums.before),
        steps=tuple(
            (instant(step.start), figures if step.end > known_from else dict.fromkeys(figures))
            for step, figures in steps
        ),
        began=began,
    )
    if team:
        return figures
    return replace(
        figures,
        teams=tuple(
            (name, figures_of(totals, span))
            for (span, name), totals in of_teams.items()
            if span == sums.now
        ),
        systems=(await sources.survey(days_between(query.first, query.last), query.as_of)).systems,
        goals=tuple(await sources.goals(query.as_of)),
        demand=sums.demand.entries()[:MOST_REQUESTED],
        statuses=tuple(await sources.responses.open()),
    )


def _read_figures(
    sources: Sources, query: PageQuery, totals: dict[tuple[QuerySpan, str], Totals], span: QuerySpan
) -> Figures:
    """The figures of one span, of one team if the page is about one."""
    people, cost = sources.people
    counted = totals.get((span, query.team)) or Totals()
    if query.team:
        return without_services(figures_of(counted, span, cost=cost))
    return figures_of(counted, span, people, cost)


def unknown_team(team: str) -> NotFound:
    """The refusal of a team of which nothing is known, or nothing to the caller."""
    return NotFound(message("asked.unknown-team", team=team))


class _PageSums:
    """What the rollups add up to: in both periods, by team, by step, by service, and demand."""

    def __init__(self, query: PageQuery) -> None:
        start, end = _midnight(query.first), _midnight(query.last + timedelta(days=1))
        if query.as_of <= start:
            why = message("asked.days-to-come", first=query.first, as_of=query.as_of)
            raise Invalid(why, code="bad-days")
        periods = spans_of(start - (end - start), end, query.days, query.as_of)
        self.before, self.now = periods
        steps = spans_of(start, end, query.step, query.as_of)
        self.steps = tuple(step for step in steps if step.start < step.as_of)
        self.every = TotalsQuery((self.before, self.now))
        self.by_team = TotalsQuery((self.before, self.now), "team")
        self.by_step = TotalsQuery(self.steps, "team" if query.team else "")
        self.demand = Demand(start, end, query.as_of)

    def add(self, rollup: Bucket | Balance) -> None:
        for totals in (self.every, self.by_team, self.by_step):
            totals.take(rollup)
        if isinstance(rollup, Bucket):
            self.demand.add(rollup)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
