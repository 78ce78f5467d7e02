"""The charter's goals against the cells: one walk over all days for all goals."""

from collections.abc import Iterable
from datetime import datetime

from desk_shared.charter.model import Charter, Goal
from desk_shared.store import Documents

from desk_metrics.domain.aims import Aim, Where
from desk_metrics.domain.goal_weeks import People, aims_weeks
from desk_metrics.domain.goals import Standing, standing
from desk_metrics.domain.measures.cells import Cell
from desk_metrics.reckoning import cells_until, first_day


async def standings(
    cells: Documents[Cell], goals: Iterable[Goal], now: datetime, people: People
) -> list[Standing]:
    """Where each goal stands at a moment, as it is known now."""
    first = await first_day(cells) or now.date()
    found = aims_weeks(map(aim_of, goals), first, now)
    if found:
        async for cell in cells_until(cells, now.date()):
            for one in found:
                one.add(cell)
    return [standing(one.aim, one.seen(people), now) for one in found]


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
