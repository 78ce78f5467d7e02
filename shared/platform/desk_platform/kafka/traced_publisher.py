"""A publisher that measures, and whose messages carry the span that sent them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from desk_contracts.codec import Message
from desk_contracts.errors import DeskError
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from desk_platform.kafka.producer import Publisher, Unpublished
from desk_platform.kafka.trace_context import ORIGIN, name_sender
from desk_platform.telemetry import (
    Telemetry,
    current_traceparent,
    describe_operation,
    find_cause,
    is_sampled,
    names,
    remote_context,
    trace_id_of,
)


class TracedPublisher:
    """Another publisher, with figures and with one span for each trace and topic of a call."""

    def __init__(self, publisher: Publisher, telemetry: Telemetry) -> None:
        self._publisher, self._telemetry = publisher, telemetry

    async def publish(self, messages: Sequence[Message]) -> None:
        """As the other one's; what raises is counted and stands in the spans."""
        if not messages:
            return
        with self._measure(messages):
            if not self._telemetry.is_tracing:
                await self._publisher.publish(messages)
                return
            with self._spans(messages) as traced:
                await self._publisher.publish(traced)

    @contextmanager
    def _measure(self, messages: Sequence[Message]) -> Iterator[None]:
        meters, began, error_type = self._telemetry.meters, perf_counter(), ""
        lost: set[int] = set()
        try:
            yield
        except Exception as error:
            error_type = _kind(error)
            lost = set(error.reasons) if isinstance(error, Unpublished) else {*range(len(messages))}
            raise
        finally:
            given = {names.SYSTEM: names.KAFKA, names.OPERATION_NAME: names.SEND}
            failed = {names.ERROR_TYPE: error_type} if error_type else {}
            meters.operation_duration.record(perf_counter() - began, given | failed)
            sent: Counter[tuple[str, bool]] = Counter()
            for place, message in enumerate(messages):
                sent[message.topic, place in lost] += 1
            for (topic, is_lost), count in sent.items():
                attributes = {**given, names.DESTINATION: topic}
                meters.sent_messages.add(count, attributes | (failed if is_lost else {}))

    @contextmanager
    def _spans(self, messages: Sequence[Message]) -> Iterator[list[Message]]:
        """The messages with the header of their way; those of traces nobody keeps as they are."""
        here, spans = current_traceparent(), dict[tuple[str, str], Span]()
        places: list[tuple[str, str] | None] = []
        for message in messages:
            given = dict(message.headers).get(ORIGIN, b"").decode("latin-1") or here or ""
            if is_sampled(given):
                key = (trace_id_of(given), message.topic)
                if key not in spans:
                    spans[key] = self._begin(given, here, message.topic)
                places.append(key)
            else:
                places.append(None)
        counts = Counter(places)
        try:
            yield [
                message if key is None else name_sender(message, spans[key])
                for message, key in zip(messages, places, strict=True)
            ]
        except Exception as error:
            for place in error.reasons if isinstance(error, Unpublished) else range(len(messages)):
                if (failed := places[place]) is not None:
                    spans[failed].set_attribute(names.ERROR_TYPE, _kind(error))
                    spans[failed].set_status(StatusCode.ERROR)
            raise
        finally:
            for key, span in spans.items():
                span.set_attribute(names.BATCH_COUNT, counts[key])
                span.end()

    def _begin(self, origin: str, here: str | None, topic: str) -> Span:
        """Below what runs here if that is of the same trace, else below what the trace came by."""
        trace_id = trace_id_of(origin)
        if here is not None and trace_id_of(here) == trace_id:
            context = trace.set_span_in_context(trace.get_current_span())
        else:
            context = remote_context(find_cause(trace_id) or origin)
        return self._telemetry.tracer.start_span(
            f"{names.SEND} {topic}",
            context,
            kind=SpanKind.PRODUCER,
            attributes=describe_operation(names.SEND, topic, {}),
        )


def _kind(error: Exception) -> str:
    return error.kind if isinstance(error, DeskError) else type(error).__qualname__
