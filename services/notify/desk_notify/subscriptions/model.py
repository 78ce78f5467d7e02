"""The part of the charter that messages need, as plain values; built by `handlers.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from desk_contracts.messages import Language
from desk_contracts.text import plain_words


@dataclass(frozen=True, slots=True)
class TeamProfile:
    """How a team is called, where it lives, and its channels besides its topic."""

    name: str
    title: str
    zone: ZoneInfo
    language: Language = "en"
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """Teams and owners. A team that the charter does not know is the default team's business."""

    teams: Mapping[str, TeamProfile]
    default_team: str
    owners: Mapping[str, str] = field(default_factory=dict)
    service_titles: Mapping[str, str] = field(default_factory=dict)
    mails: Mapping[str, str] = field(default_factory=dict)
    portal: str = ""
    # Whether every ticket is told by when somebody answers it.
    has_response_policy: bool = False
    # Services that only their owners hear of, by name and title, as `plain_words`.
    confidential: frozenset[str] = frozenset()

    def team(self, name: str) -> TeamProfile:
        """The team of that name, else the default team: a message always has a recipient."""
        return self.teams.get(name) or self.teams[self.default_team]

    def owner_of(self, service: str) -> TeamProfile:
        """The team that answers for a service, by its name or as people write it."""
        return self.team(self.owners.get(service) or self.owners.get(plain_words(service), ""))

    def holder_of(self, team: str, service: str) -> TeamProfile:
        """The team that has a ticket; of one that nobody has yet, the default team hears, but of
        what is confidential only its owner."""
        if not team and plain_words(service) in self.confidential:
            return self.owner_of(service)
        return self.team(team)

    def service(self, name: str) -> str:
        """What people call a service."""
        return self.service_titles.get(name, name)

    def link(self, code: str) -> str:
        """Where a ticket can be seen; empty where there is no portal."""
        return f"{self.portal}/tickets/{code}" if self.portal and code else ""

    def link_of_survey(self, token: str) -> str:
        """Where somebody says how it went; empty where there is no portal."""
        return f"{self.portal}/surveys/{token}" if self.portal else ""


# Asked whenever something is told: people and teams change.
CurrentDirectory = Callable[[], Directory]
