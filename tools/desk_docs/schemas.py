"""The JSON Schema of every event's payload, and the command that keeps what is made from events.

`python -m desk_docs.schemas write|check [ROOT]`: schemas, docs/asyncapi.yaml,
docs/events.md. Each file is a pure function of the catalogue: the same bytes on every machine.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from desk_contracts.catalogue import PAYLOADS, PUBLIC_PAYLOADS
from desk_contracts.envelope import Payload
from desk_platform.terminal import complain, say
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema, to_jsonable_python

from desk_docs.asyncapi import asyncapi_yaml
from desk_docs.events_page import events_page

JsonSchema = dict[str, object]

SCHEMAS = Path("docs/schemas/events")
_COMMENT = (
    "Closed for writers, so that a misspelt field is found where it is written. "
    "Readers ignore fields they do not know: newer writers may have added some."
)


class _Generator(GenerateJsonSchema):
    """Without a title for each field, which only says the field's name again."""

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchema:
        """Also the empty dict or list that a factory makes: it is a default like any other."""
        made = super().default_schema(schema)
        factory = schema.get("default_factory")
        if factory in (dict, list):
            made["default"] = factory()
        return made


def payload_schema(payload: type[Payload]) -> JsonSchema:
    """The schema that `dataschema` of such an event names."""
    head: JsonSchema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/schemas/{payload.TYPE}.json",
        "$comment": _COMMENT,
    }
    return {**head, **model_schema(payload)}


def model_schema(model: type[BaseModel]) -> JsonSchema:
    """As read from the wire; what is written is the same, which a test holds."""
    made = model.model_json_schema(schema_generator=_Generator)
    return dict(to_jsonable_python(made))


def event_schemas(payloads: Mapping[str, type[Payload]] = PAYLOADS) -> dict[str, JsonSchema]:
    """All of them, by wire type."""
    return {name: payload_schema(payload) for name, payload in sorted(payloads.items())}


def render(schema: JsonSchema) -> str:
    """Fields in the order in which the model declares them."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def documents() -> dict[Path, str]:
    """Every generated file by its path from the project's root."""
    schemas = event_schemas(PUBLIC_PAYLOADS)
    made = {SCHEMAS / f"{name}.json": render(schema) for name, schema in schemas.items()}
    made[Path("docs/asyncapi.yaml")] = asyncapi_yaml(PUBLIC_PAYLOADS)
    made[Path("docs/events.md")] = events_page(PUBLIC_PAYLOADS, schemas)
    return made


def write_documents(root: Path) -> list[Path]:
    """Write what differs and remove schemas of no event; the paths changed, from the root."""
    made = documents()
    changed = list(_compare(root, made))
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if path in made:
            (root / path).write_text(made[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return changed


def differences(root: Path) -> list[Path]:
    """Each file that is missing, differs, or is left over from an event that is no more."""
    return list(_compare(root, documents()))


def _compare(root: Path, made: Mapping[Path, str]) -> Iterator[Path]:
    for path, text in made.items():
        file = root / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            yield path
    for file in sorted((root / SCHEMAS).glob("*.json")):
        if SCHEMAS / file.name not in made:
            yield SCHEMAS / file.name


def main(words: list[str]) -> int:
    """0 if all is well, 1 if a file is out of date, 2 if the words make no sense."""
    match words:
        case ["write", *rest] if len(rest) < 2:
            changed = write_documents(_root(rest))
            say("\n".join(map(str, changed)) or "Nothing to change.")
            return 0
        case ["check", *rest] if len(rest) < 2:
            stale = differences(_root(rest))
            for path in stale:
                complain(f"{path} is out of date; run: make schemas")
            return bool(stale)
        case _:
            complain("Say what to do: python -m desk_docs.schemas write|check")
            return 2


def _root(words: list[str]) -> Path:
    return Path(words[0]) if words else Path()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
