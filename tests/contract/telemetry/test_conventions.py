"""Our names against the published semantic conventions, and a collector that really receives."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from desk_platform.settings import Environment, ServiceSettings
from desk_platform.telemetry import names, start
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.semconv._incubating.attributes import (
    cloudevents_attributes,
    deployment_attributes,
    messaging_attributes,
)
from opentelemetry.semconv._incubating.metrics import messaging_metrics
from opentelemetry.semconv.attributes import (
    error_attributes,
    http_attributes,
    service_attributes,
    url_attributes,
)
from opentelemetry.semconv.metrics import http_metrics


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (names.SYSTEM, messaging_attributes.MESSAGING_SYSTEM),
        (names.OPERATION_NAME, messaging_attributes.MESSAGING_OPERATION_NAME),
        (names.OPERATION_TYPE, messaging_attributes.MESSAGING_OPERATION_TYPE),
        (names.DESTINATION, messaging_attributes.MESSAGING_DESTINATION_NAME),
        (names.PARTITION, messaging_attributes.MESSAGING_DESTINATION_PARTITION_ID),
        (names.GROUP, messaging_attributes.MESSAGING_CONSUMER_GROUP_NAME),
        (names.BATCH_COUNT, messaging_attributes.MESSAGING_BATCH_MESSAGE_COUNT),
        (names.MESSAGE_ID, messaging_attributes.MESSAGING_MESSAGE_ID),
        (names.OFFSET, messaging_attributes.MESSAGING_KAFKA_OFFSET),
        (names.ERROR_TYPE, error_attributes.ERROR_TYPE),
        (names.EVENT_ID, cloudevents_attributes.CLOUDEVENTS_EVENT_ID),
        (names.EVENT_SOURCE, cloudevents_attributes.CLOUDEVENTS_EVENT_SOURCE),
        (names.EVENT_TYPE, cloudevents_attributes.CLOUDEVENTS_EVENT_TYPE),
        (names.EVENT_SUBJECT, cloudevents_attributes.CLOUDEVENTS_EVENT_SUBJECT),
        (names.HTTP_METHOD, http_attributes.HTTP_REQUEST_METHOD),
        (names.HTTP_STATUS, http_attributes.HTTP_RESPONSE_STATUS_CODE),
        (names.HTTP_ROUTE, http_attributes.HTTP_ROUTE),
        (names.URL_SCHEME, url_attributes.URL_SCHEME),
        (names.URL_PATH, url_attributes.URL_PATH),
        (names.SERVICE_NAME, service_attributes.SERVICE_NAME),
        (names.SERVICE_VERSION, service_attributes.SERVICE_VERSION),
        (names.DEPLOYMENT, deployment_attributes.DEPLOYMENT_ENVIRONMENT_NAME),
        (names.OPERATION_DURATION, messaging_metrics.MESSAGING_CLIENT_OPERATION_DURATION),
        (names.SENT_MESSAGES, messaging_metrics.MESSAGING_CLIENT_SENT_MESSAGES),
        (names.CONSUMED_MESSAGES, messaging_metrics.MESSAGING_CLIENT_CONSUMED_MESSAGES),
        (names.PROCESS_DURATION, messaging_metrics.MESSAGING_PROCESS_DURATION),
        (names.HTTP_DURATION, http_metrics.HTTP_SERVER_REQUEST_DURATION),
        (names.KAFKA, messaging_attributes.MessagingSystemValues.KAFKA.value),
    ],
)
def test_a_name_is_the_published_one(ours: str, theirs: str) -> None:
    assert ours == theirs


def test_operation_types_are_published_ones() -> None:
    published = {item.value for item in messaging_attributes.MessagingOperationTypeValues}
    assert set(names.OPERATION_TYPES.values()) <= published


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP on a free port."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.taken: list[tuple[str, bytes]] = []


class _Taker(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  given by the base
        """Says nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


async def test_spans_reach_the_collector_before_a_service_has_stopped(
    collector: Collector,
) -> None:
    port = collector.server_address[1]
    settings = ServiceSettings(
        environment=Environment.LOCAL, otlp_endpoint=f"http://127.0.0.1:{port}/"
    )
    telemetry = start("intake", settings, version="1.2.3")
    with telemetry.batch_span("desk.tickets", "triage", 2):
        pass
    await telemetry.stop()
    [(path, body)] = collector.taken
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    [resource] = request.resource_spans
    attributes = {
        attribute.key: attribute.value.string_value for attribute in resource.resource.attributes
    }
    assert path == "/v1/traces"
    assert attributes["service.name"] == "intake"
    assert attributes["service.version"] == "1.2.3"
    assert attributes["deployment.environment.name"] == "local"
    assert [span.name for span in resource.scope_spans[0].spans] == ["process desk.tickets"]
