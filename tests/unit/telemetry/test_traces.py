"""Traces: today's names, one span per batch, context as text."""

import pytest
from desk_platform.settings import Environment, ServiceSettings
from desk_platform.telemetry import (
    current_traceparent,
    find_cause,
    format_traceparent,
    read_traceparent,
    remote_context,
    start,
)
from desk_platform.telemetry.traces import MAX_LINKS, trace_provider
from desk_platform.telemetry.unrecorded import UnrecordedTracer
from desk_testing.telemetry import record_telemetry
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanKind, StatusCode

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def sampled(number: int) -> str:
    return f"00-{number:032x}-{number:016x}-01"


@pytest.mark.parametrize("traceparent", [None, SAMPLED, UNSAMPLED])
def test_without_a_collector_spans_carry_on_what_the_sdk_would_and_record_nothing(
    traceparent: str | None,
) -> None:
    context = remote_context(traceparent)
    with UnrecordedTracer().start_as_current_span("GET", context) as span:
        ids = span.get_span_context()
        assert current_traceparent() == format_traceparent(ids)
        assert not span.is_recording()
        child = UnrecordedTracer().start_span("publish").get_span_context()
    assert ids.is_valid
    assert (child.trace_id, child.trace_flags) == (ids.trace_id, ids.trace_flags)
    assert child.span_id != ids.span_id
    parent = read_traceparent(traceparent)
    expected = trace_provider(Resource.create(), None, 1.0).get_tracer("sdk")
    by_sdk = expected.start_span("GET", context).get_span_context()
    assert (ids.trace_flags, ids.trace_state) == (by_sdk.trace_flags, by_sdk.trace_state)
    if parent is None:
        assert UnrecordedTracer().start_span("GET", context).get_span_context() != ids
    else:
        assert ids.trace_id == by_sdk.trace_id == parent.trace_id


def test_a_batch_has_one_process_span_with_the_current_names() -> None:
    recorded = record_telemetry()
    with recorded.telemetry.batch_span("desk.tickets", "triage", 3):
        pass
    [span] = recorded.spans()
    assert (span.name, span.kind) == ("process desk.tickets", SpanKind.CONSUMER)
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "desk.tickets",
        "messaging.consumer.group.name": "triage",
        "messaging.batch.message_count": 3,
    }
    assert span.parent is None


def test_a_batch_of_one_goes_on_with_its_cause() -> None:
    recorded = record_telemetry()
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1, [SAMPLED]):
        pass
    [span] = recorded.spans()
    assert span.parent is not None
    assert format_traceparent(span.parent) == SAMPLED
    assert not span.links


def test_a_batch_of_many_goes_on_with_the_first_and_links_the_others() -> None:
    recorded = record_telemetry()
    causes = [None, "", sampled(7), sampled(8), sampled(7), sampled(9)]
    with recorded.telemetry.batch_span("desk.tickets", "triage", 6, causes):
        pass
    [span] = recorded.spans()
    assert span.context is not None
    assert span.context.trace_id == 7
    assert [link.context.trace_id for link in span.links] == [8, 9]


def test_a_batch_is_kept_when_any_of_its_causes_is() -> None:
    recorded = record_telemetry(sampler=ParentBased(ALWAYS_OFF))
    with recorded.telemetry.batch_span("desk.tickets", "triage", 2, [UNSAMPLED, sampled(7)]):
        pass
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1, [UNSAMPLED]):
        assert (current_traceparent() or "").split("-")[1] == UNSAMPLED.split("-")[1]
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1):
        pass
    [span] = recorded.spans()
    assert span.context is not None
    assert span.context.trace_id == 7


def test_what_a_batch_was_caused_by_is_known_inside_only() -> None:
    recorded = record_telemetry()
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1, [SAMPLED, UNSAMPLED]):
        assert find_cause(SAMPLED.split("-")[1]) == SAMPLED
    assert find_cause(SAMPLED.split("-")[1]) is None


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


def test_links_are_128_at_most_and_rubbish_is_none() -> None:
    recorded = record_telemetry()
    many = [sampled(n) for n in range(1, 300)]
    with recorded.telemetry.batch_span("desk.tickets", "triage", 300, ["rubbish-1", *many]):
        pass
    [span] = recorded.spans()
    assert len(span.links) == MAX_LINKS == 128


def test_the_trace_goes_on_through_text() -> None:
    recorded = record_telemetry()
    assert current_traceparent() is None
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1) as first:
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
    recorded = record_telemetry()
    with recorded.telemetry.batch_span("desk.tickets", "triage", 1, [UNSAMPLED]):
        carried = current_traceparent()
    assert recorded.spans() == ()
    assert carried is not None
    assert carried.split("-")[1] == UNSAMPLED.split("-")[1]
    assert carried.endswith("-00")


async def test_without_an_endpoint_ids_are_made_and_nothing_is_recorded() -> None:
    telemetry = start("intake", ServiceSettings(environment=Environment.LOCAL))
    with telemetry.batch_span("desk.tickets", "triage", 1) as span:
        assert span.get_span_context().is_valid
        assert not span.is_recording()
    await telemetry.stop()
