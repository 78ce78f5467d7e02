"""The trace that a record belongs to.

An event says in `ce_traceparent` where its trace began, for ever. The plain header `traceparent` is
that of the way: it names the span that sent this very copy, and whoever reads it continues there.
"""

from collections.abc import Sequence

from desk_contracts.codec import Message
from opentelemetry.trace import Span

from desk_platform.kafka.records import Received
from desk_platform.telemetry import format_traceparent

HOP, ORIGIN = "traceparent", "ce_traceparent"


def find_traceparent(received: Received) -> str:
    """The span that sent the record, else the one in which its event began; empty if none."""
    # From the end, where our own publisher puts it.
    for name, text in reversed(received.raw.headers):
        if name == HOP and text:
            return text.decode("latin-1")
        if name == ORIGIN:
            break
    return received.event.traceparent


def give_trace(batch: Sequence[Received], span: Span) -> None:
    """Events of systems that know no traces are of the batch's, and so is what follows of them."""
    traceparent = ""
    for received in batch if span.is_recording() else ():
        if not received.event.traceparent:
            traceparent = traceparent or format_traceparent(span.get_span_context())
            received.event = received.event._replace(traceparent=traceparent)


def name_sender(message: Message, span: Span) -> Message:
    """The same message, but for who sent it: a copy that is sent again has another span."""
    kept = [header for header in message.headers if header[0] != HOP]
    kept.append((HOP, format_traceparent(span.get_span_context()).encode()))
    return Message(message.topic, message.key, message.value, tuple(kept))
