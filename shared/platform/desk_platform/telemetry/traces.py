"""Traces: W3C trace context in and out as text, and one process span per batch.

Spans stand only at the edges. Per record there is nothing but a string (`traceparent`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from types import MappingProxyType

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags, Tracer
from opentelemetry.util.types import AttributeValue

from desk_platform.telemetry import names

Attributes = Mapping[str, AttributeValue]

MAX_LINKS = 128
# With all retries. A stop waits this long for a collector that is away, within the shutdown grace.
EXPORT_SECONDS = 2.0
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_KINDS = {names.SEND: SpanKind.PRODUCER, names.PROCESS: SpanKind.CONSUMER}
_NO_CAUSES: Mapping[str, str] = MappingProxyType({})
_causes: ContextVar[Mapping[str, str]] = ContextVar("desk_causes", default=_NO_CAUSES)


def trace_provider(resource: Resource, endpoint: str | None, ratio: float) -> TracerProvider:
    """Without an endpoint nothing is recorded or sent; trace ids are still made and carried on."""
    root = TraceIdRatioBased(ratio if endpoint else 0.0)
    sampler: Sampler = ParentBased(root=root)
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    if endpoint:
        # Without a collector what sends to it, 3 MB, need not be loaded.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        address = f"{endpoint.rstrip('/')}/v1/traces"
        exporter = OTLPSpanExporter(endpoint=address, timeout=EXPORT_SECONDS)
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


def is_sampled(traceparent: str | None) -> bool:
    """Whether its trace is recorded, by its flags alone: most are not, so nothing is parsed."""
    return bool(traceparent) and traceparent[-1] in "13579bdf"  # type: ignore[index]


def trace_id_of(traceparent: str) -> str:
    """The trace's id in hexadecimal digits, as logs have it."""
    return traceparent[3:35]


def find_cause(trace_id: str) -> str | None:
    """By which span a trace reached the batch that is handled here; None for any other trace."""
    return _causes.get().get(trace_id)


@contextmanager
def open_batch_span(
    tracer: Tracer, destination: str, attributes: Attributes, traceparents: Iterable[str | None]
) -> Iterator[trace.Span]:
    """`process <destination>`, as part of the first recorded trace among its causes.

    So a batch of one continues its cause. The other recorded causes are linked, 128 at most. Where
    none is recorded the batch is not either: it belongs to the trace of the first that there is.
    """
    given = list(traceparents)
    recorded: dict[str, str] = {}
    for traceparent in given:
        if traceparent and is_sampled(traceparent):
            recorded.setdefault(trace_id_of(traceparent), traceparent)
    first = next(iter(recorded.values()), None) or next(filter(None, given), None)
    others = islice(recorded.values(), 1, 1 + MAX_LINKS)
    links = [Link(context) for other in others if (context := read_traceparent(other))]
    token = _causes.set(recorded)
    try:
        with open_messaging_span(
            tracer, names.PROCESS, destination, attributes, remote_context(first), links
        ) as span:
            yield span
    finally:
        _causes.reset(token)


@contextmanager
def open_messaging_span(
    tracer: Tracer,
    operation: str,
    destination: str,
    attributes: Attributes,
    context: Context | None = None,
    links: list[Link] | None = None,
) -> Iterator[trace.Span]:
    """One span of the bus, named `<operation> <destination>`; see `open_span`."""
    given = describe_operation(operation, destination, attributes)
    kind, name = _KINDS.get(operation, SpanKind.CLIENT), f"{operation} {destination}"
    with open_span(tracer, name, kind, given, context, links) as span:
        yield span


def describe_operation(
    operation: str, destination: str, attributes: Attributes
) -> dict[str, AttributeValue]:
    """What every span of the bus says."""
    return {
        names.SYSTEM: names.KAFKA,
        names.OPERATION_NAME: operation,
        names.OPERATION_TYPE: names.OPERATION_TYPES[operation],
        names.DESTINATION: destination,
        **attributes,
    }


@contextmanager
def open_span(
    tracer: Tracer,
    name: str,
    kind: SpanKind,
    attributes: Attributes,
    context: Context | None = None,
    links: list[Link] | None = None,
) -> Iterator[trace.Span]:
    """A span that is current inside; failures set `error.type`."""
    with tracer.start_as_current_span(
        name, context, kind=kind, attributes=attributes, links=links
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute(names.ERROR_TYPE, type(error).__qualname__)
            raise
