"""Dashboards ask only for what the services export, and Grafana finds them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from desk_metrics.measures.gauges import AT_RISK, GAUGES, TEAM
from desk_platform.telemetry.meters import metrics_provider
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry

from tests.support.monitoring import MONITORING, WORDS, exported, labels, monitoring_rules, words

FOLDER = MONITORING / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))
# Of the query language, beside what alerts use.
QUERY = (WORDS - {"up", "job", "le", "namespace", "slo", "pod"}) | {"label_values"}
LABELS = labels() | {TEAM.replace(".", "_"), "job", "le", "pod", "namespace", "slo"}


def dashboard(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def panels() -> list[tuple[str, dict[str, Any]]]:
    return [(path.stem, item) for path in FILES for item in dashboard(path)["panels"]]


@pytest.fixture(scope="module")
def exported_names() -> set[str]:
    """What all services and metrics itself export, by the names Prometheus sees."""
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    provider = metrics_provider(Resource.create({}), [reader])
    meter = provider.get_meter("test")
    for name, _, unit, text in GAUGES:
        meter.create_gauge(name, unit, text).set(1)
    meter.create_gauge(*AT_RISK).set(1)
    names = {sample.name for family in registry.collect() for sample in family.samples}
    provider.shutdown()
    recorded = {rule["record"] for rule in monitoring_rules() if "record" in rule}
    return names | exported() | recorded | {"up"}


def names_in(expression: str) -> tuple[set[str], set[str]]:
    """The metrics of an expression, and the labels that it groups by."""
    groups = "".join(re.findall(r"\bby \([^)]*\)", expression))
    bare = re.sub(r"\bby \([^)]*\)|\{[^{}]*\}", "", expression)
    return words(bare) - QUERY, words(groups) - QUERY


@pytest.mark.parametrize(("name", "panel"), panels(), ids=lambda value: str(value)[:20])
def test_a_panel_asks_only_for_what_is_exported(
    name: str, panel: dict[str, Any], exported_names: set[str]
) -> None:
    assert panel["targets"], name
    for target in panel["targets"]:
        metrics, groups = names_in(target["expr"])
        assert metrics
        assert metrics <= exported_names
        assert groups <= LABELS


def test_a_metric_that_does_not_exist_would_be_noticed(exported_names: set[str]) -> None:
    metrics, groups = names_in('sum by (desk_tem) (desk_dead_letters{desk_team="x"})')
    assert not metrics & exported_names
    assert not groups & LABELS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dashboard_explains_itself_and_has_no_panel_on_another(path: Path) -> None:
    document = dashboard(path)
    assert document["title"]
    assert document["description"].endswith(".")
    taken: set[tuple[int, int]] = set()
    for panel in document["panels"]:
        assert panel["title"]
        assert panel["description"].endswith(".")
        place = panel["gridPos"]
        buckets = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not buckets & taken
        assert max(x for x, _ in buckets) < 24
        taken |= buckets
    assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"])


def test_variables_ask_for_metrics_that_exist(exported_names: set[str]) -> None:
    for path in FILES:
        for variable in dashboard(path)["templating"]["list"]:
            if variable["type"] == "query":
                questions = re.sub(r", (\w+\))$", r" by (\1)", variable["definition"])
                metrics, _ = names_in(questions)
                assert metrics <= exported_names


def test_all_of_them_are_in_one_config_map_with_grafanas_label() -> None:
    text = (MONITORING / "kustomization.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    (maps,) = document["configMapGenerator"]
    assert sorted(maps["files"]) == [f"dashboards/{path.name}" for path in FILES]
    assert document["generatorOptions"]["labels"] == {"grafana_dashboard": "1"}
    # A ConfigMap holds a megabyte at most.
    assert sum(path.stat().st_size for path in FILES) < 500_000


def test_no_ticket_and_no_person_is_a_label() -> None:
    text = " ".join(item["expr"] for _, panel in panels() for item in panel["targets"])
    assert not re.search(r"\b(ticket_id|desk_ticket|requester|person|device)\b", text)
