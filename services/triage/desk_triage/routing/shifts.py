"""When a team works next, in words."""

from datetime import datetime

from desk_charter.people import Team
from desk_contracts.message import Message, message


def describe_shift(team: Team, at: datetime) -> Message:
    """Whether somebody of the team works at that moment; else when the next shift starts."""
    start = team.find_next_shift(at)
    if start is None:
        return message("routing.on-shift", team=team.title)
    return message("routing.off-shift", team=team.title, start=start)
