"""Puts logs, traces and meters together; the only place that configures OpenTelemetry."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from fastapi import APIRouter, Request
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, Tracer
from opentelemetry.util.types import AttributeValue
from prometheus_client import CollectorRegistry
from starlette.responses import Response

from desk_platform.settings import ServiceSettings
from desk_platform.telemetry import names
from desk_platform.telemetry.logs import configure_logs
from desk_platform.telemetry.meters import Meters, metrics_page, metrics_provider
from desk_platform.telemetry.traces import links_to, open_messaging_span, trace_provider

_SCOPE = "desk_platform"


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a service reports with; built once in `main`, passed to whoever reports."""

    service: str
    tracer: Tracer
    meters: Meters
    registry: CollectorRegistry
    traces: TracerProvider
    metrics: MeterProvider

    @property
    def meter(self) -> Meter:
        """For instruments that are looked up when figures are asked for."""
        return self.metrics.get_meter(_SCOPE)

    def batch_span(
        self,
        topic: str,
        group: str,
        size: int,
        traceparents: Iterable[str | None] = (),
        partition: int | None = None,
    ) -> AbstractContextManager[Span]:
        """The one span of a batch: `process <topic>`, linked to its sampled causes."""
        attributes: dict[str, AttributeValue] = {names.GROUP: group, names.BATCH_COUNT: size}
        if partition is not None:
            attributes[names.PARTITION] = str(partition)
        links = links_to(traceparents)
        return open_messaging_span(self.tracer, names.PROCESS, topic, attributes, links)

    def send_span(self, topic: str, size: int) -> AbstractContextManager[Span]:
        """The span of one publish of `size` messages: `send <topic>`."""
        return open_messaging_span(self.tracer, names.SEND, topic, {names.BATCH_COUNT: size})

    def span(
        self, operation: str, topic: str, attributes: Mapping[str, AttributeValue]
    ) -> AbstractContextManager[Span]:
        """A span of another bus operation (`poll`, `commit`)."""
        return open_messaging_span(self.tracer, operation, topic, attributes)

    async def stop(self) -> None:
        """Sends what is still waiting, then lets go; exporters block, so not on the loop."""
        await asyncio.to_thread(self._shut_down)

    def _shut_down(self) -> None:
        self.traces.shutdown()
        self.metrics.shutdown()


def start(service: str, settings: ServiceSettings, version: str = "0.1.0") -> Telemetry:
    """Configures logs for the process and gives the service its tracer and meters."""
    configure_logs(service, settings.log_level)
    resource = Resource.create(
        {
            names.SERVICE_NAME: service,
            names.SERVICE_VERSION: version,
            names.DEPLOYMENT: settings.environment.value,
        }
    )
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    traces = trace_provider(resource, settings.otlp_endpoint, settings.trace_ratio)
    return assemble(service, registry, traces, metrics_provider(resource, [reader]))


def assemble(
    service: str, registry: CollectorRegistry, traces: TracerProvider, metrics: MeterProvider
) -> Telemetry:
    """Telemetry over given providers; tests bring their own."""
    return Telemetry(
        service=service,
        tracer=traces.get_tracer(_SCOPE),
        meters=Meters.declare(metrics.get_meter(_SCOPE)),
        registry=registry,
        traces=traces,
        metrics=metrics,
    )


def metrics_router(telemetry: Telemetry) -> APIRouter:
    """`/metrics` for Prometheus."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    async def show_metrics(request: Request) -> Response:
        page, content_type = metrics_page(telemetry.registry, request.headers.get("accept", ""))
        return Response(page, headers={"Content-Type": content_type})

    return router
