"""What traces cost: CPU for each event, of a batch that is read, decided on, written and sent.

Nothing is awaited from outside, so the difference is our own work. Spans are encoded for OTLP and
thrown away.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

from desk_contracts import AnyEvent, Codec, Message
from desk_contracts.events.tickets import Role, TicketCommented
from desk_contracts.ids import derive_id
from desk_kernel import Context, Decision
from desk_platform.clock import SystemClock
from desk_platform.kafka import Projection, Received, UnitOfWork, WorkItem
from desk_platform.kafka.trace_context import find_traceparent, give_trace
from desk_platform.kafka.traced_publisher import TracedPublisher
from desk_platform.store import Schema
from desk_platform.store.measured import MeasuredDocuments
from desk_platform.telemetry.meters import metrics_provider
from desk_platform.telemetry.start import Telemetry, assemble
from desk_testing.fakes import FakeDocuments
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from desk_bench.rows import Row, compared

ROUNDS, BATCH = 5, 500
CODEC = Codec()


class Seen(BaseModel):
    """A small document."""

    notes: int = 0


class Encoding(SpanExporter):
    """Does all that a real one does but sending."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


class Nowhere:
    """A bus that takes everything at once."""

    async def publish(self, messages: Sequence[Message]) -> None: ...


def telemetry_of(*, is_tracing: bool) -> Telemetry:
    """As a service has it, with a collector or without."""
    resource, registry = Resource.create({}), CollectorRegistry()
    reader = PrometheusMetricReader(scope_info_enabled=False, registry=registry)
    sampler = ParentBased(TraceIdRatioBased(1.0 if is_tracing else 0.0))
    traces = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    if is_tracing:
        traces.add_span_processor(BatchSpanProcessor(Encoding()))
    metrics = metrics_provider(resource, [reader])
    return assemble("bench", registry, traces, metrics, is_tracing=is_tracing)


def batches(events: int, kept: float) -> list[list[Received]]:
    """Events of as many tickets and traces, of which a share is kept."""
    clock = SystemClock()
    received = []
    for number in range(events):
        flag = "01" if number % 100 < kept * 100 else "00"
        event = AnyEvent(
            derive_id("bench", "note", number),
            "/desk/intake",
            derive_id("bench", "ticket", number),
            clock.now(),
            TicketCommented(by="bench", role=Role.EMPLOYEE, text="The VPN does not connect."),
            traceparent=f"00-{number + 1:032x}-{number + 1:016x}-{flag}",
        )
        made = CODEC.encode(event)
        received.append(Received(event, _Raw(made.topic, made.key, made.value, made.headers)))
    return [received[first : first + BATCH] for first in range(0, events, BATCH)]


@dataclass
class _Raw:
    """A record as it was read."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    partition: int = 0
    offset: int = 0


async def cost(events: int, kept: float, *, is_tracing: bool) -> float:
    """Microseconds of CPU for each event."""
    telemetry, clock = telemetry_of(is_tracing=is_tracing), SystemClock()
    inner = FakeDocuments(Schema("seen", Seen), clock)
    documents = MeasuredDocuments(inner, telemetry, "seen", "sqlite")

    def react(state: Seen | None, event: AnyEvent, _context: Context) -> Decision[Seen]:
        return Decision(Seen(notes=(state.notes if state else 0) + 1), (event,))

    projection = Projection(documents, lambda event: (event.subject,), react)
    publisher = TracedPublisher(Nowhere(), telemetry)
    unit_of_work = UnitOfWork(projection, publisher, clock, telemetry.meters)

    async def fail(failures: Sequence[tuple[WorkItem[Seen], Exception]]) -> None:
        raise AssertionError(failures)

    given = batches(events, kept)
    began = process_time()
    for batch in given:
        causes = map(find_traceparent, batch)
        with telemetry.batch_span("desk.tickets", "bench", len(batch), causes) as span:
            give_trace(batch, span)
            items = [item for received in batch for item in unit_of_work.work_items_of(received)]
            await unit_of_work.run(items, fail)
    await telemetry.stop()
    return (process_time() - began) / events * 1e6


async def run(events: int) -> list[Row]:
    """Without a collector, with one trace in ten kept, and with all of them, in turn."""
    ways = {
        "no collector": (0.0, False),
        "1 trace in 10": (0.1, True),
        "every trace": (1.0, True),
    }
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (kept, is_tracing) in ways.items():
            costs[name].append(await cost(events, kept, is_tracing=is_tracing))
    plain = statistics.median(costs["no collector"])
    return [
        compared(f"CPU of an event, {name}", statistics.median(seen), plain, "µs")
        for name, seen in costs.items()
    ]
