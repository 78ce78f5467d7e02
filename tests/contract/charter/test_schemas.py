"""The JSON Schemas for editors are in the tree, up to date, and agree with the loader."""

import json
from pathlib import Path

import jsonschema
import pytest
from desk_charter.schemas import charter_schemas, render, write_charter_schemas
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "docs" / "schemas" / "charter"
CHARTER = ROOT / "charter"
MADE = charter_schemas()


def plain(path: Path) -> object:
    """YAML as an editor's JSON Schema sees it: dates are text."""
    loaded = YAML(typ="safe").load(path)
    return json.loads(json.dumps(loaded, default=str))


def schema_for(path: Path) -> dict[str, object]:
    name = "runbook" if path.parent.name == "runbooks" else path.stem
    return MADE[f"{name}.schema.json"]


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_schema_in_the_tree_is_the_models_own(name: str) -> None:
    assert (SCHEMAS / name).read_text(encoding="utf-8") == render(MADE[name])


def test_writing_makes_exactly_these_files(tmp_path: Path) -> None:
    written = write_charter_schemas(tmp_path / "schemas")
    assert [path.name for path in written] == sorted(MADE)
    assert all(path.read_bytes() == (SCHEMAS / path.name).read_bytes() for path in written)


def test_no_schema_in_the_tree_is_left_over() -> None:
    assert {path.name for path in SCHEMAS.iterdir()} == set(MADE)


@pytest.mark.parametrize(
    "path", sorted(CHARTER.rglob("*.yaml")), ids=lambda path: str(path.relative_to(CHARTER))
)
def test_the_default_charter_fits_the_schemas(path: Path) -> None:
    schema = schema_for(path)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(plain(path), schema, cls=jsonschema.Draft202012Validator)


SLA = {"name": "a", "title": "A", "clock": "resolution", "calendar": "a", "default": True}
CALENDAR = {"name": "a", "title": "A", "zone": "UTC"}


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("teams", {"name": "care", "titel": "Care", "zone": "Europe/Berlin"}),
        ("teams", {"name": "Die Care", "title": "Care", "zone": "Europe/Berlin"}),
        ("calendars", {**CALENDAR, "week": {"mo": []}}),
        ("calendars", {**CALENDAR, "week": {"mon": ["9-17"]}}),
        ("calendars", {**CALENDAR, "week": "sometimes"}),
        ("slas", {**SLA, "target": "1d"}),
        ("slas", {**SLA, "target": 4}),
    ],
)
def test_an_editor_sees_a_mistake(name: str, item: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({name: [item]}, MADE[f"{name}.schema.json"])
