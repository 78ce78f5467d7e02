"""The charter: what an organisation writes down about its teams, services, SLAs and repairs.

Pure and frozen; read by `desk_charter.load`, kept fresh by `desk_charter.watch`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar, cast

from desk_contracts.errors import NotFound
from desk_contracts.text import plain_words
from desk_kernel.sight import Sight
from pydantic import Field

from desk_charter.calendars import Calendar
from desk_charter.people import Team
from desk_charter.routing import Routing
from desk_charter.sections import Section
from desk_charter.services import Service
from desk_charter.sources import OutsideSystem
from desk_charter.value_types import CharterModel

T = TypeVar("T")
N = TypeVar("N", Team, Service)


class Charter(CharterModel):
    """Everything the organisation wrote down, under one version."""

    version: str = Field(description="Hash of the content; comments and layout do not change it.")
    teams: tuple[Team, ...] = Field(description="Who does the work.")
    services: tuple[Service, ...] = Field(description="What people use.")
    calendars: tuple[Calendar, ...] = Field(description="When clocks run.")
    routing: Routing = Field(description="How work finds its team.")
    sources: tuple[OutsideSystem, ...] = Field(default=(), description="Who else publishes events.")
    obeyed: Mapping[str, Any] = Field(
        default_factory=dict, description="What features obey, by the names of their sections."
    )

    def of(self, section: Section[T]) -> T:
        """What the charter says in a section; `LookupError` in a service that does not obey it."""
        if section.name not in self.obeyed:
            raise LookupError(f"{section.file} is not read here; name it in obey_charter(...)")
        return cast("T", self.obeyed[section.name])

    def team(self, name: str) -> Team:
        """The team of that name; `NotFound` if the charter has none."""
        return _require(self.find_team(name), "team", name)

    def has_team(self, name: str | None) -> bool:
        """Whether there is a team of that name."""
        return name in self._teams

    def find_team(self, name: str | None) -> Team | None:
        """The team of that name, if there is one."""
        return self._teams.get(name)

    def team_called(self, written: str) -> Team | None:
        """The team of that name, title or alias, however it was typed, if there is one."""
        return self.find_team(written) or self._teams_called.get(plain_words(written))

    def name_team(self, written: str) -> str:
        """The name of the team that is called so; as it was written, if none is."""
        team = self.team_called(written)
        return team.name if team else written

    def service(self, name: str) -> Service:
        """The service of that name; `NotFound` if the charter has none."""
        return _require(self.find_service(name), "service", name)

    def find_service(self, name: str | None) -> Service | None:
        """The service of that name, if there is one."""
        return self._services.get(name)

    def service_called(self, written: str) -> Service | None:
        """The service of that name or title, however it was typed, if there is one."""
        return self.find_service(written) or self._called.get(plain_words(written))

    def calendar(self, name: str) -> Calendar:
        """The calendar of that name; `NotFound` if the charter has none."""
        return _require(next((c for c in self.calendars if c.name == name), None), "calendar", name)

    def owner_of(self, service: str | None) -> Team:
        """The team that answers for a service; the default team for an unknown one."""
        owned = self.find_service(service)
        return self.team(owned.owner if owned else self.routing.default_team)

    def services_of(self, team: str) -> tuple[Service, ...]:
        """What a team answers for."""
        return tuple(service for service in self.services if service.owner == team)

    def sight_of(self, team: str, *, sees_all: bool) -> Sight:
        """What a member of that team, or of none, may see; found once for each team."""
        if sees_all:
            return Sight(team)
        # A team that the charter does not know sees what those without one see.
        asker = team if team in self._teams else ""
        sight = self._sight_by_team.get(asker) or self._sight_by_team.setdefault(
            asker, self._find_sight(asker)
        )
        return sight if asker == team else replace(sight, team=team)

    def _find_sight(self, team: str) -> Sight:
        hidden = {other.name for other in self.teams if other.confidential and other.name != team}
        services = frozenset(
            plain_words(name)
            for service in self.services
            if service.owner != team and (service.confidential or service.owner in hidden)
            for name in (service.name, service.title)
        )
        return Sight(team, services, frozenset(hidden))

    @cached_property
    def team_titles(self) -> dict[str, str]:
        """How people call each team."""
        return {team.name: team.title for team in self.teams}

    @cached_property
    def _sight_by_team(self) -> dict[str, Sight]:
        return {}

    @cached_property
    def _teams(self) -> dict[str | None, Team]:
        return {team.name: team for team in self.teams}

    @cached_property
    def _services(self) -> dict[str | None, Service]:
        return {service.name: service for service in self.services}

    @cached_property
    def _called(self) -> dict[str, Service]:
        return _by_one_name((item, (item.name, item.title)) for item in self.services)

    @cached_property
    def _teams_called(self) -> dict[str, Team]:
        return _by_one_name((item, (item.name, item.title, *item.aliases)) for item in self.teams)


def _by_one_name(items: Iterable[tuple[N, Iterable[str]]]) -> dict[str, N]:
    """Each by what it is called; what two are called is nobody's."""
    called = [(name, item) for item, names in items for name in set(map(plain_words, names))]
    times = Counter(name for name, _ in called)
    return {name: item for name, item in called if times[name] == 1}


def _require(item: T | None, kind: str, name: str) -> T:
    if item is None:
        raise NotFound(f"the charter has no {kind} '{name}'", kind=kind, name=name)
    return item
