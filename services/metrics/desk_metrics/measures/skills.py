"""Skills: what teams are asked to know, and what they hand on.

- `came|<team>|<category>` (tickets): a ticket of that category reached the team, once per ticket
  and team, on the day it first did.
- `passed|<team>|<category>` (count): the team handed one on to another, on that day.

The category is the one that the ticket has today; tickets that nobody sorted count in neither, but
as `not_placed` (tickets): neither a rule nor what was learned knew what they are about, and a
person had to decide; on the day they first came to a team.
"""

from collections.abc import Iterator

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.ticket_history import TicketHistory

CAME, PASSED, NOT_PLACED = "came", "passed", "not_placed"


def contribute_skills(history: TicketHistory, category: str) -> Iterator[Contribution]:
    """What one ticket says of the skills its teams need."""
    if not category:
        for at, _ in history.teams[:1]:
            yield Contribution(NOT_PLACED, at, at)
        return
    seen: set[str] = set()
    before = ""
    for at, team in history.teams:
        if before:
            yield Contribution(skill_measure(PASSED, before, category), at, at)
        if team not in seen:
            yield Contribution(skill_measure(CAME, team, category), at, at)
        seen.add(team)
        before = team


def skill_measure(what: str, team: str, category: str) -> str:
    """The measure's name; a team's never holds the sign that parts them."""
    return f"{what}|{team}|{category}"


def read_asked(measure: str) -> tuple[str, str, str] | None:
    """What, team and category, if the measure is one of these."""
    what, parted, rest = measure.partition("|")
    if not parted:
        return None
    team, _, category = rest.partition("|")
    return what, team, category
