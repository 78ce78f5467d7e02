"""Traces: W3C trace context in and out as text, and one process span per batch.

Spans stand only at the edges. Per record there is nothing but a string (`traceparent`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags, Tracer
from opentelemetry.util.types import AttributeValue

from desk_platform.telemetry import names

MAX_LINKS = 128
# With all retries. A stop waits this long for a collector that is away, within the shutdown grace.
_EXPORT_SECONDS = 2.0
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def trace_provider(resource: Resource, endpoint: str | None, ratio: float) -> TracerProvider:
    """Without an endpoint nothing is recorded or sent; trace ids are still made and carried on."""
    root = TraceIdRatioBased(ratio if endpoint else 0.0)
    sampler: Sampler = ParentBased(root=root)
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    if endpoint:
        address = f"{endpoint.rstrip('/')}/v1/traces"
        exporter = OTLPSpanExporter(endpoint=address, timeout=_EXPORT_SECONDS)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def current_traceparent() -> str | None:
    """The running span as W3C `traceparent`, to be stored with an event; None outside a trace."""
    context = trace.get_current_span().get_span_context()
    return format_traceparent(context) if context.is_valid else None


def format_traceparent(context: SpanContext) -> str:
    """A span as W3C `traceparent`."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def read_traceparent(traceparent: str | None) -> SpanContext | None:
    """The span that a `traceparent` names; None when there is none or it is malformed."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    context = SpanContext(
        trace_id=int(match[2], 16),
        span_id=int(match[3], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(match[4], 16) & TraceFlags.SAMPLED),
    )
    return context if context.is_valid else None


def remote_context(traceparent: str | None) -> Context:
    """A context whose parent is the span somebody else named; empty when it names none."""
    remote = read_traceparent(traceparent)
    return trace.set_span_in_context(NonRecordingSpan(remote), Context()) if remote else Context()


def links_to(traceparents: Iterable[str | None]) -> list[Link]:
    """Links to the sampled among these, each once, 128 at most (what the SDK keeps)."""
    links: list[Link] = []
    for traceparent in dict.fromkeys(traceparents):
        # Cheap look at the flags before anything is parsed: most contexts are not sampled.
        if not traceparent or traceparent[-1] not in "13579bdf":
            continue
        context = read_traceparent(traceparent)
        if context is not None:
            links.append(Link(context))
        if len(links) == MAX_LINKS:
            break
    return links


@contextmanager
def open_messaging_span(
    tracer: Tracer,
    operation: str,
    destination: str,
    attributes: Mapping[str, AttributeValue],
    links: list[Link] | None = None,
) -> Iterator[trace.Span]:
    """One span of the bus, named `<operation> <destination>`; failures set `error.type`."""
    kinds = {names.SEND: SpanKind.PRODUCER, names.PROCESS: SpanKind.CONSUMER}
    given: dict[str, AttributeValue] = {
        names.SYSTEM: names.KAFKA,
        names.OPERATION_NAME: operation,
        names.OPERATION_TYPE: names.OPERATION_TYPES[operation],
        names.DESTINATION: destination,
        **attributes,
    }
    with tracer.start_as_current_span(
        f"{operation} {destination}",
        kind=kinds.get(operation, SpanKind.CLIENT),
        attributes=given,
        links=links,
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute(names.ERROR_TYPE, type(error).__qualname__)
            raise
