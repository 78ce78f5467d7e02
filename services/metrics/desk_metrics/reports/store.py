"""What the figures say of services, skills and goals, what reports asked and owners answered: read
from the store for the weekly report, the HTTP side and the command line alike.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, NamedTuple

from desk_charter import Charter
from desk_contracts.events.reports import ServiceRanked, SkillGapReported
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from desk_contracts.messages import Catalogue
from desk_platform.store import Documents, Schema
from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.store import (
    DailySums,
    Day,
    first_day,
    read_buckets,
)
from desk_metrics.measures.sums import DaySums
from desk_metrics.planning.charter import GOALS
from desk_metrics.planning.goal_weeks import People
from desk_metrics.planning.store import assess_goals, owner_of
from desk_metrics.reports.causes import SIGNS, Causes, Service
from desk_metrics.reports.changes import Changes
from desk_metrics.reports.decide import WEEKLY, Reported, rank_services
from desk_metrics.reports.demand import Demand, DemandEntry
from desk_metrics.reports.effectiveness import REACH, Came
from desk_metrics.reports.milestones import OwnedGoal
from desk_metrics.reports.periods import ReportPeriod, days_until, read_period
from desk_metrics.reports.responses import Answers, AskedProposal, Heard, OwnerResponse, find_status
from desk_metrics.reports.skill_gaps import Skills, TeamSkills, gaps_of

CHANGES = Schema(
    collection="changes",
    model=Changes,
    kept="one for each service; what is in it for 400 days",
)
ANSWERS = Schema(
    collection="answers",
    model=Answers,
    kept="one for each service",
)
REPORTED = Schema(
    collection="reported",
    model=Reported,
    kept="one",
)

# A period that nobody named.
DAYS = 28
_NOT_TOLD = People()
_BOOK = "services"


@dataclass(frozen=True, slots=True)
class OwnerResponses:
    """The two collections that know of it."""

    reported: Documents[Reported]
    answers: Documents[Answers]

    async def find_asked(self, service: str) -> AskedProposal | None:
        """What reports said of a service so far."""
        return (await self._load_asked()).get(service)

    async def load_answers(self, service: str) -> Answers:
        """What was answered about a service."""
        stored = (await self.answers.load([service])).get(service)
        return Answers() if stored is None or stored.state is None else stored.state

    async def load_last_answers(self, services: Iterable[str]) -> dict[str, OwnerResponse]:
        """The last answer about each of the services that has one."""
        stored = await self.answers.load(services)
        lasts = {
            name: document.state.last
            for name, document in stored.items()
            if document.state is not None
        }
        return {name: last for name, last in lasts.items() if last is not None}

    async def open(self) -> list[tuple[str, Message]]:
        """Every service that a report asks about, and where that stands."""
        return list((await self.find_statuses(await self._load_asked())).items())

    async def find_statuses(self, services: Iterable[str]) -> dict[str, Message]:
        """Where each of the services stands, if anything was asked about it."""
        services = tuple(services)
        find_asked, load_last_answers = (
            await self._load_asked(),
            await self.load_last_answers(services),
        )
        statuses = {
            name: find_status(find_asked.get(name), load_last_answers.get(name))
            for name in services
        }
        return {name: stands for name, stands in statuses.items() if stands is not None}

    async def _load_asked(self) -> dict[str, AskedProposal]:
        stored = (await self.reported.load([WEEKLY])).get(WEEKLY)
        made = () if stored is None or stored.state is None else stored.state.made
        return {proposal.service: proposal for proposal in made}


@dataclass(frozen=True, slots=True)
class ServiceSurvey:
    """Every service of the charter, the one that costs people most first; what people ask for that
    there is not; contacts by day."""

    systems: tuple[ServiceRanked, ...]
    demand: tuple[DemandEntry, ...]
    came: Came


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it is read from, and what the organisation wrote down."""

    buckets: Documents[Bucket]
    sums: Documents[DaySums]
    changes: Documents[Changes]
    charter: Callable[[], Charter]
    responses: OwnerResponses
    people: People = _NOT_TOLD

    async def survey(self, period: ReportPeriod, as_of: datetime) -> ServiceSurvey:
        """All that one pass over the days tells of services; `causes` says which it needs."""
        charter = self.charter()
        services = services_of(charter)
        causes = Causes(period, as_of, services)
        demand = Demand(period.start, period.end, as_of)
        came = Came(as_of - REACH, as_of)
        async for day in days_of(causes, self.buckets, self.sums):
            if isinstance(day, DaySums):
                causes.take(day)
                continue
            for bucket in day:
                for item in (causes, demand, came):
                    item.add(bucket)
        stored = await self.changes.load([service.name for service in services])
        changes = {
            name: document.state for name, document in stored.items() if document.state is not None
        }
        statuses = causes.rank(services, changes)
        began = await first_day(self.buckets)
        update = {"is_before_known": began is not None and began <= period.before.date()}
        ranked = [
            item.model_copy(update=update)
            for item in rank_services(statuses, period, as_of, charter.version)
        ]
        return ServiceSurvey(tuple(ranked), demand.entries(), came)

    async def load_heard(self, survey: ServiceSurvey, as_of: datetime) -> Heard:
        """What the owners of these services answered, for the report of that moment."""
        load_last_answers = await self.responses.load_last_answers(
            service.service for service in survey.systems
        )
        charter = self.charter()
        escalation = charter.routing.default_team
        seen = charter.sight_of(escalation, sees_all=False)
        kept = frozenset(item.name for item in charter.services if seen.hides(item.name))
        return Heard(load_last_answers, survey.came, as_of, escalation, kept)

    async def find_skill_gaps(
        self, period: ReportPeriod, as_of: datetime
    ) -> list[SkillGapReported]:
        """What teams were asked for and too few of them can do."""
        charter = self.charter()
        skills = Skills(period, as_of, skills_needed(charter))
        last = (period.end - timedelta(days=1)).date()
        async for bucket in read_buckets(self.buckets, period.start.date(), last):
            skills.add(bucket)
        return gaps_of(skills.demand, crews_of(charter), period, charter.version)

    async def goals(self, as_of: datetime) -> list[OwnedGoal]:
        """Where each goal of the charter stands, and who answers for it."""
        charter = self.charter()
        statuses = await assess_goals(
            self.buckets, self.sums, charter.of(GOALS), as_of, self.people
        )
        return [
            OwnedGoal(status, owner_of(goal, charter), charter.version)
            for goal, status in zip(charter.of(GOALS), statuses, strict=True)
        ]


