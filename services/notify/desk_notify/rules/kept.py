"""What is told later: where it came from is kept, and put back when it is told."""

from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from desk_contracts.envelope import AnyEvent, Event, Payload

from desk_notify.rules.context import RenderContext
from desk_notify.rules.model import DeferredNotice


class Origin(TypedDict):
    """An event without what it says."""

    id: str
    source: str
    time: datetime
    correlation_id: str
    traceparent: str


def origin_of(cause: AnyEvent) -> Origin:
    """All of an event that what follows from it needs."""
    return {
        "id": cause.id,
        "source": cause.source,
        "time": cause.time,
        "correlation_id": cause.correlation_id,
        "traceparent": cause.traceparent,
    }


def put_back(context: RenderContext, kept: DeferredNotice, data: Payload) -> RenderContext:
    """The ticket as it is, when what was kept happened."""
    cause = Event(
        id=kept.id,
        source=kept.source,
        subject=context.cause.subject,
        time=kept.time,
        data=data,
        correlation_id=kept.correlation_id,
        traceparent=kept.traceparent,
    )
    return replace(context, cause=cause)
