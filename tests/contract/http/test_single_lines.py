"""Every text that callers send is of one line, or is listed here as one that may have more."""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from desk_contracts.message import message
from desk_contracts.text import VISIBLE
from desk_contracts.topics import SERVICES
from desk_platform.builder import assemble
from desk_platform.settings import Environment
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

ROOT = Path(__file__).parents[3]
DOCUMENTS: dict[str, Any] = {
    name: json.loads((ROOT / f"docs/openapi/{name}.json").read_text(encoding="utf-8"))
    for name in SERVICES
}
LINES = {
    "Accepted": ("period",),
    "ApprovalAnswer": ("plan",),
    "ArticleChange": ("services",),
    "ArticleOfTicket": ("title",),
    "ArticleText": ("title",),
    "Assignment": ("member", "team"),
    "Changed": ("device", "service", "title"),
    "ConsentReply": ("plan",),
    "Delegation": ("digest",),
    "Done": ("period",),
    "DraftTicket": ("device", "service", "title"),
    "Merge": ("into",),
    "MergeProblem": ("into",),
    "NewArticle": ("services",),
    "NewFeedback": ("what",),
    "NewPart": ("service", "title"),
    "NewRecovery": ("account",),
    "NewRequest": ("answers",),
    "NewTicket": ("attributes", "device", "group", "service", "site", "title"),
    "ProblemLink": ("problem",),
    "Refused": ("period",),
    "Resolution": ("cause",),
    "RunOrder": ("attributes", "target"),
    "SomeTickets": ("tickets",),
    "TakenInstead": ("device", "service", "target", "title"),
    "Verdict": ("digest",),
}
# What people and logs say in several lines; every place that shows it does so safely.
TEXTS = {
    "Accepted": ("plan",),
    "ApprovalAnswer": ("comment",),
    "ArticleOfTicket": ("body",),
    "ArticleText": ("body",),
    "Assignment": ("reason",),
    "Cancellation": ("reason",),
    "Changed": ("description",),
    "Comment": ("comment",),
    "ConsentReply": ("reason",),
    "Delegation": ("reason",),
    "DemotionOrder": ("reason",),
    "Done": ("what",),
    "DraftTicket": ("description",),
    "NewComment": ("text",),
    "NewDemandAnswer": ("text",),
    "NewErasure": ("reason",),
    "NewFeedback": ("reason",),
    "NewPart": ("description",),
    "NewSurveyAnswer": ("comment",),
    "NewTicket": ("description",),
    "Outcome": ("outcome",),
    "Pause": ("text",),
    "PersonRequest": ("text",),
    "ProblemLink": ("reason",),
    "PromotionOrder": ("reason",),
    "Reason": ("reason",),
    "Refused": ("reason",),
    "ReopenRequest": ("reason",),
    "Resolution": ("resolution",),
    "ResolveProblem": ("resolution",),
    "Resumption": ("reason",),
    "RunOrder": ("reason",),
    "SurveyLinkAnswer": ("comment",),
    "TakenInstead": ("description",),
    "Verdict": ("reason",),
}
# Ids of people have a rule of their own (`people`).
PEOPLE = {
    "Delegation": ("to",),
    "NewErasure": ("person",),
    "NewTicket": ("requester",),
    "SomePerson": ("person",),
}
_REFERENCE = re.compile(r"#/components/schemas/(\w+)")
HOSTILE = ["\x00", "\x1b[2J", "\t", "\n", "\r\n", "\x7f", "\x85", "\u2028", "\u2029"]
HOSTILE += [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
HARMLESS = ["VPN  away", "\u05e9\u200f!", "\u0645\u06cc\u200c\u062e", "\U0001f469\u200d\U0001f4bb"]


def names(table: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {f"{model}.{field}" for model, fields in table.items() for field in fields}


def strings(document: Any, schema: Any) -> Iterator[Any]:
    """Each schema of a text in a field, names of an object among them; models apart."""
    for kind in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(kind, ()):
            yield from strings(document, part)
    if schema.get("type") == "string":
        yield schema
    for place in ("items", "additionalProperties"):
        if isinstance(schema.get(place), dict):
            yield from strings(document, schema[place])
    for pattern in schema.get("patternProperties", ()):
        yield {"type": "string", "pattern": pattern}


def sent_models(document: Any) -> dict[str, Any]:
    """The models of all bodies by name, with those inside them."""
    schemas = document["components"]["schemas"]
    bodies = [
        operation["requestBody"]
        for operations in document["paths"].values()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    models: dict[str, Any] = {}
    left = set(_REFERENCE.findall(json.dumps(bodies)))
    while left:
        name = left.pop()
        models[name] = schemas[name]
        left |= set(_REFERENCE.findall(json.dumps(schemas[name]))) - models.keys()
    return models


def fields() -> Iterator[tuple[str, list[Any]]]:
    for document in DOCUMENTS.values():
        for name, model in sent_models(document).items():
            for field, schema in model.get("properties", {}).items():
                yield f"{name}.{field}", list(strings(document, schema))


def is_line(schema: Any) -> bool:
    return schema.get("pattern", "").startswith("^") and r"\u2028-\u202e" in schema["pattern"]


def is_closed(schema: Any) -> bool:
    """Whether the document says which texts there are."""
    return bool({"enum", "const", "format"} & schema.keys()) or (
        schema.get("pattern", VISIBLE) != VISIBLE and not is_line(schema)
    )


def test_each_text_of_a_body_is_listed() -> None:
    lines = {name for name, texts in fields() if any(map(is_line, texts))}
    others = {
        name
        for name, texts in fields()
        if name not in lines and any(not is_closed(text) for text in texts)
    }
    assert lines == names(LINES)
    assert others == names(TEXTS) | names(PEOPLE)


def find_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from find_models(field.annotation)
    for part in get_args(annotation):
        yield from find_models(part)


def bodies() -> Iterator[Any]:
    """What each route takes as its body, as the services read it."""
    for name in SERVICES:
        table = importlib.import_module(f"desk_{name}.service").SERVICE
        settings = table.settings(environment=Environment.LOCAL, charter=ROOT / "charter")
        for route in assemble(table, settings).app.routes:
            if isinstance(route, APIRoute) and route.body_field is not None:
                yield route.body_field.field_info.annotation


@pytest.fixture(scope="module")
def sent() -> dict[str, type[BaseModel]]:
    """The models of all bodies, with those inside them."""
    return {model.__name__: model for body in bodies() for model in find_models(body)}


def test_no_body_is_built_at_its_first_call() -> None:
    parts = [part for body in bodies() for part in (body, *get_args(body))]
    models = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    late = {model.__name__ for model in models if model.model_config.get("defer_build")}
    assert not late, f"make {', '.join(sorted(late))} of desk_platform.http.RequestModel"


def refusals(model: type[BaseModel], field: str, text: str) -> list[str]:
    """What is said of a text in a field, alone, in a list or as a name."""
    schema = json.dumps(model.model_json_schema()["properties"][field])
    value: Any = {text: "x"} if '"object"' in schema else [text] if '"array"' in schema else text
    try:
        model.model_validate({field: value})
    except ValidationError as error:
        return [
            str(item.get("ctx", {}).get("error", item["msg"]))
            for item in error.errors()
            if item["loc"][0] == field and item["type"] != "too_short"
        ]
    return []


@pytest.mark.parametrize("name", sorted(names(LINES)))
def test_a_line_is_refused_with_whatever_breaks_it(
    name: str, sent: dict[str, type[BaseModel]]
) -> None:
    model, field = name.split(".")
    why = str(ValueError(message("field.no-line")))
    for sign in HOSTILE:
        assert refusals(sent[model], field, f"a{sign}b") == [why], repr(sign)
    for text in (*HARMLESS, " a\r\n"):
        assert refusals(sent[model], field, text) == []


@pytest.mark.parametrize("name", sorted(names(LINES)))
def test_the_document_refuses_and_takes_the_same(name: str) -> None:
    for schema in filter(is_line, dict(fields())[name]):
        validator = Draft202012Validator({"pattern": schema["pattern"]})
        assert not [sign for sign in HOSTILE if validator.is_valid(f"a{sign}b")]
        assert all(map(validator.is_valid, (*HARMLESS, " a\r\n", "\n\t a")))
