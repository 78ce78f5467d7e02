"""Puts logs, traces and meters together; the only place that configures OpenTelemetry."""

import asyncio
import os
import socket
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice

from fastapi import APIRouter, Request
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Tracer
from prometheus_client import CollectorRegistry
from starlette.responses import Response

from desk_platform.settings import ServiceSettings
from desk_platform.telemetry import names
from desk_platform.telemetry.certificates import observe_certificates
from desk_platform.telemetry.logs import configure_logs
from desk_platform.telemetry.meters import (
    Meters,
    metrics_page,
    metrics_provider,
    otlp_metric_reader,
)
from desk_platform.telemetry.process import measure_process
from desk_platform.telemetry.traces import (
    Attributes,
    open_batch_span,
    open_span,
    remote_context,
    trace_provider,
)
from desk_platform.telemetry.unrecorded import UnrecordedTracer

VERSION = "0.1.0"
_SCOPE = "desk_platform"


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a service reports with; built once in `main`, passed to whoever reports.

    Without `is_tracing` no span is ever kept, so nobody need look for what would be in one.
    """

    service: str
    tracer: Tracer
    meters: Meters
    registry: CollectorRegistry
    traces: TracerProvider
    metrics: MeterProvider
    is_tracing: bool = True

    @property
    def meter(self) -> Meter:
        """For instruments that are looked up when figures are asked for."""
        return self.metrics.get_meter(_SCOPE)

    def batch_span(
        self, topic: str, group: str, size: int, traceparents: Iterable[str | None] = ()
    ) -> AbstractContextManager[Span]:
        """The one span of a batch: `process <topic>`, which goes on with what caused it."""
        attributes: Attributes = {names.GROUP: group, names.BATCH_COUNT: size}
        if not self.is_tracing:
            traceparents = islice(traceparents, 1)
        return open_batch_span(self.tracer, topic, attributes, traceparents)

    def open_caused_span(
        self, name: str, traceparent: str, attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """A call that leaves the desk, in the trace of the event that it is made for."""
        context = remote_context(traceparent)
        return open_span(self.tracer, name, SpanKind.CLIENT, attributes, context)

    async def stop(self) -> None:
        """Sends what is still waiting, then lets go; exporters block, so not on the loop."""
        await asyncio.to_thread(self._shut_down)

    def _shut_down(self) -> None:
        self.traces.shutdown()
        self.metrics.shutdown()


def start(service: str, settings: ServiceSettings, version: str = VERSION) -> Telemetry:
    """Configures logs for the process and gives the service its tracer and meters.

    What the machine knows of the pod comes in `OTEL_RESOURCE_ATTRIBUTES`.
    """
    configure_logs(service, settings.log_level)
    resource = Resource.create(
        {
            names.SERVICE_NAME: service,
            names.SERVICE_VERSION: version,
            names.INSTANCE: f"{socket.gethostname()}:{os.getpid()}",
            names.DEPLOYMENT: settings.environment.value,
        }
    )
    registry = CollectorRegistry()
    readers: list[MetricReader] = [
        PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    ]
    endpoint = settings.otlp_endpoint
    if endpoint:
        readers.append(otlp_metric_reader(endpoint))
    telemetry = assemble(
        service,
        registry,
        trace_provider(resource, endpoint, settings.trace_ratio),
        metrics_provider(resource, readers),
        is_tracing=endpoint is not None,
    )
    files = {
        "kafka-ca": settings.kafka.ca_file,
        "kafka-client": settings.kafka.cert_file,
        "store-ca": settings.store.ca_file,
    }
    observe_certificates(telemetry.meter, files)
    return telemetry


def assemble(
    service: str,
    registry: CollectorRegistry,
    traces: TracerProvider,
    metrics: MeterProvider,
    *,
    is_tracing: bool = True,
) -> Telemetry:
    """Telemetry over given providers; tests bring their own."""
    meter = metrics.get_meter(_SCOPE)
    measure_process(meter)
    meters = Meters.declare(meter)
    version = str(traces.resource.attributes.get(names.SERVICE_VERSION, ""))
    meters.build_info.set(1, {names.SERVICE_VERSION: version})
    return Telemetry(
        service=service,
        tracer=traces.get_tracer(_SCOPE) if is_tracing else UnrecordedTracer(),
        meters=meters,
        registry=registry,
        traces=traces,
        metrics=metrics,
        is_tracing=is_tracing,
    )


def metrics_router(telemetry: Telemetry) -> APIRouter:
    """`/metrics` for Prometheus."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    async def show_metrics(request: Request) -> Response:
        page, content_type = metrics_page(telemetry.registry, request.headers.get("accept", ""))
        return Response(page, headers={"Content-Type": content_type})

    return router
