"""Skill gaps: what a team is asked for and too few of its members can do.

- `bus_factor` (members): members of the team whose own skills name it, as in Avelino et al.,
  "A novel approach for estimating truck factors" (2016), with the charter in place of commits.
- A gap is a skill that at least `FEWEST_ASKED` tickets of the team needed, where the bus factor is
  `THIN` or less, or the team handed on at least `HANDED_ON_SHARE` as often as it was asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from desk_contracts.events.reports import SkillGapReported
from desk_contracts.message import Message, Param, message

from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.skills import CAME, read_asked
from desk_metrics.reports.periods import ReportPeriod
from desk_metrics.sla.worktime import micros

FEWEST_ASKED = 10
THIN = 1
HANDED_ON_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class TeamSkills:
    """A team as far as skills go: what each member can finish, and what all of them can."""

    name: str
    members: tuple[frozenset[str], ...]
    common: frozenset[str] = frozenset()

    def holders(self, skill: str) -> int:
        """Its bus factor: how many members are named for the skill."""
        return sum(skill in member for member in self.members)


@dataclass(slots=True)  # not frozen: it is filled while buckets are read
class SkillDemand:
    """How often a team was asked for a skill, and handed it on."""

    came: int = 0
    passed: int = 0


class Skills:
    """Adds up buckets one by one: what teams were asked for in a period, as known at a moment."""

    def __init__(
        self, period: ReportPeriod, as_of: datetime, needed: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._start, self._end = micros(period.start), micros(period.end)
        self._as_of, self._needed = micros(as_of), needed
        self.demand: dict[tuple[str, str], SkillDemand] = {}

    def add(self, bucket: Bucket) -> None:
        for entry in bucket.entries:
            for contribution in entry.believed:
                is_known = max(contribution.known_at, contribution.at) < self._as_of
                if is_known and self._start <= contribution.at < self._end:
                    self._post(contribution.measure, contribution.weight)

    def _post(self, measure: str, weight: int) -> None:
        subject = read_asked(measure)
        if subject is None:
            return
        what, team, category = subject
        for skill in self._needed.get(category, ()):
            demand = self.demand.setdefault((team, skill), SkillDemand())
            if what == CAME:
                demand.came += weight
            else:
                demand.passed += weight


def gaps_of(
    demand: Mapping[tuple[str, str], SkillDemand],
    crews: Iterable[TeamSkills],
    period: ReportPeriod,
    charter: str,
) -> list[SkillGapReported]:
    """Every gap of every team, the most asked for first."""
    gaps = [
        SkillGapReported(
            team=crew.name,
            skill=skill,
            period=period.name,
            since=period.start,
            until=period.end,
            bus_factor=crew.holders(skill),
            members=len(crew.members),
            requested=demand[team, skill].came,
            handed_on=demand[team, skill].passed,
            reasons=reasons,
            charter=charter,
        )
        for crew in crews
        for team, skill in demand
        if team == crew.name and (reasons := tuple(_reasons(crew, skill, demand[team, skill])))
    ]
    return sorted(gaps, key=lambda gap: (-gap.requested, gap.team, gap.skill))


def _reasons(crew: TeamSkills, skill: str, demand: SkillDemand) -> Iterator[Message]:
    if demand.came < FEWEST_ASKED:
        return
    holders, members = crew.holders(skill), len(crew.members)
    tickets = message("count.tickets", count=demand.came)
    if holders <= THIN:
        facts: dict[str, Param] = {
            "tickets": tickets,
            "skill": skill,
            "holders": holders,
            "members": message("count.members", count=members),
        }
        if skill in crew.common:
            yield message("skill.few-members-though-listed", **facts)
        else:
            yield message("skill.few-members", **facts)
    if demand.passed >= HANDED_ON_SHARE * demand.came:
        yield message("skill.handed-on", tickets=tickets, skill=skill, count=demand.passed)
