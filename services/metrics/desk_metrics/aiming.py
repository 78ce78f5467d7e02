"""The charter's goals against the sums of days: one walk for all goals, from the first baseline
on, which reads a small document a day. Cells are read only of days whose sums are not made yet.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from desk_shared.charter.model import Charter, Goal
from desk_shared.store import Documents

from desk_metrics.domain.aims import Aim, Where
from desk_metrics.domain.goal_weeks import AimWeeks, People, aims_weeks
from desk_metrics.domain.goals import Standing, standing
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.sums import DaySums
from desk_metrics.keeping import Day, Kept
from desk_metrics.reckoning import first_day

_BOOK = "goals"


async def standings(
    cells: Documents[Cell],
    sums: Documents[DaySums],
    goals: Iterable[Goal],
    now: datetime,
    people: People,
) -> list[Standing]:
    """Where each goal stands at a moment, as it is known now."""
    first = await first_day(cells) or now.date()
    found = aims_weeks(map(aim_of, goals), first, now)
    async for day in _days(Kept(_BOOK, cells, sums), found, now):
        for one in found:
            if isinstance(day, DaySums):
                one.take(day)
            else:
                for cell in day:
                    one.add(cell)
    return [standing(one.aim, one.seen(people), now) for one in found]


async def _days(kept: Kept, found: Sequence[AimWeeks], now: datetime) -> AsyncIterator[Day]:
    """Those that any goal rests on."""
    if found:
        since, whole = min(one.since for one in found), {day for one in found for day in one.whole}
        cuts = [one.cut for one in found]
        async for day in kept.days(since, now.date(), cuts, now, whole):
            yield day


def owner_of(goal: Goal, charter: Charter) -> str:
    """The team that answers for a goal: the one it names, else whose tickets it is about."""
    if goal.owner is not None:
        return goal.owner
    where = goal.where
    teams = set(where.teams) or {charter.owner_of(name).name for name in where.services}
    return teams.pop() if len(teams) == 1 else charter.routing.default_team


def aim_of(goal: Goal) -> Aim:
    """A goal of the charter as metrics reckons with it."""
    where = goal.where
    return Aim(
        name=goal.name,
        title=goal.title,
        measure=goal.measure,
        where=Where(tuple(map(str, where.kinds)), where.services, where.teams, where.sites),
        wants_less=goal.direction == "down",
        factor=goal.target.times_baseline,
        value=goal.target.value,
        first=goal.baseline.first,
        last=goal.baseline.last,
        due=goal.due,
    )
