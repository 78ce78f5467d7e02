"""The five OpenAPI documents in the tree: as the code says, of one form, with examples that fit."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_contracts.topics import SERVICES
from desk_testing.commands import run_module
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[3]
DOCUMENTS: dict[str, Any] = {
    name: json.loads((ROOT / f"docs/openapi/{name}.json").read_text(encoding="utf-8"))
    for name in SERVICES
}


def test_the_documents_in_the_tree_are_what_the_code_says() -> None:
    # A process of its own: services are put together whole, with their telemetry.
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = run_module("scripts.openapi", "check", env=env)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}look at the difference, then commit it"


@pytest.mark.parametrize("name", SERVICES)
def test_documents_have_one_form_of_title_and_one_version(name: str) -> None:
    document = DOCUMENTS[name]
    assert document["info"] == {"title": f"Experience Desk: {name}", "version": "1.0.0"}
    assert document["security"] == [{"bearer": []}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["description"], path


@pytest.mark.parametrize("name", SERVICES)
def test_no_parameter_may_be_null_since_nobody_can_send_that(name: str) -> None:
    nulls = [
        f"{path} {parameter['name']}"
        for path, operations in DOCUMENTS[name]["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if '"null"' in json.dumps(parameter["schema"])
    ]
    assert not nulls


def bodies() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, document in DOCUMENTS.items():
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                    yield f"{name} {method} {path} {kind}", document, content


@pytest.mark.parametrize(
    ("document", "content"), [item[1:] for item in bodies()], ids=[item[0] for item in bodies()]
)
def test_every_body_has_examples_that_its_schema_takes(
    document: dict[str, Any], content: dict[str, Any]
) -> None:
    schema = content["schema"]
    forms = schema.get("anyOf") or schema.get("oneOf") or [schema]
    examples = [content["example"]] if "example" in content else []
    for form in forms:
        model = form.get("$ref", "").rpartition("/")[2]
        examples += document["components"]["schemas"].get(model, {}).get("examples", [])
    assert examples
    for example in examples:
        Draft202012Validator({**schema, "components": document["components"]}).validate(example)
