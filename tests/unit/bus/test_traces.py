"""What belongs to one trace stays in it over the bus, whatever shares its batch."""

import asyncio
import json
from io import StringIO

import pytest
from desk_contracts import Message
from desk_contracts.errors import DependencyDown, Invalid
from desk_kernel import Context, Decision
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.decision_log import report_decision
from desk_platform.kafka.producer import Unpublished
from desk_platform.kafka.records import Received, is_same
from desk_platform.kafka.trace_context import find_traceparent, give_trace
from desk_platform.kafka.traced_publisher import TracedPublisher
from desk_platform.telemetry import configure_logs, current_traceparent, names
from desk_testing.fakes import FakePublisher
from desk_testing.telemetry import RecordedTelemetry, record_telemetry
from opentelemetry.trace import SpanKind

from tests.support.bus_desk import CODEC, Desk, Record, Story, noted


def sampled(trace: int, span: int = 99) -> str:
    return f"00-{trace:032x}-{span:016x}-01"


def message(number: int, traceparent: str = "") -> Message:
    return CODEC.encode(noted(f"t{number}", 1)._replace(traceparent=traceparent))


def sent(publisher: FakePublisher) -> list[str]:
    """The header of its way, of each message."""
    return [
        dict(message.headers).get("traceparent", b"").decode() for message in publisher.messages
    ]


@pytest.fixture
def recorded() -> RecordedTelemetry:
    return record_telemetry()


@pytest.fixture
def bus() -> FakePublisher:
    return FakePublisher()


async def test_a_message_names_the_span_that_sent_it_and_where_it_began(
    recorded: RecordedTelemetry, bus: FakePublisher
) -> None:
    await TracedPublisher(bus, recorded.telemetry).publish([message(1, sampled(7))])
    [span] = recorded.spans()
    assert (span.name, span.kind) == ("send desk.tickets", SpanKind.PRODUCER)
    assert span.parent is not None
    assert (span.parent.trace_id, span.parent.span_id) == (7, 99)
    assert sent(bus) == [sampled(7, 1)]
    assert dict(bus.messages[0].headers)["ce_traceparent"].decode() == sampled(7)


async def test_each_trace_of_a_call_has_one_span_and_each_message_its_own_traces(
    recorded: RecordedTelemetry, bus: FakePublisher
) -> None:
    given = [message(1, sampled(7)), message(2, sampled(8)), message(3, sampled(7)), message(4)]
    await TracedPublisher(bus, recorded.telemetry).publish(given)
    assert [header[:35] for header in sent(bus)] == [
        sampled(7)[:35], sampled(8)[:35], sampled(7)[:35], "",
    ]  # fmt: skip
    counts = [(span.attributes or {})[names.BATCH_COUNT] for span in recorded.spans()]
    assert counts == [2, 1]


async def test_in_a_batch_of_many_each_goes_on_from_what_it_came_by(
    recorded: RecordedTelemetry, bus: FakePublisher
) -> None:
    publisher = TracedPublisher(bus, recorded.telemetry)
    with recorded.telemetry.batch_span("desk.tickets", "g", 2, [sampled(7, 70), sampled(8, 80)]):
        await publisher.publish([message(1, sampled(7)), message(2, sampled(8))])
    first, second, process = recorded.spans()
    assert first.parent is not None
    assert process.context is not None
    assert first.parent.span_id == process.context.span_id
    assert second.parent is not None
    assert (second.parent.trace_id, second.parent.span_id) == (8, 80)


async def test_what_nobody_keeps_is_sent_as_it_is(
    recorded: RecordedTelemetry, bus: FakePublisher
) -> None:
    given = [message(1, sampled(7)[:-1] + "0"), message(2)]
    await TracedPublisher(bus, recorded.telemetry).publish(given)
    assert bus.messages == given
    assert recorded.spans() == ()


