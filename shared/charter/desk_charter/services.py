"""Services and the catalogue: what the organisation runs, and what people can ask for."""

from datetime import datetime
from typing import Literal, Self

from desk_contracts.events.tickets import Kind
from pydantic import Field, model_validator

from desk_charter.people import Shift
from desk_charter.value_types import CharterModel, Sentence, Slug, SpokenWord, Title, Zone, zone_of

Lifecycle = Literal["planned", "live", "retiring", "retired"]
FieldType = Literal["text", "choice", "number", "date", "boolean"]
Approval = Literal["none", "manager", "service_owner"]


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
    depends_on: tuple[Slug, ...] = Field(default=(), description="Services it cannot work without.")
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


class FormField(CharterModel):
    """One question of a catalogue item's form."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Key of the answer.")
    title: Title = Field(description="The question, as people read it.")
    type: FieldType = Field(description="text, choice, number, date or boolean.")
    required: bool = Field(default=True, description="Whether an answer is needed.")
    options: tuple[str, ...] = Field(default=(), description="The answers of a choice.")

    @model_validator(mode="after")
    def has_options_exactly_for_a_choice(self) -> Self:
        """A choice needs options; nothing else has any."""
        if self.type == "choice" and len(set(self.options)) < 2:
            raise ValueError(f"the choice '{self.name}' needs at least two different options")
        if self.type != "choice" and self.options:
            raise ValueError(f"'{self.name}' has options, so write type: choice")
        return self


class CatalogueItem(CharterModel):
    """Something people can ask for with a form."""

    id: Slug = Field(description="Stable id.")
    title: Title = Field(description="What people ask for.")
    summary: str = Field(default="", description="One sentence that helps to choose.")
    kind: Kind = Field(default=Kind.REQUEST, description="Kind of the ticket it opens.")
    service: Slug = Field(description="The service it is about.")
    team: Slug | None = Field(default=None, description="Who does it; else the service's owner.")
    fields: tuple[FormField, ...] = Field(default=(), description="The form, in order.")
    approval: Approval = Field(default="none", description="Who must agree before work starts.")
    delivery_time: Sentence | None = Field(
        default=None, description="What people may expect, in one sentence."
    )
    keywords: tuple[SpokenWord, ...] = Field(default=(), description="Words people search it by.")
