"""A charter while it is being read: what could be understood so far, for the cross checks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from desk_charter.calendars import Calendar
from desk_charter.goals import Goal
from desk_charter.people import Team
from desk_charter.problems import Problem
from desk_charter.routing import Routing
from desk_charter.runbooks import Runbook
from desk_charter.sentences import close_to
from desk_charter.services import CatalogueItem, Service
from desk_charter.slas import SlaPolicy
from desk_charter.sources import OutsideSystem


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts that are right by themselves.

    `written` holds per section every name that is written down, also of items that are wrong by
    themselves, so that a reference to one of those is not reported as a second problem.
    """

    teams: tuple[Team, ...]
    services: tuple[Service, ...]
    calendars: tuple[Calendar, ...]
    slas: tuple[SlaPolicy, ...]
    catalogue: tuple[CatalogueItem, ...]
    routing: Routing | None
    runbooks: tuple[Runbook, ...]
    goals: tuple[Goal, ...]
    sources: tuple[OutsideSystem, ...]
    written: Mapping[str, tuple[str, ...]]

    def knows(self, section: str, name: str) -> bool:
        """Whether the name is written down in that section, or may be as far as one can tell."""
        return section not in self.written or name in self.written[section]

    def unknown(self, section: str, name: str, *where: str | int) -> Iterator[Problem]:
        """The problem of a reference to what is not written down; nothing if it is."""
        if not self.knows(section, name):
            close = close_to(name, self.written.get(section, ()))
            sentence = f"{section[:-1]} '{name}' is not in {section}.yaml{close}"
            yield Problem.at(*where, sentence=f"{sentence}; add it there or correct the name")

    def understood(self, section: str) -> bool:
        """Whether every item of a section that is written down could be understood."""
        items = self._parts()[section]
        return section in self.written and len(items) == len(self.written[section])

    @property
    def is_whole(self) -> bool:
        """Whether everything that is written down could be understood."""
        return self.routing is not None and all(map(self.understood, self._parts()))

    def _parts(self) -> Mapping[str, tuple[object, ...]]:
        return {
            "teams": self.teams,
            "services": self.services,
            "calendars": self.calendars,
            "slas": self.slas,
            "catalogue": self.catalogue,
            "runbooks": self.runbooks,
            "goals": self.goals,
            "sources": self.sources,
            "rules": self.routing.rules if self.routing else (),
            "detectors": self.routing.detectors if self.routing else (),
        }
