"""Every rendered object is one that Kubernetes and the operators accept, strictly."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "deploy/k8s/schemas"
KUBERNETES = "1.36"
# In no namespace.
CLUSTER = None


@cache
def schema_of(kind: str) -> Draft202012Validator | None:
    path = SCHEMAS / f"{kind}.schema.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def problems(document: dict[str, Any]) -> list[str]:
    schema = schema_of(document["kind"])
    name = f"{document['kind']}/{document['metadata']['name']}"
    if schema is not None:
        return [
            f"{name}: {error.json_path} {error.message}" for error in schema.iter_errors(document)
        ]
    try:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{name}: {error.message}"]
    return []


def test_every_object_is_valid(overlay: Any) -> None:
    assert [problem for item in overlay.objects for problem in problems(item)] == []


def test_every_object_of_the_store_is_valid(store: Any) -> None:
    assert [problem for item in store.objects for problem in problems(item)] == []


def test_every_object_of_the_own_cluster_is_valid(cluster: Any) -> None:
    assert [problem for item in cluster.objects for problem in problems(item)] == []


def test_no_object_stands_twice(overlay: Any) -> None:
    names = [(item["kind"], item["metadata"]["name"]) for item in overlay.objects]
    assert len(set(names)) == len(names)


def test_everything_is_in_the_desks_namespace(overlay: Any) -> None:
    elsewhere = [
        item for item in overlay.objects if item["metadata"].get("namespace", CLUSTER) != "desk"
    ]
    expected = {"Namespace", "PriorityClass"}
    if overlay.name == "company-kafka":
        # Strimzi's operators look in their own namespace only.
        expected |= {"KafkaTopic", "KafkaUser", "Role", "RoleBinding"}
    assert {item["kind"] for item in elsewhere} == expected


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_refuses_a_field_nobody_knows(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    kind, api = schema["title"], schema["properties"]["apiVersion"]["const"]
    document = {"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, "spec": {"replica": 1}}
    assert any("'replica' was unexpected" in problem for problem in problems(document))


def test_a_misspelt_field_of_a_native_kind_is_refused(dev: Any) -> None:
    deployment = json.loads(json.dumps(dev.named("Deployment", "intake")))
    deployment["spec"]["replica"] = 2
    assert problems(deployment)
