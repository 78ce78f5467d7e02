"""The HTTP side of similar tickets: for members, what is open alike and how the like was solved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated

from desk_contracts.errors import NotFound, Transient
from desk_contracts.events.tickets import How, Kind, State
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, message
from desk_kernel.sight import Sight
from desk_platform.http import Principal, Role, require, sight
from desk_platform.http.language import Statement, sentence, statements
from desk_platform.http.tickets import ticket_asked
from desk_platform.similar import (
    Hit,
    IndexedTicket,
    IndexReader,
    TextIndex,
    find_similar,
)
from fastapi import APIRouter, Depends, Query, Request

from desk_triage.similar.store import VectorIndex

_STAFF = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)
MOST = 20


class SimilarView(Frozen):
    """A ticket that says something alike."""

    ticket: str
    code: str
    kind: Kind
    title: str
    service: str
    team: str
    state: State
    opened_at: datetime
    likeness: float
    """From 0 to 1; 1 is the same text."""
    reasons: tuple[Statement, ...]
    """Why: the words that both have, the rarest first, or that an encoder takes it for alike;
    whether person and service are the same."""


class SolvedView(SimilarView):
    """One that was solved, and how."""

    resolution: str
    """What was said to solve it."""
    how: How | None
    cause: str
    """What staff found, for staff; empty for a ticket of the caller's own."""
    resolved_at: datetime | None


class SimilarTicketsView(Frozen):
    """What is like a ticket, the likest first."""

    ticket: str
    code: str
    is_complete: bool
    """False while tickets are still being read after a start: there may be more."""
    open: tuple[SimilarView, ...]
    solved: tuple[SolvedView, ...]


@dataclass(frozen=True, slots=True)
class SimilarReads:
    """What the route reads."""

    index: TextIndex[IndexedTicket]
    reader: IndexReader[IndexedTicket]
    vectors: VectorIndex | None = None
    """Of an encoder, if there is one."""


def similar_router(reads: SimilarReads) -> APIRouter:
    """The route about similar tickets."""
    router = APIRouter(prefix="/v1")

    @router.get("/tickets/{ticket}/similar")
    async def list_similar(
        request: Request,
        ticket: str,
        principal: Annotated[Principal, Depends(_STAFF)],
        limit: Annotated[
            int, Query(ge=1, le=MOST, description="How many open and how many solved at most.")
        ] = 5,
    ) -> SimilarTicketsView:
        """Tickets that say something like this one: open ones, and solved ones with how."""
        reference, seen = ticket_asked(ticket), sight(request, principal)
        query = await _find(reads, reference, seen)

        def may_show(other: IndexedTicket) -> bool:
            return other.id != query.id and not seen.hides(other.service, other.team)

        near = partial(reads.vectors.list_near, query.id) if reads.vectors else None
        similar = await find_similar(reads.index, query.texts[0], may_show, limit, near)
        return SimilarTicketsView(
            ticket=query.id,
            code=query.code,
            is_complete=reads.reader.is_complete,
            open=tuple(_view(query, item) for item in similar.open),
            solved=tuple(
                _view_solved(query, item, seen, principal.subject) for item in similar.solved
            ),
        )

    return router


async def _find(reads: SimilarReads, reference: str, seen: Sight) -> IndexedTicket:
    query = await reads.index.find(reference) if reads.reader.is_open else None
    if query is not None and not seen.hides(query.service, query.team):
        return query
    if query is None and not reads.reader.is_complete:
        raise Transient(message("similar.still-reading"), code="still-reading")
    raise NotFound(message("similar.no-such-ticket", ticket=reference), ticket=reference)


def _view(query: IndexedTicket, item: Hit[IndexedTicket]) -> SimilarView:
    ticket, likeness = item.item, item.likeness
    return SimilarView(
        ticket=ticket.id,
        code=ticket.code,
        kind=ticket.kind,
        title=ticket.title,
        service=ticket.service,
        team=ticket.team,
        state=ticket.state,
        opened_at=ticket.opened_at,
        likeness=round(likeness.score, 3),
        reasons=statements(_explain(query, item)),
    )


def _view_solved(
    query: IndexedTicket, item: Hit[IndexedTicket], seen: Sight, person: str
) -> SolvedView:
    ticket = item.item
    shows_cause = seen.shows_internal(
        person, requester=ticket.requester, service=ticket.service, team=ticket.team
    )
    return SolvedView(
        **dict(_view(query, item)),
        resolution=sentence(ticket.resolution) if ticket.resolution else "",
        how=ticket.how,
        cause=ticket.cause if shows_cause else "",
        resolved_at=ticket.resolved_at,
    )


def _explain(query: IndexedTicket, item: Hit[IndexedTicket]) -> Iterator[Message]:
    ticket, likeness = item.item, item.likeness
    if item.is_near:
        yield message("similar.alike-meaning")
    if likeness.shared:
        yield message("similar.shared-words", words=likeness.shared)
    elif not item.is_near:
        yield message("similar.alike-letters")
    if query.requester == ticket.requester:
        yield message("similar.same-person")
    if query.service and query.service == ticket.service:
        yield message("similar.same-service", service=ticket.service)
