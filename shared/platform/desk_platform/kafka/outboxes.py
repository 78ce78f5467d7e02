"""Puts outboxes on the bus; what cannot be sent stays in its own document and holds up no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic

from desk_contracts.errors import DependencyDown, DeskError

from desk_platform.kafka.producer import Publisher, Unpublished
from desk_platform.store import Stored
from desk_platform.store.document import S


@dataclass(slots=True)  # not frozen: it is filled document by document
class Sending(Generic[S]):
    """What became of some outboxes: those that are out, those that are not, and why.

    A document that is unsent has in its outbox only what is still to be sent; `reduced` are those
    of which something was sent. `away` is set if the bus itself is the reason.
    """

    whole: list[Stored[S]] = field(default_factory=list)
    unsent: list[tuple[Stored[S], DeskError]] = field(default_factory=list)
    reduced: list[Stored[S]] = field(default_factory=list)
    away: DependencyDown | None = None


async def send_outboxes(publisher: Publisher, documents: Sequence[Stored[S]]) -> Sending[S]:
    """Send each outbox in order; raises `DependencyDown` if nobody knows what arrived."""
    reasons: Mapping[int, DeskError] = {}
    try:
        await publisher.publish([message for document in documents for message in document.outbox])
    except Unpublished as error:
        reasons = error.reasons
    sending: Sending[S] = Sending()
    first = 0
    for document in documents:
        places = range(first, first + len(document.outbox))
        first = places.stop
        left = [place for place in places if place in reasons]
        if not left:
            document.outbox, document.waits_since = (), None
            sending.whole.append(document)
            continue
        if len(left) < len(places):
            document.outbox = tuple(document.outbox[place - places.start] for place in left)
            sending.reduced.append(document)
        errors = [reasons[place] for place in left]
        away = next((error for error in errors if isinstance(error, DependencyDown)), None)
        sending.away = sending.away or away
        sending.unsent.append((document, away or errors[0]))
    return sending
