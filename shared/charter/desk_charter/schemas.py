"""JSON Schemas of the charter's files, for editors that check YAML while it is written."""

import json
from pathlib import Path
from typing import assert_never

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema

from desk_charter.load import find_installed_sections
from desk_charter.organisation import ORGANISATION
from desk_charter.sections import Form
from desk_charter.value_types import CharterModel

JsonSchema = dict[str, object]


class ClosedKeys(GenerateJsonSchema):
    """As the parser: a key that does not have the form of keys is refused."""

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        """Pydantic allows all other keys beside those of the pattern."""
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made


def charter_schemas() -> dict[str, JsonSchema]:
    """The schema of each file of a charter, by the name of the schema's own file."""
    files: dict[str, type[BaseModel]] = {}
    for section in (*ORGANISATION, *find_installed_sections()):
        match section.form:
            case Form.LIST:
                items = (
                    tuple[section.item, ...],  # type: ignore[name-defined]  # made at run time
                    Field(description=f"All {section.name}, in order."),
                )
                files[section.name] = create_model(  # type: ignore[call-overload]  # fields by name
                    f"{section.name.capitalize()}File",
                    __base__=CharterModel,
                    **{section.name: items},
                )
            case Form.FIELDS:
                files[section.name] = section.item
            case Form.FOLDER:
                files[section.name.removesuffix("s")] = section.item
            case _:
                assert_never(section.form)
    return {
        f"{name}.schema.json": {
            **model.model_json_schema(schema_generator=ClosedKeys),
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"Charter: {name}",
        }
        for name, model in sorted(files.items())
    }


def write_charter_schemas(folder: Path) -> list[Path]:
    """Write the schemas into a folder; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in charter_schemas().items():
        path = folder / name
        path.write_text(render(schema), encoding="utf-8")
        written.append(path)
    return written


def render(schema: JsonSchema) -> str:
    """The same bytes for the same schema."""
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
