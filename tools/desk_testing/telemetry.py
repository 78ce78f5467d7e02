"""Telemetry whose spans and figures a test can read; ids count up from 1."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from desk_platform.telemetry import names
from desk_platform.telemetry.meters import Meters, metrics_provider
from desk_platform.telemetry.start import Telemetry, assemble
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    InMemoryMetricReader,
    NumberDataPoint,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler
from prometheus_client import CollectorRegistry


class CountingIds(IdGenerator):
    """Trace and span ids 1, 2, 3, …"""

    def __init__(self) -> None:
        self._traces = 0
        self._spans = 0

    def generate_trace_id(self) -> int:
        self._traces += 1
        return self._traces

    def generate_span_id(self) -> int:
        self._spans += 1
        return self._spans


@dataclass(frozen=True, slots=True)
class RecordedTelemetry:
    """`telemetry` goes to the code under test; the rest is for asserting."""

    telemetry: Telemetry
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    def spans(self) -> tuple[ReadableSpan, ...]:
        """Finished spans, in the order they ended."""
        return tuple(self.exporter.get_finished_spans())

    def span_names(self) -> list[str]:
        return [span.name for span in self.spans()]

    def value(self, name: str, **attributes: str | int) -> float:
        """Sum of counters or gauges, number of measurements of histograms; 0 if there are none.

        Attribute names are written with `__` for the dot: `messaging__destination__name="x"`.
        """
        wanted = {key.replace("__", "."): value for key, value in attributes.items()}
        return sum(
            point.value if isinstance(point, NumberDataPoint) else point.count
            for point in self._points(name)
            if wanted.items() <= dict(point.attributes or {}).items()
        )

    def has(self, name: str) -> bool:
        """Whether anything is told under that name."""
        return any(True for _ in self._points(name))

    def _points(self, name: str) -> Iterator[NumberDataPoint | HistogramDataPoint]:
        data = self.reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == name:
                        for point in metric.data.data_points:
                            if isinstance(point, NumberDataPoint | HistogramDataPoint):
                                yield point


def record_telemetry(service: str = "test", sampler: Sampler | None = None) -> RecordedTelemetry:
    """Records every span (unless a sampler says otherwise) and every figure in memory."""
    resource = Resource({names.SERVICE_NAME: service})
    exporter = InMemorySpanExporter()
    traces = TracerProvider(
        sampler=sampler or ParentBased(ALWAYS_ON),
        resource=resource,
        id_generator=CountingIds(),
        shutdown_on_exit=False,
    )
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    reader = InMemoryMetricReader()
    registry = CollectorRegistry()
    page = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    telemetry = assemble(service, registry, traces, metrics_provider(resource, [reader, page]))
    return RecordedTelemetry(telemetry, exporter, reader)


@cache
def unread_meters() -> Meters:
    """For code whose figures no test looks at: to declare all of them takes 2 ms."""
    return record_telemetry().telemetry.meters
