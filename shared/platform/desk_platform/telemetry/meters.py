"""The instruments of the desk and the page Prometheus reads.

Recording costs a few microseconds: once per batch or request, never per record. What has to be
counted for each record is a `Tally`.
"""

import collections
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypedDict

from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, Observation
from opentelemetry.metrics import _Gauge as Gauge
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics import Histogram as HistogramInstrument
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from desk_platform.telemetry import names
from desk_platform.telemetry.traces import EXPORT_SECONDS

Attributes = Mapping[str, str | int]


class Tally:
    """A counter by reason that costs next to nothing: it is read when somebody asks for figures."""

    def __init__(self) -> None:
        self._counts: collections.Counter[str] = collections.Counter()

    @classmethod
    def declare(cls, meter: Meter, name: str, unit: str, description: str) -> Self:
        """Creates its instrument."""
        tally = cls()
        meter.create_observable_counter(name, [tally.read], unit=unit, description=description)
        return tally

    def count(self, reason: str) -> None:
        """One more for this reason."""
        self._counts[reason] += 1

    def read(self, _options: CallbackOptions) -> Iterator[Observation]:
        """All there were since the start, as the instrument wants them."""
        if not self._counts:
            yield Observation(0)
        for reason, number in tuple(self._counts.items()):
            yield Observation(number, {names.REASON: reason})


@dataclass(frozen=True, slots=True)
class Meters:
    """All instruments, by name; attributes come from `names`."""

    operation_duration: Histogram
    sent_messages: Counter
    consumed_messages: Counter
    process_duration: Histogram
    http_duration: Histogram
    event_lag: Histogram
    dead_letters: Counter
    retries: Counter
    guard_conflicts: Counter
    outbox_pending: Gauge
    outbox_age: Gauge
    timer_lateness: Histogram
    timer_waiting: Gauge
    integrity_gaps: Counter
    document_failures: Counter
    documents_held: Gauge
    loop_failures: Counter
    consumers_stopped: Gauge
    topics_replaced: Gauge
    unhandled: Tally
    store_duration: Histogram
    http_client_duration: Histogram
    loop_lag: Histogram
    build_info: Gauge

    @classmethod
    def declare(cls, meter: Meter) -> Self:
        """Creates every instrument with unit, description and buckets."""

        return cls(
            operation_duration=_seconds(
                meter, names.OPERATION_DURATION, "Time of one send or commit"
            ),
            sent_messages=_count(meter, names.SENT_MESSAGES, "{message}", "Messages sent"),
            consumed_messages=_count(meter, names.CONSUMED_MESSAGES, "{message}", "Messages read"),
            process_duration=_seconds(meter, names.PROCESS_DURATION, "Time to handle one batch"),
            http_duration=_seconds(meter, names.HTTP_DURATION, "Time to answer one request"),
            event_lag=_seconds(
                meter, names.EVENT_LAG, "Age of the oldest event in a batch", names.LAG_BUCKETS
            ),
            dead_letters=_count(meter, names.DEAD_LETTERS, "{message}", "Dead letters, by reason"),
            retries=_count(meter, names.RETRIES, "{message}", "Records sent to a retry topic"),
            guard_conflicts=_count(
                meter, names.GUARD_CONFLICTS, "{write}", "Writes another writer was faster with"
            ),
            outbox_pending=meter.create_gauge(
                names.OUTBOX_PENDING, "{document}", "Documents with events not yet published"
            ),
            outbox_age=meter.create_gauge(
                names.OUTBOX_AGE, "s", "How long the oldest of them has waited"
            ),
            timer_lateness=_seconds(
                meter, names.TIMER_LATENESS, "How late timers fired", names.LAG_BUCKETS
            ),
            timer_waiting=meter.create_gauge(
                names.TIMER_WAITING, "s", "Age of the oldest deadline that nobody can judge yet"
            ),
            integrity_gaps=_count(
                meter, names.INTEGRITY_GAPS, "{gap}", "Holes found in a ticket's sequence"
            ),
            **_failures(meter),
            unhandled=Tally.declare(
                meter, names.UNHANDLED, "{event}", "Sent, and nothing is set up for it, by kind"
            ),
            **_machine(meter),
        )


class _Machine(TypedDict):
    store_duration: Histogram
    http_client_duration: Histogram
    loop_lag: Histogram
    build_info: Gauge


def _machine(meter: Meter) -> _Machine:
    """What the service waits for, and what it is."""
    return _Machine(
        store_duration=_seconds(
            meter, names.STORE_DURATION, "Time of one store operation", names.STORE_BUCKETS
        ),
        http_client_duration=_seconds(
            meter, names.HTTP_CLIENT_DURATION, "Time of one call to somebody else"
        ),
        loop_lag=_seconds(
            meter, names.LOOP_LAG, "How late the event loop turns", names.LOOP_BUCKETS
        ),
        build_info=meter.create_gauge(names.BUILD_INFO, "{build}", "1, with the version that runs"),
    )


class _Failures(TypedDict):
    document_failures: Counter
    documents_held: Gauge
    loop_failures: Counter
    consumers_stopped: Gauge
    topics_replaced: Gauge


def _failures(meter: Meter) -> _Failures:
    """What tells that something is wrong with us, and with nobody else."""
    return _Failures(
        document_failures=_count(
            meter, names.DOCUMENT_FAILURES, "{failure}", "Failures that were one document's own"
        ),
        documents_held=meter.create_gauge(
            names.DOCUMENTS_HELD, "{document}", "Documents that failed and wait or are given up"
        ),
        loop_failures=_count(
            meter, names.LOOP_FAILURES, "{failure}", "Times that a loop failed and began again"
        ),
        consumers_stopped=meter.create_gauge(
            names.CONSUMERS_STOPPED, "{consumer}", "1 while its dead-letter budget is spent"
        ),
        topics_replaced=meter.create_gauge(
            names.TOPICS_REPLACED, "{topic}", "Topics that are not those that were read before"
        ),
    )


def metrics_provider(resource: Resource, readers: Sequence[MetricReader]) -> MeterProvider:
    """A provider of its own: nothing global, so tests and services never share figures."""
    return MeterProvider(
        resource=resource,
        metric_readers=list(readers),
        # Prometheus' text page carries no exemplars, so sampling them would only cost.
        exemplar_filter=AlwaysOffExemplarFilter(),
        shutdown_on_exit=False,
    )


def otlp_metric_reader(endpoint: str) -> MetricReader:
    """Sends all figures to a collector at the interval of `OTEL_METRIC_EXPORT_INTERVAL` (60 s).

    Distributions go as exponential histograms, which need no buckets chosen beforehand.
    """
    # Without a collector what sends to it, 3 MB, need not be loaded.
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
        OTLPMetricExporter,
    )

    address = f"{endpoint.rstrip('/')}/v1/metrics"
    exporter = OTLPMetricExporter(
        endpoint=address,
        timeout=EXPORT_SECONDS,
        preferred_aggregation={HistogramInstrument: ExponentialBucketHistogramAggregation()},
    )
    return PeriodicExportingMetricReader(exporter)


def metrics_page(registry: CollectorRegistry, accept: str = "") -> tuple[bytes, str]:
    """The page and its content type, in the format the asker prefers."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _seconds(
    meter: Meter, name: str, description: str, buckets: Sequence[float] = names.DURATION_BUCKETS
) -> Histogram:
    return meter.create_histogram(
        name, unit="s", description=description, explicit_bucket_boundaries_advisory=list(buckets)
    )


def _count(meter: Meter, name: str, unit: str, description: str) -> Counter:
    return meter.create_counter(name, unit=unit, description=description)
