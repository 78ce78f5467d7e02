"""Arrivals of a team, from the buckets: by hour of its own week, and by skill where known.

An hour belongs to the team's zone, a week begins on its Monday. Weeks before the desk's first
figure and the one that is not over are left out.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from desk_metrics.measures.flow import ARRIVALS
from desk_metrics.measures.handling import HANDLED
from desk_metrics.measures.rollups import Bucket, Entry
from desk_metrics.measures.sketch import Sketch
from desk_metrics.planning.arrivals import HOURS
from desk_metrics.sla.worktime import instant, micros

_WEEK = timedelta(weeks=1)


class ArrivalWeeks:
    """Counts openings and reopenings bucket by bucket; filled while a question is answered.

    `skill_services` says which services a skill is for. With a `skill`, only its services count.
    """

    def __init__(
        self,
        team: str,
        zone: ZoneInfo,
        mondays: Sequence[datetime],
        skill_services: Mapping[str, frozenset[str]],
        skill: str = "",
        name: Callable[[str], str] = str,
    ) -> None:
        """`name` gives the team's own name for what a bucket calls it."""
        self._name = name
        self.handled = Sketch()
        self._team, self._zone, self._skill = team, zone, skill
        self._services = skill_services
        self._places = {monday.date(): place for place, monday in enumerate(mondays)}
        self._all = self._empty()
        self._skills = {name: self._empty() for name in skill_services}

    @property
    def weeks(self) -> list[list[int]]:
        return self._skills.get(self._skill, self._empty()) if self._skill else self._all

    @property
    def by_skill(self) -> dict[str, list[list[int]]]:
        return self._skills

    def add(self, bucket: Bucket) -> None:
        for entry in bucket.entries:
            if self._name(entry.slice.team) == self._team:
                self._add(entry)

    def _add(self, entry: Entry) -> None:
        skills = [
            name for name, services in self._services.items() if entry.slice.service in services
        ]
        is_asked = not self._skill or self._skill in skills
        for contribution in entry.believed:
            if contribution.measure == HANDLED and is_asked:
                self.handled.add(contribution.amount, contribution.weight)
            elif contribution.measure == ARRIVALS:
                self._add_arrival(contribution.at, contribution.weight, skills)

    def _add_arrival(self, at: int, weight: int, skills: Sequence[str]) -> None:
        local = instant(at).astimezone(self._zone)
        place = self._places.get((local - timedelta(days=local.weekday())).date())
        if place is None:
            return
        hour = local.weekday() * 24 + local.hour
        self._all[place][hour] += weight
        for name in skills:
            self._skills[name][place][hour] += weight

    def _empty(self) -> list[list[int]]:
        return [[0] * HOURS for _ in self._places]


def mondays_of(zone: ZoneInfo, now: datetime, most: int, first: datetime) -> list[datetime]:
    """The Mondays (local midnight) of the last whole weeks, oldest first, none before `first`."""
    local = now.astimezone(zone)
    this = (local - timedelta(days=local.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    # Wall-clock steps: a week in which the clock changes is a week all the same.
    mondays = [this - _WEEK * back for back in range(most, 0, -1)]
    return [monday for monday in mondays if micros(monday) >= micros(first)]
