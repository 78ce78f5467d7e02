"""A small collector: takes OTLP over HTTP on a free port, and says what it was sent."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1 import trace_pb2

from tests.support.served import served

_LOCAL = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Span:
    """One span as it came; ids in hexadecimal digits, empty where there is none.

    `began` is in nanoseconds since 1970, `ms` how long it took.
    """

    service: str
    name: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    attributes: dict[str, str]
    began: int
    ms: float


class Collector(ThreadingHTTPServer):
    """Keeps each request's path and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((_LOCAL, 0), _Taker)
        self.taken: list[tuple[str, bytes]] = []

    @property
    def address(self) -> str:
        return f"http://{_LOCAL}:{self.server_address[1]}"

    def spans(self) -> list[Span]:
        """All spans, in the order they came."""
        return [
            Span(
                resource["service.name"],
                span.name,
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                tuple(link.trace_id.hex() for link in span.links),
                _texts(span.attributes),
                span.start_time_unix_nano,
                (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
            )
            for resource, group in self._span_groups()
            for span in group
        ]

    def resources(self) -> list[dict[str, str]]:
        """Who sent spans, as often as they did."""
        return [resource for resource, _ in self._span_groups()]

    def metrics(self) -> dict[str, Metric]:
        """The newest of each figure, by its name."""
        seen: dict[str, Metric] = {}
        for path, body in tuple(self.taken):
            if path == "/v1/metrics":
                request = ExportMetricsServiceRequest.FromString(body)
                for resource in request.resource_metrics:
                    for scope in resource.scope_metrics:
                        seen |= {metric.name: metric for metric in scope.metrics}
        return seen

    def _span_groups(self) -> Iterator[tuple[dict[str, str], list[trace_pb2.Span]]]:
        for path, body in tuple(self.taken):
            if path == "/v1/traces":
                for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                    spans = [span for scope in group.scope_spans for span in scope.spans]
                    yield _texts(group.resource.attributes), spans


class _Taker(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  given by the base
        """Says nothing."""


def _texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {item.key: item.value.string_value for item in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector as long as it is needed."""
    with served(Collector()) as server:
        yield server
