"""The charter: what an organisation writes down about its teams, services, SLAs and repairs.

Pure and frozen; read by `desk_charter.load`, kept fresh by `desk_charter.watch`.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

from desk_contracts.errors import NotFound
from desk_contracts.events.sla import ClockName
from desk_contracts.text import plain_words
from desk_kernel.sight import Sight
from pydantic import Field

from desk_charter.calendars import Calendar, Closure, HolidayRegion, Week, Window
from desk_charter.detectors import (
    DetectorSettings,
    ForecastDetector,
    ThresholdDetector,
    ZScoreDetector,
)
from desk_charter.goals import Goal, GoalWhere, Period, Target
from desk_charter.people import Member, Shift, Team
from desk_charter.routing import (
    AffectedPeople,
    Detector,
    PriorityMatrix,
    ProblemClustering,
    Routing,
    RoutingRule,
    RuleThen,
    RuleWhen,
    TicketFacts,
    UrgencyRow,
)
from desk_charter.runbooks import (
    ActStep,
    Breaker,
    Escalate,
    FleetGuard,
    HttpRequest,
    Limits,
    Match,
    PerRunbook,
    PerTarget,
    Probe,
    ProbeStep,
    Retry,
    Runbook,
    RunbookTest,
    Step,
    Tell,
    UndoAct,
    Verify,
    WaitStep,
)
from desk_charter.services import CatalogueItem, FormField, MaintenanceWindow, Service
from desk_charter.slas import SlaAttributes, SlaCondition, SlaPolicy
from desk_charter.sources import OutsideSystem
from desk_charter.value_types import CharterModel

_T = TypeVar("_T")


class Charter(CharterModel):
    """Everything the organisation wrote down, under one version."""

    version: str = Field(description="Hash of the content; comments and layout do not change it.")
    teams: tuple[Team, ...] = Field(description="Who does the work.")
    services: tuple[Service, ...] = Field(description="What people use.")
    calendars: tuple[Calendar, ...] = Field(description="When clocks run.")
    slas: tuple[SlaPolicy, ...] = Field(description="What people may rely on, in order.")
    catalogue: tuple[CatalogueItem, ...] = Field(default=(), description="What can be asked for.")
    routing: Routing = Field(description="How work finds its team.")
    runbooks: tuple[Runbook, ...] = Field(default=(), description="What the desk may do itself.")
    goals: tuple[Goal, ...] = Field(default=(), description="What should be better, and when.")
    sources: tuple[OutsideSystem, ...] = Field(default=(), description="Who else publishes events.")

    def team(self, name: str) -> Team:
        """The team of that name; `NotFound` if the charter has none."""
        return _known(self.find_team(name), "team", name)

    def has_team(self, name: str | None) -> bool:
        """Whether there is a team of that name."""
        return name in self._teams

    def find_team(self, name: str | None) -> Team | None:
        """The team of that name, if there is one."""
        return self._teams.get(name)

    def service(self, name: str) -> Service:
        """The service of that name; `NotFound` if the charter has none."""
        return _known(self.find_service(name), "service", name)

    def find_service(self, name: str | None) -> Service | None:
        """The service of that name, if there is one."""
        return self._services.get(name)

    def service_called(self, written: str) -> Service | None:
        """The service of that name or title, however it was typed, if there is one."""
        return self.find_service(written) or self._called.get(plain_words(written))

    def calendar(self, name: str) -> Calendar:
        """The calendar of that name; `NotFound` if the charter has none."""
        return _known(next((c for c in self.calendars if c.name == name), None), "calendar", name)

    def sla(self, name: str) -> SlaPolicy:
        """The SLA of that name; `NotFound` if the charter has none."""
        return _known(next((p for p in self.slas if p.name == name), None), "sla", name)

    def catalogue_item(self, item_id: str) -> CatalogueItem:
        """The catalogue item of that id; `NotFound` if the charter has none."""
        found = next((item for item in self.catalogue if item.id == item_id), None)
        return _known(found, "catalogue item", item_id)

    def runbook(self, runbook_id: str) -> Runbook:
        """The runbook of that id; `NotFound` if the charter has none."""
        return _known(self.find_runbook(runbook_id), "runbook", runbook_id)

    def find_runbook(self, runbook_id: str | None) -> Runbook | None:
        """The runbook of that id, if there is one."""
        return next((book for book in self.runbooks if book.id == runbook_id), None)

    def owner_of(self, service: str | None) -> Team:
        """The team that answers for a service; the default team for an unknown one."""
        found = self.find_service(service)
        return self.team(found.owner if found else self.routing.default_team)

    def services_of(self, team: str) -> tuple[Service, ...]:
        """What a team answers for."""
        return tuple(service for service in self.services if service.owner == team)

    def sla_for(self, clock: ClockName, facts: SlaAttributes) -> SlaPolicy | None:
        """The first SLA of that clock that fits; else its default; None if it has none."""
        ours = [sla for sla in self.slas if sla.clock == clock]
        named = next((p for p in ours if not p.default and p.when.matches(facts)), None)
        return named or next((p for p in ours if p.default), None)

    def sight_of(self, team: str, *, sees_all: bool) -> Sight:
        """What a member of that team, or of none, may see."""
        if sees_all:
            return Sight(team)
        hidden = {other.name for other in self.teams if other.confidential and other.name != team}
        services = frozenset(self._services_hidden_from(team, hidden))
        return Sight(team, services, frozenset(hidden))

    def _services_hidden_from(self, team: str, teams: set[str]) -> Iterator[str]:
        for service in self.services:
            if service.owner != team and (service.confidential or service.owner in teams):
                yield from (plain_words(service.name), plain_words(service.title))

    @cached_property
    def _teams(self) -> dict[str | None, Team]:
        return {team.name: team for team in self.teams}

    @cached_property
    def _services(self) -> dict[str | None, Service]:
        return {service.name: service for service in self.services}

    @cached_property
    def _called(self) -> dict[str, Service]:
        """By name or title; what two are called is nobody's."""
        called = [
            (name, service)
            for service in self.services
            for name in {plain_words(service.name), plain_words(service.title)}
        ]
        times = Counter(name for name, _ in called)
        return {name: one for name, one in called if times[name] == 1}


def _known(found: _T | None, kind: str, name: str) -> _T:
    if found is None:
        raise NotFound(f"the charter has no {kind} '{name}'", kind=kind, name=name)
    return found


__all__ = [
    "ActStep",
    "AffectedPeople",
    "Breaker",
    "Calendar",
    "CatalogueItem",
    "Charter",
    "Closure",
    "Detector",
    "DetectorSettings",
    "Escalate",
    "FleetGuard",
    "ForecastDetector",
    "FormField",
    "Goal",
    "GoalWhere",
    "HolidayRegion",
    "HttpRequest",
    "Limits",
    "MaintenanceWindow",
    "Match",
    "Member",
    "OutsideSystem",
    "PerRunbook",
    "PerTarget",
    "Period",
    "PriorityMatrix",
    "Probe",
    "ProbeStep",
    "ProblemClustering",
    "Retry",
    "Routing",
    "RoutingRule",
    "RuleThen",
    "RuleWhen",
    "Runbook",
    "RunbookTest",
    "Service",
    "Shift",
    "SlaAttributes",
    "SlaCondition",
    "SlaPolicy",
    "Step",
    "Target",
    "Team",
    "Tell",
    "ThresholdDetector",
    "TicketFacts",
    "UndoAct",
    "UrgencyRow",
    "Verify",
    "WaitStep",
    "Week",
    "Window",
    "ZScoreDetector",
]
