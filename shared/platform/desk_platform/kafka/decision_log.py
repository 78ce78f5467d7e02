"""One line of the log for each decision that others hear of, to be found by any of its ids."""

from collections.abc import Sequence
from functools import cache

from desk_contracts import AnyEvent
from desk_contracts.topics import BY_NAME, is_private

from desk_platform.telemetry import get_logger, trace_id_of

log = get_logger()


def report_decision(projection: str, document: str, events: Sequence[AnyEvent]) -> None:
    """`decided`, with what follows of it, once it is safe in the store.

    What a service writes for itself alone is nobody's decision.
    """
    public = [event for event in events if not is_private(event.topic)]
    if not public:
        return
    first = public[0]
    log.info(
        "decided",
        projection=projection,
        document=document,
        events=[event.type for event in public],
        # Empty if it is about none.
        ticket=first.subject if _is_of_tickets(first.topic) else getattr(first.data, "ticket", ""),
        correlation_id=first.correlation_id,
        trace_id=trace_id_of(first.traceparent),
    )


@cache
def _is_of_tickets(topic: str) -> bool:
    return topic in BY_NAME and BY_NAME[topic].key == "ticket id"
