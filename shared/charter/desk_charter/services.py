"""Services: what the organisation runs, people use and one team answers for."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from pydantic import Field

from desk_charter.draft import Draft
from desk_charter.healing_limits import ServiceHealing
from desk_charter.people import Shift
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.value_types import (
    DAYS,
    CharterModel,
    Slug,
    SpokenWord,
    Title,
    Zone,
    zone_of,
)

Lifecycle = Literal["planned", "live", "retiring", "retired"]


class WeeklyHours(CharterModel):
    """Hours that come again every week."""

    zone: Zone = Field(description="IANA time zone the hours are local to.")
    hours: Shift = Field(description="Weekdays and hours, as in a shift.")

    def covers(self, at: datetime) -> bool:
        """Whether that (aware) moment lies in the window."""
        return self.hours.covers(at.astimezone(zone_of(self.zone)))

    def find_end(self, at: datetime) -> datetime | None:
        """When the hours that cover that moment are over, in UTC; None if none do."""
        local, window = at.astimezone(zone_of(self.zone)), self.hours.window
        ends = []
        for days_before in (0, 1):
            day = local.date() - timedelta(days=days_before)
            minute = local.hour * 60 + local.minute + days_before * 24 * 60
            if DAYS[day.weekday()] in self.hours.days and window.start <= minute < window.end:
                ends.append(datetime.combine(day, time()) + timedelta(minutes=window.end))
        if not ends:
            return None
        # In the hour that comes twice, the end is in the same one as the moment.
        return max(ends).replace(tzinfo=local.tzinfo, fold=local.fold).astimezone(UTC)


class MaintenanceWindow(WeeklyHours):
    """A weekly window in which work on the service is expected; single dates come as changes."""

    title: Title = Field(description="What is done in it.")


class Service(CharterModel):
    """Something people use and one team answers for."""

    name: Slug = Field(description="Stable id; telemetry, tickets and changes name it.")
    title: Title = Field(description="What people call it.")
    owner: Slug = Field(description="The team that answers for it.")
    criticality: int = Field(ge=1, le=4, description="1 stops the company, 4 hardly anybody.")
    maintenance: tuple[MaintenanceWindow, ...] = Field(
        default=(), description="Weekly windows of expected work."
    )
    depends_on: tuple[Slug, ...] = Field(
        default=(), description="Services without which it cannot work."
    )
    lifecycle: Lifecycle = Field(default="live", description="Where it is in its life.")
    people: int | None = Field(
        default=None, ge=1, description="How many people use it; left out where nobody knows."
    )
    healing: ServiceHealing | None = Field(
        default=None, description="How much may be repaired there at once, over all runbooks."
    )
    keywords: tuple[SpokenWord, ...] = Field(
        default=(), description="Words employees use for it, in all their languages."
    )
    confidential: bool = Field(
        default=False,
        description="Only its owner team, the team that has a ticket, owners and operators see"
        " tickets, problems and figures of it.",
    )


def services_are_sound(draft: Draft) -> Iterator[Problem]:
    """Owners exist, and so do the services that others depend on; none depends on itself."""
    services = draft.of(SERVICES, ())
    for service in services:
        yield from draft.unknown("teams", service.owner, "services", service.name, "owner")
        for index, name in enumerate(service.depends_on):
            where = ("services", service.name, "depends_on", index)
            yield from draft.unknown("services", name, *where)
            if service.name in (name, *find_dependencies(services, name)):
                sentence = f"'{service.name}' depends on itself by way of '{name}'; take one out"
                yield Problem.at(*where, sentence=sentence)


def find_dependencies(services: Iterable[Service], name: str) -> tuple[str, ...]:
    """The services that one depends on, and those that these depend on; the nearest first."""
    by_name = {service.name: service for service in services}
    dependencies: dict[str, None] = {}
    left = [name]
    while left:
        service = by_name.get(left.pop(0))
        named = () if service is None else service.depends_on
        new = [dependency for dependency in named if dependency not in dependencies]
        dependencies |= dict.fromkeys(new)
        left += new
    return tuple(dependencies)


SERVICES: Section[tuple[Service, ...]] = Section("services", Service, checks=(services_are_sound,))
