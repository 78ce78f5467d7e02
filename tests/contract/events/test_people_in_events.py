"""Every field of an event that names a person has one form of each, in old logs as well."""

import json
from typing import Annotated, Any

import pytest
from desk_contracts import Payload
from desk_contracts.catalogue import PAYLOADS
from pydantic import TypeAdapter

WRITTEN, PERSON = " Ivy.Park@MÜNCHEN.example", "ivy.park@xn--mnchen-3ya.example"
NAMES = {"requester", "by", "person", "people", "recipient", "member"}
# Kept as it was written: intake makes the canonical form of it, and shows this.
AS_WRITTEN = {("desk.ticket.requested.v1", "requester")}
FIELDS = [
    (name, field)
    for name, payload in PAYLOADS.items()
    for field in payload.model_fields
    if field in NAMES and (name, field) not in AS_WRITTEN
]


def read(payload: type[Payload], field: str, value: object) -> Any:
    info = payload.model_fields[field]
    whole: Any = Annotated[info.annotation, info]
    adapter: TypeAdapter[Any] = TypeAdapter(whole)
    return adapter.validate_json(json.dumps(value))


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_person_in_an_event_has_one_form(name: str, field: str) -> None:
    is_many = field == "people"
    value = read(PAYLOADS[name], field, [WRITTEN] if is_many else WRITTEN)
    assert value == ((PERSON,) if is_many else PERSON)


def test_there_are_fields_to_look_at() -> None:
    assert len(FIELDS) > 20
