"""Which services and teams are confidential to whom: one rule for every route that shows tickets.

Pure. Owners and operators see all; of others, only members of the team whose matter it is.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from desk_shared.charter.model import Charter
from desk_shared.text import plain_words

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may not see; services by name and title, as people write them."""

    team: str = ""
    hidden_services: frozenset[str] = frozenset()
    hidden_teams: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is hidden."""
        return not (self.hidden_services or self.hidden_teams)

    def hides(self, service: str = "", team: str = "") -> bool:
        """Whether what is about that service and with that team is not for them.

        Whoever has a ticket sees it, whatever it is about: they have to finish it.
        """
        if team and team == self.team:
            return False
        return team in self.hidden_teams or plain_words(service) in self.hidden_services

    def of_subject(
        self, subject: str, found: Iterable[T], service_of: Callable[[T], str]
    ) -> list[T]:
        """What of all that is known of a device or service they may see: each by its own service,
        and nothing of a subject that is itself a hidden service or team."""
        if self.hides(subject, subject):
            return []
        return [one for one in found if not self.hides(service_of(one))]


SEES_ALL = Sight()


def sight_of(charter: Charter, team: str, *, sees_all: bool) -> Sight:
    """What a member of that team, or of none, may see."""
    if sees_all:
        return Sight(team)
    teams = {one.name for one in charter.teams if one.confidential and one.name != team}
    return Sight(team, frozenset(_services(charter, team, teams)), frozenset(teams))


def _services(charter: Charter, team: str, teams: set[str]) -> Iterator[str]:
    for one in charter.services:
        if one.owner != team and (one.confidential or one.owner in teams):
            yield from (plain_words(one.name), plain_words(one.title))
