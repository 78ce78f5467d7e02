"""Services: what the organisation runs, people use and one team answers for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from pydantic import Field

from desk_charter.draft import Draft
from desk_charter.people import Shift
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.value_types import CharterModel, Slug, SpokenWord, Title, Zone, zone_of

Lifecycle = Literal["planned", "live", "retiring", "retired"]


class MaintenanceWindow(CharterModel):
    """A weekly window in which work on the service is expected; single dates come as changes."""

    title: Title = Field(description="What is done in it.")
    zone: Zone = Field(description="IANA time zone the hours are local to.")
    hours: Shift = Field(description="Weekdays and hours, as in a shift.")

    def covers(self, at: datetime) -> bool:
        """Whether that (aware) moment lies in the window."""
        return self.hours.covers(at.astimezone(zone_of(self.zone)))


class Service(CharterModel):
    """Something people use and one team answers for."""

    name: Slug = Field(description="Stable id; telemetry, tickets and changes name it.")
    title: Title = Field(description="What people call it.")
    owner: Slug = Field(description="The team that answers for it.")
    criticality: int = Field(ge=1, le=4, description="1 stops the company, 4 hardly anybody.")
    maintenance: tuple[MaintenanceWindow, ...] = Field(
        default=(), description="Weekly windows of expected work."
    )
    lifecycle: Lifecycle = Field(default="live", description="Where it is in its life.")
    keywords: tuple[SpokenWord, ...] = Field(
        default=(), description="Words employees use for it, in all their languages."
    )
    confidential: bool = Field(
        default=False,
        description="Only its owner team, the team that has a ticket, owners and operators see"
        " tickets, problems and figures of it.",
    )


def services_are_sound(draft: Draft) -> Iterator[Problem]:
    """Owners exist."""
    for service in draft.of(SERVICES, ()):
        yield from draft.unknown("teams", service.owner, "services", service.name, "owner")


SERVICES: Section[tuple[Service, ...]] = Section("services", Service, checks=(services_are_sound,))
