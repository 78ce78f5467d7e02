"""Our names against the published semantic conventions, and a collector that really receives."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_platform.settings import Environment, ServiceSettings
from desk_platform.telemetry import names, start
from desk_platform.telemetry.meters import metrics_page
from desk_platform.telemetry.start import VERSION
from opentelemetry.semconv._incubating.attributes import (
    cloudevents_attributes,
    cpu_attributes,
    deployment_attributes,
    messaging_attributes,
)
from opentelemetry.semconv._incubating.attributes import service_attributes as more_of_service
from opentelemetry.semconv._incubating.metrics import messaging_metrics, process_metrics
from opentelemetry.semconv.attributes import (
    db_attributes,
    error_attributes,
    http_attributes,
    server_attributes,
    service_attributes,
    url_attributes,
)
from opentelemetry.semconv.metrics import db_metrics, http_metrics

from tests.support.otlp_collector import Collector, collecting

ROOT = Path(__file__).parents[3]


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
        (names.HTTP_CLIENT_DURATION, http_metrics.HTTP_CLIENT_REQUEST_DURATION),
        (names.STORE_DURATION, db_metrics.DB_CLIENT_OPERATION_DURATION),
        (names.CPU_TIME, process_metrics.PROCESS_CPU_TIME),
        (names.MEMORY_USAGE, process_metrics.PROCESS_MEMORY_USAGE),
        (names.OPEN_FILES, process_metrics.PROCESS_UNIX_FILE_DESCRIPTOR_COUNT),
        (names.UPTIME, process_metrics.PROCESS_UPTIME),
        (names.INSTANCE, more_of_service.SERVICE_INSTANCE_ID),
        (names.SERVER_ADDRESS, server_attributes.SERVER_ADDRESS),
        (names.SERVER_PORT, server_attributes.SERVER_PORT),
        (names.DB_SYSTEM, db_attributes.DB_SYSTEM_NAME),
        (names.DB_OPERATION, db_attributes.DB_OPERATION_NAME),
        (names.DB_COLLECTION, db_attributes.DB_COLLECTION_NAME),
        (names.CPU_MODE, cpu_attributes.CPU_MODE),
        (names.KAFKA, messaging_attributes.MessagingSystemValues.KAFKA.value),
    ],
)
def test_a_name_is_the_published_one(ours: str, theirs: str) -> None:
    assert ours == theirs


def test_the_version_that_is_told_is_the_packages_own() -> None:
    for file in (ROOT / "pyproject.toml", ROOT / "shared/pyproject.toml"):
        assert tomllib.loads(file.read_text(encoding="utf-8"))["project"]["version"] == VERSION


def test_operation_types_are_published_ones() -> None:
    published = {item.value for item in messaging_attributes.MessagingOperationTypeValues}
    assert set(names.OPERATION_TYPES.values()) <= published


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as server:
        yield server


async def test_spans_reach_the_collector_before_a_service_has_stopped(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=a-1,k8s.namespace.name=desk")
    telemetry = start("intake", settings_of(collector), version="1.2.3")
    with telemetry.batch_span("desk.tickets", "triage", 2):
        pass
    await telemetry.stop()
    [resource] = collector.resources()
    assert resource["service.name"] == "intake"
    assert resource["service.version"] == "1.2.3"
    assert resource["service.instance.id"]
    assert resource["deployment.environment.name"] == "local"
    assert (resource["k8s.pod.name"], resource["k8s.namespace.name"]) == ("a-1", "desk")
    assert [span.name for span in collector.spans()] == ["process desk.tickets"]


async def test_distributions_reach_it_as_exponential_histograms_beside_the_page(
    collector: Collector,
) -> None:
    telemetry = start("intake", settings_of(collector))
    for seconds in (0.003, 0.2, 12.0):
        telemetry.meters.timer_lateness.record(seconds)
        telemetry.meters.http_duration.record(seconds)
    page, _ = metrics_page(telemetry.registry)
    await telemetry.stop()
    for name in (names.TIMER_LATENESS, names.HTTP_DURATION):
        [point] = collector.metrics()[name].exponential_histogram.data_points
        assert (point.count, point.max) == (3, 12.0)
    assert b'desk_timer_lateness_seconds_bucket{le="+Inf"} 3.0' in page


def settings_of(collector: Collector) -> ServiceSettings:
    return ServiceSettings(environment=Environment.LOCAL, otlp_endpoint=f"{collector.address}/")