async def test_messages_are_counted_by_topic_and_lost_ones_by_their_reason(
    recorded: RecordedTelemetry, bus: FakePublisher
) -> None:
    publisher = TracedPublisher(bus, recorded.telemetry)
    bus.refused = lambda item: Invalid("no", code="too-large") if item.key == b"t2" else None
    given = [message(1, sampled(7)), message(2, sampled(8))]
    with pytest.raises(Unpublished):
        await publisher.publish(given)
    count = recorded.value(names.SENT_MESSAGES, messaging__destination__name="desk.tickets")
    assert count == 2
    assert recorded.value(names.SENT_MESSAGES, error__type="too-large") == 1
    assert recorded.value(names.OPERATION_DURATION, messaging__operation__name="send") == 1
    outcomes = [(span.attributes or {}).get(names.ERROR_TYPE) for span in recorded.spans()]
    assert outcomes == [None, "too-large"]


async def test_with_the_bus_away_every_message_is_lost(
    recorded: RecordedTelemetry, bus: FakePublisher
) -> None:
    bus.is_down = True
    with pytest.raises(DependencyDown):
        await TracedPublisher(bus, recorded.telemetry).publish([message(1, sampled(7)), message(2)])
    assert recorded.value(names.SENT_MESSAGES, error__type="dependency-down") == 2


def record(*headers: tuple[str, bytes], traceparent: str = "") -> Received:
    event = noted("t", 1)._replace(traceparent=traceparent)
    return Received(event, Record(b"t", b"{}", headers))


def test_a_record_is_of_the_span_that_sent_it_else_of_where_its_event_began() -> None:
    own = ("traceparent", sampled(7, 2).encode())
    began = ("ce_traceparent", sampled(7).encode())
    assert find_traceparent(record(began, own, traceparent=sampled(7))) == sampled(7, 2)
    assert find_traceparent(record(began, traceparent=sampled(7))) == sampled(7)
    assert find_traceparent(record(own)) == sampled(7, 2)
    assert find_traceparent(record()) == ""


def test_what_follows_of_events_without_a_trace_is_of_their_batch(
    recorded: RecordedTelemetry,
) -> None:
    batch = [record(), record(traceparent=sampled(7))]
    with recorded.telemetry.batch_span("desk.telemetry", "triage", 2) as span:
        give_trace(batch, span)
        assert batch[0].event.traceparent == current_traceparent()
    assert batch[1].event.traceparent == sampled(7)


def test_two_copies_sent_by_two_spans_are_one_event() -> None:
    first = message(1, sampled(7))
    again = Message(
        first.topic, first.key, first.value, (*first.headers, ("traceparent", b"another"))
    )
    assert is_same(first, again)


async def test_who_asks_alone_finds_the_write_in_their_trace_and_many_share_none(
    recorded: RecordedTelemetry,
) -> None:
    seen: list[str | None] = []
    desk = Desk(ordered=False)
    write = desk.documents.write

    async def watched(documents: object) -> frozenset[str]:
        seen.append(current_traceparent())
        return await write(documents)  # type: ignore[arg-type]

    desk.documents.write = watched  # type: ignore[method-assign]

    def rule(_state: Story | None, _context: Context) -> Decision[Story]:
        return Decision(Story())

    commands = CommandQueue(desk.unit_of_work)
    with recorded.telemetry.tracer.start_as_current_span("request"):
        mine = current_traceparent()
        await commands.change("a", rule)
        await asyncio.gather(commands.change("b", rule), commands.change("c", rule))
    assert seen == [mine, None]


async def test_a_decision_is_one_line_with_the_ids_that_people_search_by() -> None:
    out = StringIO()
    configure_logs("triage", "INFO", out)
    desk = Desk()
    event = noted("t", 1)._replace(correlation_id="c-1", traceparent=sampled(7))
    report_decision("stories", "doc", [event])
    [line] = map(json.loads, out.getvalue().splitlines())
    assert line["message"] == "decided"
    assert (line["ticket"], line["correlation_id"]) == ("t", "c-1")
    assert line["trace_id"] == f"{7:032x}"
    assert line["events"] == ["desk.ticket.commented.v1"]
    assert desk.publisher.messages == []
