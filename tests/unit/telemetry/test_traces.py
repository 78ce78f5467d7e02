"""Traces: today's names, one span per batch, context as text."""

import pytest
from desk_platform.settings import Environment, ServiceSettings
from desk_platform.telemetry import (
    current_traceparent,
    format_traceparent,
    names,
    read_traceparent,
    remote_context,
    start,
)
from desk_platform.telemetry.traces import MAX_LINKS, links_to
from desk_testing.telemetry import record_telemetry
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanKind, StatusCode

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def sampled(number: int) -> str:
    return f"00-{number:032x}-{number:016x}-01"


def test_a_batch_has_one_process_span_with_the_current_names() -> None:
    recorded = record_telemetry()
    with recorded.telemetry.batch_span("desk.tickets", "triage", 3, [SAMPLED], partition=2):
        pass
    [span] = recorded.spans()
    assert (span.name, span.kind) == ("process desk.tickets", SpanKind.CONSUMER)
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "desk.tickets",
        "messaging.destination.partition.id": "2",
        "messaging.consumer.group.name": "triage",
        "messaging.batch.message_count": 3,
    }
    assert [format_traceparent(link.context) for link in span.links] == [SAMPLED]


@pytest.mark.parametrize(
    ("operation", "kind", "type_"),
    [
        (names.SEND, SpanKind.PRODUCER, "send"),
        (names.POLL, SpanKind.CLIENT, "receive"),
        (names.COMMIT, SpanKind.CLIENT, "settle"),
    ],
)
def test_the_other_operations_have_their_kind_and_type(
    operation: str, kind: SpanKind, type_: str
) -> None:
    recorded = record_telemetry()
    with recorded.telemetry.span(operation, "desk.tickets", {}):
        pass
    [span] = recorded.spans()
    assert (span.name, span.kind) == (f"{operation} desk.tickets", kind)
    assert (span.attributes or {})["messaging.operation.type"] == type_


def test_a_failing_batch_says_so_on_its_span() -> None:
    recorded = record_telemetry()
    with (
        pytest.raises(KeyError),
        recorded.telemetry.batch_span("desk.tickets", "triage", 1),
    ):
        raise KeyError("x")
    [span] = recorded.spans()
    assert (span.attributes or {})["error.type"] == "KeyError"
    assert span.status.status_code is StatusCode.ERROR


def test_links_are_sampled_ones_only_each_once_and_128_at_most() -> None:
    many = [sampled(n) for n in range(1, 300)]
    assert len(links_to([UNSAMPLED, None, "", "rubbish-1", SAMPLED, SAMPLED])) == 1
    assert len(links_to(many)) == MAX_LINKS == 128


def test_the_trace_goes_on_through_text() -> None:
    recorded = record_telemetry()
    assert current_traceparent() is None
    with recorded.telemetry.send_span("desk.tickets", 1) as first:
        carried = current_traceparent()
    assert carried == format_traceparent(first.get_span_context()) == sampled(1)
    context = remote_context(carried)
    span = recorded.telemetry.tracer.start_span("next", context=context)
    assert span.get_span_context().trace_id == first.get_span_context().trace_id


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "rubbish",
        SAMPLED.upper(),
        SAMPLED + "-more",
        "ff" + SAMPLED[2:],
        f"00-{0:032x}-{1:016x}-01",
        f"00-{1:032x}-{0:016x}-01",
        SAMPLED + "\n",
    ],
)
def test_a_malformed_traceparent_starts_a_new_trace(text: str | None) -> None:
    assert read_traceparent(text) is None
    assert not trace.get_current_span(remote_context(text)).get_span_context().is_valid


def test_a_later_version_of_the_header_is_read_as_far_as_known() -> None:
    assert read_traceparent("01" + SAMPLED[2:] + "-more") is not None


def test_unsampled_parents_record_nothing_but_carry_the_trace() -> None:
    recorded = record_telemetry(sampler=ParentBased(ALWAYS_OFF))
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1, [SAMPLED]):
        carried = current_traceparent()
    assert recorded.spans() == ()
    assert carried is not None
    assert carried.endswith("-00")


async def test_without_an_endpoint_ids_are_made_and_nothing_is_recorded() -> None:
    telemetry = start("intake", ServiceSettings(environment=Environment.LOCAL))
    with telemetry.batch_span("desk.tickets", "triage", 1) as span:
        assert span.get_span_context().is_valid
        assert not span.is_recording()
    await telemetry.stop()
