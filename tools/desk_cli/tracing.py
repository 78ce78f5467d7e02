"""A ticket's way over all topics, from events in any order. Pure: topics are read elsewhere."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from desk_contracts import AnyEvent


class Hop(NamedTuple):
    """One event on the way, when it stood in its topic, and how long after its cause that was.

    An event that follows from another has the time of its cause; when its topic had it is the
    record's own time. `cause` is None where nothing that is kept is named as its cause; `delay` is
    then unknown.
    """

    event: AnyEvent
    written: datetime
    cause: AnyEvent | None
    delay: timedelta | None

    @property
    def delay_text(self) -> str:
        """For people: how long after what."""
        if self.delay is None or self.cause is None:
            return "-"
        name = self.cause.type.removeprefix("desk.").rpartition(".v")[0]
        return f"{self.delay.total_seconds():+.3f} s, {name}"


class TicketTrail:
    """Gathers what concerns one ticket: its own events, and those that name it or its cause."""

    def __init__(self, ticket: str, correlations: Iterable[str] = ()) -> None:
        self._ticket = ticket
        self._correlations = set(filter(None, correlations))
        self._events: dict[str, tuple[datetime, AnyEvent]] = {}

    def add(self, event: AnyEvent, written: datetime) -> None:
        """One event of any topic, and when its topic had it; a repeat counts as the first did."""
        is_meant = (
            event.subject == self._ticket
            or event.correlation_id in self._correlations
            or event.id in self._correlations
            or self._ticket in event.data.model_dump_json()
        )
        if is_meant:
            before, _ = self._events.get(event.identity, (written, event))
            self._events[event.identity] = min(before, written), event

    def hops(self) -> list[Hop]:
        """By the time they were written; at one moment, a cause before what it caused."""
        by_id = {event.id: (written, event) for written, event in self._events.values()}
        hops = []
        for written, event in sorted(
            self._events.values(), key=lambda item: (item[0], item[1].causation_id in by_id)
        ):
            since, cause = by_id.get(event.causation_id, (written, None))
            hops.append(Hop(event, written, cause, written - since if cause else None))
        return hops
