"""The envelope of every event (CloudEvents 1.0) and how one event is derived from another.

Knows nothing of Kafka or JSON: `codec.py` does the wire, `catalogue.py` the list of types.
"""

import re
from datetime import datetime
from typing import ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from desk_contracts.digest import seed_of
from desk_contracts.ids import derive_id, identity


class Payload(BaseModel):
    """What an event says. Frozen and closed for writers; readers ignore fields they do not know.

    A subclass names its wire type and topic: `class TicketOpened(Payload, type=..., topic=...)`.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_timedelta="iso8601", defer_build=True
    )

    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[str] = ""

    def __init_subclass__(cls, *, type: str = "", topic: str = "") -> None:
        super().__init_subclass__()
        if not type:
            return
        if not _TYPE.fullmatch(type):
            raise TypeError(f"{cls.__name__}: '{type}' is not a type like desk.ticket.opened.v1")
        cls.TYPE, cls.TOPIC = type, topic

    def destination(self) -> str:
        """The topic this very payload goes to; only notifications have one per recipient."""
        return self.TOPIC


_TYPE = re.compile(r"desk(\.[a-z][a-z0-9-]*)+\.v[1-9][0-9]*")

P_co = TypeVar("P_co", bound=Payload, covariant=True)


class Event(NamedTuple, Generic[P_co]):
    """One fact. `subject` is the Kafka key; `time` is when it happened, not when it arrived.

    `sequence` numbers the events of a ticket without a gap from 1; other events have none.
    `seal` is what an event of a chain carries (`chain.py`), as text; others have none.
    `amended` names what an outsider sent and reading made fit: fields of the payload; `time`, if
    it is that of its arrival, `told_time` then being what the event itself said, if anything.
    A named tuple, since one is made for every record read and a frozen dataclass takes four
    times as long to make.
    """

    id: str
    source: str
    subject: str
    time: datetime
    data: P_co
    sequence: int | None = None
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""
    amended: tuple[str, ...] = ()
    told_time: str = ""
    seal: str = ""

    @property
    def identity(self) -> str:
        """What tells this event from every other: its id is only unique within its source."""
        return identity(self.source, self.id)

    @property
    def type(self) -> str:
        return self.data.TYPE

    @property
    def topic(self) -> str:
        return self.data.destination()


AnyEvent = Event[Payload]
P = TypeVar("P", bound=Payload)


def derive(  # noqa: PLR0913 (an event has this many independent parts)
    cause: AnyEvent,
    data: P,
    *,
    source: str,
    subject: str,
    rule: str,
    at: datetime,
    ordinal: int = 0,
    sequence: int | None = None,
) -> Event[P]:
    """The event that `rule` concludes from `cause`; replaying gives the same id again."""
    return Event(
        id=derive_id(seed_of(cause), rule, ordinal),
        source=source,
        subject=subject,
        time=at,
        data=data,
        sequence=sequence,
        correlation_id=cause.correlation_id or cause.id,
        causation_id=cause.id,
        traceparent=cause.traceparent,
    )


def number_event(event: Event[P], sequence: int) -> Event[P]:
    """The event with its place in its ticket's life."""
    return event._replace(sequence=sequence)
