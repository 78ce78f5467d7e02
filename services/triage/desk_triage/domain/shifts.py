"""When a team works next."""

from datetime import UTC, datetime, time, timedelta

from desk_shared.charter.model import Shift, Team
from desk_shared.charter.words import DAYS, minute_of, zone_of
from desk_shared.events.message import Message, message

_WEEK_AND_A_DAY = 8


def next_on_shift(team: Team, at: datetime) -> datetime | None:
    """When the team's next shift starts after `at` (UTC); None if it works always or is on now."""
    if team.is_on_shift(at):
        return None
    today = at.astimezone(zone_of(team.zone)).date()
    starts = (
        _start(team, shift, datetime.combine(today + timedelta(days=ahead), time()))
        for ahead in range(_WEEK_AND_A_DAY)
        for shift in team.shifts
    )
    return min((start for start in starts if start is not None and start > at), default=None)


def _start(team: Team, shift: Shift, day: datetime) -> datetime | None:
    if DAYS[day.weekday()] not in shift.days:
        return None
    local = (day + timedelta(minutes=minute_of(shift.opens))).replace(tzinfo=zone_of(team.zone))
    return local.astimezone(UTC)


def describe_shift(team: Team, at: datetime) -> Message:
    """Whether somebody of the team works at that moment; else when the next shift starts."""
    start = next_on_shift(team, at)
    if start is None:
        return message("routing.on-shift", team=team.title)
    return message("routing.off-shift", team=team.title, start=start)