async def days_of(
    causes: Causes, buckets: Documents[Bucket], sums: Documents[DaySums]
) -> AsyncIterator[Day]:
    """What causes need, and of the weeks that effectiveness looks back to, all buckets."""
    began, reach, as_of = await first_day(buckets), causes.reach, causes.as_of
    if began is None:
        return
    if began < reach.since:
        causes.knew(reach.since)
    whole = {*_days(reach.first, reach.last), *_days((as_of - REACH).date(), as_of.date())}
    kept, since = DailySums(_BOOK, buckets, sums), max(began, reach.since)
    async for day in kept.days(since, as_of.date(), (SIGNS,), as_of, whole):
        yield day


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def services_of(charter: Charter) -> tuple[Service, ...]:
    """The charter's services as causes know them."""
    return tuple(
        Service(service.name, service.title, service.owner, service.lifecycle, service.criticality)
        for service in charter.services
    )


def crews_of(charter: Charter) -> tuple[TeamSkills, ...]:
    """The charter's teams as skills know them."""
    return tuple(
        TeamSkills(
            team.name,
            tuple(frozenset(member.skills) for member in team.members),
            frozenset(team.skills),
        )
        for team in charter.teams
    )


def skills_needed(charter: Charter) -> dict[str, tuple[str, ...]]:
    """Which skills finishing a ticket of a category needs: what the routing rules say of it, and
    the skill that is called like the category."""
    needed: dict[str, set[str]] = {}
    for rule in charter.routing.rules:
        if rule.then.category:
            needed.setdefault(rule.then.category, set()).update(rule.then.skills)
    for skill in frozenset().union(*(team.all_skills for team in charter.teams)):
        needed.setdefault(skill, set()).add(skill)
    return {category: tuple(sorted(skills)) for category, skills in needed.items()}


# What only a report that was sent can know; where that stands is told beside it.
UNSENT = {
    "in_a_row", "unanswered", "unanswered_since", "escalated", "escalated_to", "answer",
    "target_date", "outcome",
}  # fmt: skip


# A service that cost nothing has no place among those that did.
UNRANKED = {"rank", "of"}


class Without(NamedTuple):
    """In the schema of an answer: a model whose fields of these names the route leaves out."""

    names: frozenset[str]

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        whole = handler.resolve_ref_schema(handler(core_schema))
        kept = {
            name: schema for name, schema in whole["properties"].items() if name not in self.names
        }
        required = [name for name in whole.get("required", ()) if name in kept]
        return {**whole, "properties": kept, "required": required}


class Systems(Frozen):
    """Services by the time they cost people in a period, as known at a moment.

    `systems` are ranked, the one that cost most first; `unranked` are those of which no lost time
    is known. `why` says in sentences why each proposal is made; `answers` says of each service that
    a report asks about where that stands with its owner today; `demand` is what people asked for
    that there is not.
    """

    period: str
    since: datetime
    until: datetime
    as_of: datetime
    systems: tuple[Annotated[ServiceRanked, Without(frozenset(UNSENT))], ...]
    unranked: tuple[Annotated[ServiceRanked, Without(frozenset(UNSENT | UNRANKED))], ...]
    why: dict[str, str]
    answers: dict[str, str]
    demand: tuple[DemandEntry, ...]


def parse_period(text: str, at: datetime) -> ReportPeriod:
    """The period that was asked for, or the four weeks that end today."""
    return read_period(text) if text else days_until(at, DAYS)


async def rank_systems(
    sources: Sources, period: ReportPeriod, at: datetime, catalogue: Catalogue
) -> Systems:
    """The answer for the HTTP side and the command line."""
    survey = await sources.survey(period, at)
    ranked = [system for system in survey.systems if system.score]
    statuses = await sources.responses.find_statuses(service.service for service in survey.systems)
    return Systems(
        period=period.name,
        since=period.start,
        until=period.end,
        as_of=at,
        systems=tuple(item.model_copy(update={"of": len(ranked)}) for item in ranked),
        unranked=tuple(system for system in survey.systems if not system.score),
        why={system.service: catalogue.render_all(system.reasons) for system in survey.systems},
        answers={name: catalogue.render(stands) for name, stands in statuses.items()},
        demand=survey.demand,
    )
