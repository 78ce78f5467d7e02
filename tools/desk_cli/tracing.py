"""A ticket's way over all topics, from events in any order. Pure: topics are read elsewhere."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from desk_contracts import AnyEvent


class Hop(NamedTuple):
    """One event on the way, and how long after its cause it happened.

    `cause` is None where nothing that is kept is named as its cause; `delay` is then unknown.
    """

    event: AnyEvent
    cause: AnyEvent | None
    delay: timedelta | None


class TicketTrail:
    """Gathers what concerns one ticket: its own events, and those that name it or its cause."""

    def __init__(self, ticket: str, correlations: Iterable[str] = ()) -> None:
        self._ticket = ticket
        self._correlations = set(filter(None, correlations))
        self._events: dict[str, AnyEvent] = {}

    def add(self, event: AnyEvent) -> None:
        """One event of any topic; repeats of one count once."""
        is_meant = (
            event.subject == self._ticket
            or event.correlation_id in self._correlations
            or event.id in self._correlations
            or self._ticket in event.data.model_dump_json()
        )
        if is_meant:
            self._events.setdefault(event.identity, event)

    def hops(self) -> list[Hop]:
        """By time; at one moment, a cause before what it caused."""
        by_id = {event.id: event for event in self._events.values()}
        hops = []
        for event in sorted(
            self._events.values(), key=lambda item: (item.time, item.causation_id in by_id)
        ):
            cause = by_id.get(event.causation_id)
            hops.append(Hop(event, cause, event.time - cause.time if cause else None))
        return hops
