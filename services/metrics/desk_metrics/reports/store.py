"""What the figures say of services, skills and goals, what reports asked and owners answered: read
from the store for the weekly report, the HTTP side and the command line alike.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from desk_shared.charter import Charter
from desk_shared.events.message import Message
from desk_shared.events.reports import ServiceRanked, SkillGapReported
from desk_shared.frozen import Frozen
from desk_shared.messages import Catalogue
from desk_shared.store import Documents, Schema

from desk_metrics.measures.rollups import Cell
from desk_metrics.measures.store import (
    Day,
    Kept,
    cells_between,
    first_day,
)
from desk_metrics.measures.sums import DaySums
from desk_metrics.planning.goal_weeks import People
from desk_metrics.planning.store import owner_of, standings
from desk_metrics.reports.causes import SIGNS, Causes, Service
from desk_metrics.reports.changes import Changes
from desk_metrics.reports.decide import WEEKLY, WEEKS, Reported, ranked
from desk_metrics.reports.demand import Demand, DemandEntry
from desk_metrics.reports.effectiveness import REACH, Came
from desk_metrics.reports.milestones import Aimed
from desk_metrics.reports.periods import Period, read_period, weeks_before
from desk_metrics.reports.responses import Answers, Asked, Heard, Said, standing_of
from desk_metrics.reports.skill_gaps import Crew, Skills, gaps_of

CHANGES = Schema(collection="changes", model=Changes)
ANSWERS = Schema(collection="answers", model=Answers)
REPORTED = Schema(collection="reported", model=Reported)

_NOT_TOLD = People()
_BOOK = "services"


@dataclass(frozen=True, slots=True)
class Correspondence:
    """The two collections that know of it."""

    reported: Documents[Reported]
    answers: Documents[Answers]

    async def asked(self, service: str) -> Asked | None:
        """What reports said of a service so far."""
        return (await self._asked()).get(service)

    async def answered(self, service: str) -> Answers:
        """What was answered about a service."""
        found = (await self.answers.load([service])).get(service)
        return Answers() if found is None or found.state is None else found.state

    async def said(self, services: Iterable[str]) -> dict[str, Said]:
        """The last answer about each of the services that has one."""
        found = await self.answers.load(services)
        lasts = {name: one.state.last for name, one in found.items() if one.state is not None}
        return {name: last for name, last in lasts.items() if last is not None}

    async def open(self) -> list[tuple[str, Message]]:
        """Every service that a report asks about, and where that stands."""
        return list((await self.standings(await self._asked())).items())

    async def standings(self, services: Iterable[str]) -> dict[str, Message]:
        """Where each of the services stands, if anything was asked about it."""
        services = tuple(services)
        asked, said = await self._asked(), await self.said(services)
        found = {name: standing_of(asked.get(name), said.get(name)) for name in services}
        return {name: stands for name, stands in found.items() if stands is not None}

    async def _asked(self) -> dict[str, Asked]:
        found = (await self.reported.load([WEEKLY])).get(WEEKLY)
        made = () if found is None or found.state is None else found.state.made
        return {one.service: one for one in made}


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


# What only a report that was sent can know; where that stands is told beside it.
UNSENT = {
    "in_a_row", "unanswered", "unanswered_since", "escalated", "escalated_to", "answer",
    "target_date", "outcome",
}  # fmt: skip


class Systems(Frozen):
    """Every service by the time it cost people in a period, as known at a moment.

    `why` says in sentences why each proposal is made; `answers` says of each service that a report
    asks about where that stands with its owner today; `demand` is what people asked for that there
    is not.
    """

    period: str
    since: datetime
    until: datetime
    as_of: datetime
    systems: tuple[ServiceRanked, ...]
    why: dict[str, str]
    answers: dict[str, str]
    demand: tuple[DemandEntry, ...]


def asked_period(text: str, at: datetime) -> Period:
    """The period that was asked for, or the last whole weeks."""
    return read_period(text) if text else weeks_before(at, WEEKS)


async def answered(sources: Sources, period: Period, at: datetime, catalogue: Catalogue) -> Systems:
    """The answer for the HTTP side and the command line."""
    look = await sources.look(period, at)
    standings = await sources.letters.standings(one.service for one in look.systems)
    return Systems(
        period=period.name,
        since=period.start,
        until=period.end,
        as_of=at,
        systems=look.systems,
        why={one.service: catalogue.render_all(one.reasons) for one in look.systems},
        answers={name: catalogue.render(stands) for name, stands in standings.items()},
        demand=look.demand,
    )
