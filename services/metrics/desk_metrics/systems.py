"""What the figures say of services, skills and goals, read from the store: for the weekly report,
the HTTP side and the command line alike.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from desk_shared.charter import Charter
from desk_shared.events.reports import ServiceRanked, SkillGapReported
from desk_shared.store import Documents

from desk_metrics.aiming import owner_of, standings
from desk_metrics.correspondence import Correspondence
from desk_metrics.domain.answers import Heard
from desk_metrics.domain.causes import SIGNS, Causes, Service
from desk_metrics.domain.changes import Changes
from desk_metrics.domain.demand import Demand, DemandEntry
from desk_metrics.domain.gaps import Crew, Skills, gaps_of
from desk_metrics.domain.goal_weeks import People
from desk_metrics.domain.helped import REACH, Came
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.sums import DaySums
from desk_metrics.domain.milestones import Aimed
from desk_metrics.domain.periods import Period
from desk_metrics.domain.reporting import ranked
from desk_metrics.keeping import Day, Kept
from desk_metrics.reckoning import cells_between, first_day

_NOT_TOLD = People()
_BOOK = "services"


@dataclass(frozen=True, slots=True)
class Look:
    """Every service of the charter, the one that costs people most first; what people ask for that
    there is not; contacts by day."""

    systems: tuple[ServiceRanked, ...]
    demand: tuple[DemandEntry, ...]
    came: Came


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it is read from, and what the organisation wrote down."""

    cells: Documents[Cell]
    sums: Documents[DaySums]
    changes: Documents[Changes]
    charter: Callable[[], Charter]
    letters: Correspondence
    people: People = _NOT_TOLD

    async def look(self, period: Period, as_of: datetime) -> Look:
        """All that one walk over the days tells of services; `causes` says which it needs."""
        charter = self.charter()
        services = services_of(charter)
        causes = Causes(period, as_of, services)
        demand = Demand(period.start, period.end, as_of)
        came = Came(as_of - REACH, as_of)
        async for day in days_of(causes, self.cells, self.sums):
            if isinstance(day, DaySums):
                causes.take(day)
                continue
            for cell in day:
                for one in (causes, demand, came):
                    one.add(cell)
        stored = await self.changes.load([one.name for one in services])
        changes = {name: one.state for name, one in stored.items() if one.state is not None}
        standings = causes.standings(services, changes)
        found = ranked(standings, period, as_of, charter.version)
        return Look(tuple(found), demand.entries(), came)

    async def heard(self, look: Look, known: datetime) -> Heard:
        """What the owners of these services answered, for the report of that moment."""
        said = await self.letters.said(one.service for one in look.systems)
        charter = self.charter()
        told = charter.routing.default_team
        seen = charter.sight_of(told, sees_all=False)
        kept = frozenset(one.name for one in charter.services if seen.hides(one.name))
        return Heard(said, look.came, known, told, kept)

    async def gaps(self, period: Period, as_of: datetime) -> list[SkillGapReported]:
        """What teams were asked for and too few of them can do."""
        charter = self.charter()
        skills = Skills(period, as_of, needed_by(charter))
        last = (period.end - timedelta(days=1)).date()
        async for cell in cells_between(self.cells, period.start.date(), last):
            skills.add(cell)
        return gaps_of(skills.asked, crews_of(charter), period, charter.version)

    async def goals(self, as_of: datetime) -> list[Aimed]:
        """Where each goal of the charter stands, and who answers for it."""
        charter = self.charter()
        found = await standings(self.cells, self.sums, charter.goals, as_of, self.people)
        return [
            Aimed(one, owner_of(goal, charter), charter.version)
            for goal, one in zip(charter.goals, found, strict=True)
        ]


async def days_of(
    causes: Causes, cells: Documents[Cell], sums: Documents[DaySums]
) -> AsyncIterator[Day]:
    """What causes need, and of the weeks that `helped` looks back to, all cells."""
    began, reach, as_of = await first_day(cells), causes.reach, causes.known
    if began is None:
        return
    if began < reach.since:
        causes.knew(reach.since)
    whole = {*_days(reach.first, reach.last), *_days((as_of - REACH).date(), as_of.date())}
    kept, since = Kept(_BOOK, cells, sums), max(began, reach.since)
    async for day in kept.days(since, as_of.date(), (SIGNS,), as_of, whole):
        yield day


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def services_of(charter: Charter) -> tuple[Service, ...]:
    """The charter's services as causes know them."""
    return tuple(
        Service(one.name, one.title, one.owner, one.lifecycle, one.criticality)
        for one in charter.services
    )


def crews_of(charter: Charter) -> tuple[Crew, ...]:
    """The charter's teams as skills know them."""
    return tuple(
        Crew(
            team.name,
            tuple(frozenset(member.skills) for member in team.members),
            frozenset(team.skills),
        )
        for team in charter.teams
    )


def needed_by(charter: Charter) -> dict[str, tuple[str, ...]]:
    """Which skills finishing a ticket of a category needs: what the routing rules say of it, and
    the skill that is called like the category."""
    needed: dict[str, set[str]] = {}
    for rule in charter.routing.rules:
        if rule.then.category:
            needed.setdefault(rule.then.category, set()).update(rule.then.skills)
    for skill in _every_skill(charter):
        needed.setdefault(skill, set()).add(skill)
    return {category: tuple(sorted(skills)) for category, skills in needed.items()}


def _every_skill(charter: Charter) -> Iterable[str]:
    return frozenset().union(*(team.all_skills for team in charter.teams))
