"""How many SLAs were met and breached on a day, by team. Fed by `desk.sla`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from zlib import crc32

from desk_contracts import Event
from desk_contracts.events.sla import SlaBreached, SlaCancelled, SlaMet
from desk_contracts.frozen import Frozen
from desk_kernel import Readings, Reducers
from pydantic import Field

# Several documents for each day, so that replicas do not all write the same one.
_PARTS = 16


class TeamVerdicts(NamedTuple):
    """What became of the SLAs of a team."""

    met: int = 0
    breached: int = 0


class DayVerdicts(Frozen):
    """A part of a day, in UTC."""

    teams: dict[str, TeamVerdicts] = Field(default_factory=dict)


def list_parts(moment: datetime) -> list[str]:
    """The documents of a day."""
    return [f"{moment.astimezone(UTC):%Y-%m-%d}/{number}" for number in range(_PARTS)]


# The document in which an event counts; none if it is no verdict.
part_of: Readings[Iterable[str]] = Readings(())
# The day with one more verdict.
count: Reducers[DayVerdicts, [], DayVerdicts] = Reducers(lambda day, _event: day)


@part_of.on(SlaMet, SlaBreached, SlaCancelled)
def _find_part(event: Event[SlaMet | SlaBreached | SlaCancelled]) -> Iterable[str]:
    return (list_parts(event.time)[crc32(event.subject.encode()) % _PARTS],)


@count.on(SlaMet)
def _count_met(day: DayVerdicts, event: Event[SlaMet]) -> DayVerdicts:
    return _add(day, event.data.team, TeamVerdicts(met=1))


@count.on(SlaBreached)
def _count_breach(day: DayVerdicts, event: Event[SlaBreached]) -> DayVerdicts:
    return _add(day, event.data.team, TeamVerdicts(breached=1))


@count.on(SlaCancelled)
def _take_back(day: DayVerdicts, event: Event[SlaCancelled]) -> DayVerdicts:
    """A breach that was none is taken back on the day on which that is said."""
    is_untrue = event.data.untrue == "breached"
    return _add(day, event.data.team, TeamVerdicts(breached=-1)) if is_untrue else day


def _add(day: DayVerdicts, team: str, more: TeamVerdicts) -> DayVerdicts:
    before = day.teams.get(team, TeamVerdicts())
    after = TeamVerdicts(before.met + more.met, before.breached + more.breached)
    return DayVerdicts(teams=day.teams | {team: after})


def add_up(days: Iterable[DayVerdicts], shown: Iterable[str]) -> TeamVerdicts:
    """All of the teams that may be shown. Never below none, whatever was taken back."""
    teams = frozenset(shown)
    verdicts = [item for day in days for team, item in day.teams.items() if team in teams]
    met, breached = sum(item.met for item in verdicts), sum(item.breached for item in verdicts)
    return TeamVerdicts(met, max(0, breached))
