"""What the services export, and the words of an expression of Prometheus."""

import dataclasses
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from desk_metrics.measures.gauges import AT_RISK, GAUGES
from desk_platform.health.meters import HEALTH_FIGURES
from desk_platform.telemetry import names
from desk_platform.telemetry.meters import Meters, Tally, metrics_provider
from desk_platform.telemetry.process import measure_process
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Counter, Histogram
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry

ROOT = Path(__file__).parents[2]


MONITORING = ROOT / "deploy/k8s/components/monitoring"


# Of the query language and of Prometheus itself.
WORDS = {
    "absent", "and", "by", "count", "desk_certificate", "exported_namespace", "group_left",
    "histogram_quantile", "increase", "job", "le", "max", "min", "namespace", "offset", "on",
    "or", "pod", "rate", "scaledObject", "slo", "sum", "sum_over_time", "time", "unless", "up",
    "vector",
}  # fmt: skip


# KEDA's own: https://keda.sh/docs/2.17/integrations/prometheus/
OF_OTHERS = {"keda_scaler_detail_errors_total"}


def exported() -> set[str]:
    """The names Prometheus sees, after one measurement of everything; those of others too."""
    return _samples() | OF_OTHERS


def declared() -> set[str]:
    """Every figure that a desk has, by the name of Prometheus; a distribution by its own."""
    return {re.sub("_(bucket|count|sum|created)$", "", name) for name in _samples()}


@cache
def _samples() -> set[str]:
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    provider = metrics_provider(Resource.create({}), [reader])
    meter = provider.get_meter("test")
    measure_process(meter)
    meters = Meters.declare(meter)
    for field in dataclasses.fields(meters):
        measure(getattr(meters, field.name))
    for name, (unit, text, _) in HEALTH_FIGURES.items():
        meter.create_gauge(name, unit, text).set(1)
    for name, _, unit, text in GAUGES:
        meter.create_gauge(name, unit, text).set(1)
    meter.create_gauge(*AT_RISK).set(1)
    meter.create_gauge(names.CERTIFICATE_EXPIRES, "s").set(1)
    meter.create_counter(names.DELIVERIES).add(1)
    meter.create_histogram(names.WAY_TO_TEAM, "s").record(1)
    seen = {sample.name for family in registry.collect() for sample in family.samples}
    provider.shutdown()
    return seen


def monitoring_rules() -> list[dict[str, Any]]:
    """Alerts and recorded ratios."""
    document = yaml.safe_load((MONITORING / "rules.yaml").read_text(encoding="utf-8"))
    return [rule for group in document["spec"]["groups"] for rule in group["rules"]]


def dashboard_queries() -> list[str]:
    """What every panel asks, with every team."""
    return [
        target["expr"].replace("$team", ".*").replace("$namespace", "desk")
        for path in sorted((MONITORING / "dashboards").glob("*.json"))
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]
        for target in panel["targets"]
    ]


def measure(instrument: Any) -> None:
    if isinstance(instrument, Histogram):
        instrument.record(1)
    elif isinstance(instrument, Counter):
        instrument.add(1)
    elif isinstance(instrument, Tally):
        instrument.count("any")
    else:
        instrument.set(1)


def labels() -> set[str]:
    values = (getattr(names, name) for name in dir(names) if name.isupper())
    return {value.replace(".", "_") for value in values if isinstance(value, str)}


def words(expression: str) -> set[str]:
    bare = re.sub(r'"[^"]*"', "", re.sub(r"\[\d+\w+]", "", expression))
    return set(re.findall(r"(?<![\w.])[a-zA-Z_:][\w:]*", re.sub(r"offset \w+", "offset", bare)))
