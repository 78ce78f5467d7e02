"""What somebody may not see of confidential services and teams: one rule for every route.

Owners and operators see all; of others, only members of the team whose matter it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from desk_contracts.text import plain_words

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

    def shows_internal(self, person: str, *, requester: str, service: str, team: str) -> bool:
        """Whether somebody of staff may know what is written for staff about a ticket.

        The one rule of it, for every service and every way out. On tickets of their own staff are
        employees: nobody reads what is written about them behind them.
        """
        return person != requester and not self.hides(service, team)

    def of_subject(
        self, subject: str, items: Iterable[T], service_of: Callable[[T], str]
    ) -> list[T]:
        """What of all that is known of a device or service they may see: each by its own service,
        and nothing of a subject that is itself a hidden service or team."""
        if self.hides(subject, subject):
            return []
        return [item for item in items if not self.hides(service_of(item))]


SEES_ALL = Sight()
