"""JSON Schemas of the charter's files, for editors that check YAML while it is written."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, Field, create_model

from desk_charter.calendars import Calendar
from desk_charter.goals import Goal
from desk_charter.people import Team
from desk_charter.routing import Routing
from desk_charter.runbooks import Runbook
from desk_charter.services import CatalogueItem, Service
from desk_charter.slas import SlaPolicy
from desk_charter.sources import OutsideSystem
from desk_charter.value_types import CharterModel

JsonSchema = dict[str, object]

_ITEMS: Mapping[str, type[BaseModel]] = {
    "teams": Team,
    "services": Service,
    "calendars": Calendar,
    "slas": SlaPolicy,
    "catalogue": CatalogueItem,
    "goals": Goal,
    "sources": OutsideSystem,
}


def charter_schemas() -> dict[str, JsonSchema]:
    """The schema of each file of a charter, by the name of the schema's own file."""
    files: dict[str, type[BaseModel]] = {"routing": Routing, "runbook": Runbook}
    for name, item in _ITEMS.items():
        files[name] = _list_file(name, item)
    return {f"{name}.schema.json": _schema(name, model) for name, model in sorted(files.items())}


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


def _list_file(name: str, item: type[BaseModel]) -> type[BaseModel]:
    items = (tuple[item, ...], Field(description=f"All {name}, in order."))  # type: ignore[valid-type]  # made at run time
    return create_model(f"{name.capitalize()}File", __base__=CharterModel, **{name: items})  # type: ignore[call-overload,no-any-return]  # fields by name


def _schema(name: str, model: type[BaseModel]) -> JsonSchema:
    head: JsonSchema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Charter: {name}",
    }
    return {**model.model_json_schema(), **head}
