"""When a team works next."""

from datetime import UTC, datetime, time, timedelta

from desk_charter.people import Team
from desk_charter.value_types import DAYS, minute_of, zone_of
from desk_contracts.message import Message, message

_WEEK_AND_A_DAY = 8


def find_next_shift(team: Team, at: datetime) -> datetime | None:
    """When the team's next shift starts after `at` (UTC); None if it works always or is on now."""
    if team.is_on_shift(at):
        return None
    zone = zone_of(team.zone)
    midnight = datetime.combine(at.astimezone(zone).date(), time())
    days = [midnight + timedelta(days=ahead) for ahead in range(_WEEK_AND_A_DAY)]
    starts = (
        (day + timedelta(minutes=minute_of(shift.opens))).replace(tzinfo=zone).astimezone(UTC)
        for day in days
        for shift in team.shifts
        if DAYS[day.weekday()] in shift.days
    )
    return min((start for start in starts if start > at), default=None)


def describe_shift(team: Team, at: datetime) -> Message:
    """Whether somebody of the team works at that moment; else when the next shift starts."""
    start = find_next_shift(team, at)
    if start is None:
        return message("routing.on-shift", team=team.title)
    return message("routing.off-shift", team=team.title, start=start)
