"""What people can ask for: catalogue.yaml, which may be missing, and then nothing is offered."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.sections import Section
from desk_charter.value_types import CharterModel, Duration, Sentence, Slug, Title, read_duration
from desk_contracts.events.fulfilment import TicketFulfilmentRequested
from desk_contracts.people import canonical_person
from desk_platform.http import Role
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import AfterValidator, Field, JsonValue, model_validator

# What a field of a form holds; no objects, so that an answer is a word, a number or a list.
_TYPES = frozenset({"string", "integer", "number", "boolean"})
_STARTS = TicketFulfilmentRequested.TYPE
# Answers are events that many read: nothing secret is asked for.
_SECRET = re.compile(r"passw|kennwort|secret|geheim|token", re.IGNORECASE)


def _check_form(form: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        Draft202012Validator.check_schema(form)
    except SchemaError as error:
        raise ValueError(f"this is no JSON Schema: {error.message}") from error
    if form.get("type") != "object":
        raise ValueError("a form is an object; write 'type: object' and its fields as 'properties'")
    if "$ref" in str(form):
        raise ValueError("a form refers to nothing else; write out what $ref stands for")
    properties = form.get("properties") or {}
    required = form.get("required") or []
    if not isinstance(properties, dict) or not isinstance(required, list):  # pragma: no cover
        raise TypeError("check_schema lets no other form through")
    for name, field in properties.items():
        _check_field(name, field)
    for wanted in required:
        if wanted not in properties:
            raise ValueError(f"'{wanted}' is required but is no field; add it to 'properties'")
    return form


def _check_field(name: str, field: object) -> None:
    kind = field.get("type") if isinstance(field, dict) else None
    items = field.get("items") if isinstance(field, dict) else None
    is_list = kind == "array" and isinstance(items, dict) and items.get("type") == "string"
    if not (isinstance(kind, str) and kind in _TYPES) and not is_list:
        allowed = ", ".join(sorted(_TYPES))
        raise ValueError(f"field '{name}' is one of {allowed}, or an array of strings")
    if _SECRET.search(name) or (isinstance(field, dict) and field.get("writeOnly")):
        raise ValueError(
            f"field '{name}' asks for a secret, and answers are read by many; ask for none"
        )


Form = Annotated[dict[str, JsonValue], AfterValidator(_check_form)]


class Titles(CharterModel):
    """A title in the languages of the desk."""

    en: Title = Field(description="In English.")
    de: Title = Field(description="In German.")

    def spoken(self, language: str) -> str:
        """In German for those who ask for it, else in English."""
        return self.de if language.startswith("de") else self.en


class Sentences(CharterModel):
    """A description in the languages of the desk."""

    en: Sentence = Field(description="In English.")
    de: Sentence = Field(description="In German.")

    def spoken(self, language: str) -> str:
        """In German for those who ask for it, else in English."""
        return self.de if language.startswith("de") else self.en


class Words(CharterModel):
    """What people call it besides its title, in the languages of the desk."""

    en: tuple[Title, ...] = Field(default=(), description="In English.")
    de: tuple[Title, ...] = Field(default=(), description="In German.")

    def spoken(self, language: str) -> tuple[str, ...]:
        """In German for those who ask for it, else in English."""
        return self.de if language.startswith("de") else self.en


class Eligibility(CharterModel):
    """Who may ask for it."""

    roles: tuple[Role, ...] = Field(default=(), description="Any of these; none means everybody.")
    teams: tuple[Slug, ...] = Field(default=(), description="Members of these; none means anybody.")


class Approval(CharterModel):
    """Who says yes: `needed` of the people and of the teams' members, never who asks."""

    needed: int = Field(default=1, ge=1, description="So many must say yes.")
    people: tuple[str, ...] = Field(default=(), description="Ids of approvers.")
    teams: tuple[Slug, ...] = Field(default=(), description="Teams whose members are approvers.")
    within: Duration = Field(
        default=read_duration("3d"),
        description="Silence is no consent: after this time the request is denied.",
    )
    may_delegate: bool = Field(default=True, description="Whether a vote can be given to another.")

    @model_validator(mode="after")
    def asks_somebody(self) -> Self:
        """Somebody is named, and has some time."""
        if not self.people and not self.teams:
            raise ValueError("nobody could approve it; name 'people' or 'teams'")
        if not self.within:
            raise ValueError("'within' leaves no time to answer; write for example 3d")
        return self


