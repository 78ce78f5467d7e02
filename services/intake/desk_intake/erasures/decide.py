"""From a person and their tickets to the events by which every service erases. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import NamedTuple

from desk_contracts import Event
from desk_contracts.errors import Invalid, Rejected
from desk_contracts.events.erasures import ErasureRequested
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.redaction import Erasure, Redactor, hash_person, name_pseudonym
from desk_kernel import Decision

from desk_intake.erasures.model import ErasureRequest
from desk_intake.tickets.record import SOURCE

# An event stays under 64 KiB; an id takes 39 bytes, and there are two lists of them.
TICKETS_EACH = 700
# Who asks where a rule does.
DESK = "desk"
# So many open tickets are named; the sentence says how many there are.
_MOST_NAMED = 20


def check_closed(codes: Sequence[str]) -> None:
    """`Rejected` with the codes of tickets that are still open."""
    if codes:
        named = list(codes[:_MOST_NAMED])
        raise Rejected(
            message("refused.erase-with-open-tickets", tickets=named, count=len(codes)),
            code="tickets-open",
            tickets=named,
        )


def check_reason(key: bytes, person: str, reason: str) -> None:
    """`Invalid` if the reason, which is kept for ever, names the person."""
    erasure = Erasure("check", datetime.max.replace(tzinfo=UTC), hash_person(key, person), "x")
    if Redactor(key, [erasure]).mask(reason) != reason:
        raise Invalid(message("refused.reason-names-person"), code="reason-names-person")


class PersonTickets(NamedTuple):
    """Where a person stands in tickets: theirs, those of them that are open, others' they wrote in.

    Ids, codes, ids.
    """

    own: Sequence[str] = ()
    still_open: Sequence[str] = ()
    quoting: Sequence[str] = ()


def request_erasure(  # noqa: PLR0913 (an event has these independent parts)
    id: str, key: bytes, person: str, tickets: PersonTickets, *, by: str, reason: str, at: datetime
) -> tuple[str, tuple[Event[ErasureRequested], ...]]:
    """What stands for the person from now on, and the events that say so."""
    digest = hash_person(key, person)
    pseudonym = name_pseudonym(key, digest, id)
    parts = zip_longest(split(tickets.own), split(tickets.quoting), fillvalue=())
    return pseudonym, tuple(
        _make_event(
            id if number == 0 else f"{id}/{number}",  # desk-skip: mutate no number is below 0
            ErasureRequested(
                person_hash=digest,
                pseudonym=pseudonym,
                tickets=own,
                quoting=quoting,
                by=by,
                reason=reason,
            ),
            at,
        )
        for number, (own, quoting) in enumerate(parts)
    )


def expire_texts(
    id: str, rule: str, tickets: Sequence[str], at: datetime
) -> Decision[ErasureRequest]:
    """What people wrote in old tickets goes, by a rule of the charter; who they are stays."""
    data = ErasureRequested(tickets=tuple(tickets), by=DESK, reason=rule)
    request = ErasureRequest(
        id=id, fingerprint="", at=at, pseudonym="", tickets=len(tickets), by=DESK, reason=rule
    )
    return Decision(request, (_make_event(id, data, at),))


def split(tickets: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """As many as one event takes; once nothing, where there are none."""
    for first in range(0, max(1, len(tickets)), TICKETS_EACH):
        yield tuple(tickets[first : first + TICKETS_EACH])


def _make_event(id: str, data: ErasureRequested, at: datetime) -> Event[ErasureRequested]:
    return Event(
        id=derive_id(id, "erasure-requested"),
        source=SOURCE,
        subject=id,
        time=at,
        data=data,
        correlation_id=id,
    )
