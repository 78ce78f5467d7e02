"""What the services export, and the words of an expression of Prometheus."""

import dataclasses
import re
from pathlib import Path
from typing import Any

from desk_platform.telemetry import names
from desk_platform.telemetry.meters import Meters, Tally, metrics_provider
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Counter, Histogram
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry

ROOT = Path(__file__).parents[2]


MONITORING = ROOT / "deploy/k8s/components/monitoring"


# Of the query language and of Prometheus itself.
WORDS = {
    "by", "on", "or", "and", "unless", "offset", "sum", "max", "rate", "increase",
    "histogram_quantile", "up", "job", "le",
}  # fmt: skip


def exported() -> set[str]:
    """The names Prometheus sees, after one measurement of everything."""
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    provider = metrics_provider(Resource.create({}), [reader])
    meters = Meters.declare(provider.get_meter("test"))
    for field in dataclasses.fields(meters):
        measure(getattr(meters, field.name))
    exported_names = {sample.name for family in registry.collect() for sample in family.samples}
    provider.shutdown()
    return exported_names


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
    bare = re.sub(r'"[^"]*"', "", re.sub(r"\[[^]]*]", "", expression))
    return set(re.findall(r"(?<![\w.])[a-zA-Z_:][\w:]*", re.sub(r"offset \w+", "offset", bare)))