class Fulfilment(CharterModel):
    """Who does it: a team, alone or where its runbook does not succeed; or the person."""

    team: Slug = Field(description="The team that does it, or answers for its runbook.")
    runbook: Slug | None = Field(default=None, description="The runbook that does it.")
    within: Duration = Field(
        default=read_duration("1h"),
        description="How long a runbook has; then the team gets it, whatever became of the run.",
    )
    recovery: Literal["password", "unlock"] | None = Field(
        default=None,
        description="The person does it without signing in: sets a new password, or unlocks.",
    )


class CatalogueItem(CharterModel):
    """One thing that people can ask for."""

    name: Slug = Field(description="Stable id; requests and runbooks name it.")
    title: Titles = Field(description="What people call it.")
    description: Sentences = Field(description="What one gets, and what happens next.")
    words: Words = Field(
        default=Words(),
        description="What else people call it or say of it; found before they log a ticket.",
    )
    offered_to: Eligibility = Field(
        default=Eligibility(), alias="for", description="Who may ask; left out: everybody."
    )
    form: Form = Field(
        default={"type": "object", "properties": {}},
        description="JSON Schema (2020-12) of what is asked; no other fields are taken.",
    )
    labels: dict[str, Titles] = Field(default={}, description="What people call the form's fields.")
    own_device: str | None = Field(
        default=None, description="The field that names a device, which must be the person's own."
    )
    service: Slug | None = Field(default=None, description="The service it is about.")
    approval: Approval | None = Field(default=None, description="Left out: nobody is asked.")
    fulfilment: Fulfilment = Field(description="Who does it.")

    @property
    def fields(self) -> dict[str, Any]:
        """The form's fields by name."""
        properties = self.form.get("properties")
        return properties if isinstance(properties, dict) else {}

    @property
    def required(self) -> tuple[str, ...]:
        """Fields that must be filled in."""
        required = self.form.get("required")
        return tuple(map(str, required)) if isinstance(required, list) else ()

    @model_validator(mode="after")
    def names_its_fields(self) -> Self:
        """Labels and the device's field are in the form."""
        for name in self.labels:
            if name not in self.fields:
                raise ValueError(f"'labels' names '{name}', which is no field of the form")
        if self.own_device is not None and self.own_device not in self.required:
            raise ValueError(f"'own_device' names '{self.own_device}'; make it a required field")
        if self.fulfilment.recovery and (self.approval or self.fields):
            raise ValueError("what people do without signing in has no form and no approval")
        return self


def items_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Teams, services and runbooks of items exist."""
    runbooks = {runbook.id: runbook.event for runbook in draft.of(RUNBOOKS, ())}
    for item in draft.of(CATALOGUE, ()):
        where = ("catalogue", item.name)
        yield from draft.unknown("teams", item.fulfilment.team, *where, "fulfilment", "team")
        if item.service is not None:
            yield from draft.unknown("services", item.service, *where, "service")
        for index, team in enumerate(item.offered_to.teams):
            yield from draft.unknown("teams", team, *where, "for", "teams", index)
        runbook = item.fulfilment.runbook
        if runbook is not None and runbooks and runbook not in runbooks:
            sentence = f"runbook '{runbook}' is not in runbooks/; add it there or correct the name"
            yield Problem.at(*where, "fulfilment", "runbook", sentence=sentence)
        elif runbook is not None and runbooks and runbooks[runbook] != _STARTS:
            sentence = (
                f"runbook '{runbook}' begins with {runbooks[runbook]}; one that people ask for"
                f" begins with {_STARTS}"
            )
            yield Problem.at(*where, "fulfilment", "runbook", sentence=sentence)
        if item.approval is not None:
            yield from _approvers_exist(draft, item, item.approval)


def _approvers_exist(draft: Draft, item: CatalogueItem, approval: Approval) -> Iterator[Problem]:
    where = ("catalogue", item.name, "approval")
    for index, team in enumerate(approval.teams):
        yield from draft.unknown("teams", team, *where, "teams", index)
    for index, person in enumerate(approval.people):
        if not canonical_person(person):
            yield Problem.at(*where, "people", index, sentence="this names nobody")


CATALOGUE: Section[tuple[CatalogueItem, ...]] = Section(
    "catalogue", CatalogueItem, is_optional=True, checks=(items_refer_to_what_exists,)
)
