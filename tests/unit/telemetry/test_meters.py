"""Meters: one declaration, a Prometheus page per process, and no person or ticket in it."""

import dataclasses

import httpx
from desk_platform.telemetry import Meters, metrics_router, names
from desk_testing.telemetry import record_telemetry
from fastapi import FastAPI


def test_recorded_figures_can_be_asked_for_by_attribute() -> None:
    recorded = record_telemetry()
    meters = recorded.telemetry.meters
    meters.dead_letters.add(2, {names.DESTINATION: "desk.tickets", names.REASON: "unreadable"})
    meters.dead_letters.add(3, {names.DESTINATION: "desk.requests", names.REASON: "unreadable"})
    meters.outbox_pending.set(7, {names.COLLECTION: "tickets"})
    meters.process_duration.record(0.2)
    assert recorded.value(names.DEAD_LETTERS) == 5
    assert recorded.value(names.DEAD_LETTERS, messaging__destination__name="desk.requests") == 3
    assert recorded.value(names.OUTBOX_PENDING) == 7
    assert recorded.value(names.PROCESS_DURATION) == 1
    assert recorded.value(names.RETRIES) == 0


def test_what_is_counted_for_each_record_is_told_whole_whenever_it_is_asked() -> None:
    recorded = record_telemetry()
    tally = recorded.telemetry.meters.unhandled
    tally.count("unwatched-measurement")
    assert recorded.value(names.UNHANDLED) == 1
    tally.count("unwatched-measurement")
    tally.count("unknown-service")
    assert recorded.value(names.UNHANDLED, desk__reason="unwatched-measurement") == 2
    assert recorded.value(names.UNHANDLED) == 3


async def test_the_page_names_metrics_as_prometheus_does() -> None:
    telemetry = record_telemetry("intake").telemetry
    for field in dataclasses.fields(Meters):
        instrument = getattr(telemetry.meters, field.name)
        for verb in ("add", "record", "set", "count"):
            if hasattr(instrument, verb):
                getattr(instrument, verb)(1)
                break
    app = FastAPI()
    app.include_router(metrics_router(telemetry))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        page = await client.get("/metrics")
        open_metrics = await client.get(
            "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"}
        )
    assert page.headers["content-type"].startswith("text/plain")
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")
    for name in (
        "messaging_client_operation_duration_seconds_bucket",
        "messaging_client_sent_messages_total",
        "messaging_client_consumed_messages_total",
        "messaging_process_duration_seconds_bucket",
        "http_server_request_duration_seconds_bucket",
        "desk_event_lag_seconds_bucket",
        "desk_dead_letters_total",
        "desk_retries_total",
        "desk_guard_conflicts_total",
        "desk_outbox_pending",
        "desk_timer_lateness_seconds_bucket",
        "desk_integrity_gaps_total",
        "db_client_operation_duration_seconds_bucket",
        "http_client_request_duration_seconds_bucket",
        "process_cpu_time_seconds_total",
        "process_memory_usage_bytes",
        "desk_loop_lag_seconds_bucket",
        "desk_build_info",
    ):
        assert f"\n{name}" in page.text, name
    assert 'service_name="intake"' in page.text


def test_two_services_in_one_process_share_nothing() -> None:
    first, other = record_telemetry("one"), record_telemetry("other")
    first.telemetry.meters.retries.add(1)
    assert (first.value(names.RETRIES), other.value(names.RETRIES)) == (1, 0)


async def test_stop_lets_go() -> None:
    recorded = record_telemetry()
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1):
        pass
    await recorded.telemetry.stop()
    assert recorded.span_names() == ["process desk.tickets"]
