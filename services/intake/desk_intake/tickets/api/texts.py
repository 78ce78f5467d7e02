"""Tickets by what is said in them, as far as the reader may know it, in this replica's index."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from desk_contracts.errors import Invalid, Transient
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_platform.http import Page
from desk_platform.http.language import sentence, spoken_catalogue
from desk_platform.similar import (
    Audience,
    IndexReader,
    TextIndex,
    TextQuery,
    place_in_time,
    read_query,
)
from desk_platform.store import Documents, Listed, readable
from desk_platform.store.pages import After
from fastapi import Depends, Query

from desk_intake.tickets.answers import TicketSummary
from desk_intake.tickets.lifecycle import Actor, sees_internal
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.store import SearchedTicket


class SearchNote(Frozen):
    """What was searched, and whether all of it was there."""

    is_complete: bool
    """False while the index is behind the log of tickets: there may be more."""
    text: str
    """The same for people, with what is not searched."""


class TicketPage(Page[TicketSummary]):
    """A page of tickets."""

    search: SearchNote | None = None
    """Only where a text was asked for."""


@dataclass(frozen=True, slots=True)
class TicketTexts:
    """The index, and who says whether it is complete."""

    index: TextIndex[SearchedTicket]
    reader: IndexReader[SearchedTicket]


def read_text(
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            description="Every word stands in the title, the description, a comment or the name of"
            " a file, as far as the caller may read them (or it is the ticket's code): also another"
            " form of it, its beginning, or with one slip of the finger.",
        ),
    ] = None,
) -> TextQuery | None:
    """The text as callers give it."""
    if q is None:
        return None
    if (query := read_query(q, spoken_catalogue().language)) is None:
        raise Invalid(message("refused.no-word-to-search"), code="no-word-to-search")
    return query


TextAsked = Annotated[TextQuery | None, Depends(read_text)]


@dataclass(frozen=True, slots=True)
class TextSearch:
    """One caller's search. Rights are looked at on the tickets of the store, as for every list."""

    texts: TicketTexts
    query: TextQuery
    actor: Actor

    def note(self) -> SearchNote:
        """What was searched; to be asked before the search, since the reader goes on."""
        if self.texts.reader.is_complete:
            return SearchNote(is_complete=True, text=sentence(message("tickets.searched")))
        return SearchNote(is_complete=False, text=sentence(message("tickets.searched-behind")))

    def check(self) -> None:
        """`Transient` until there is an index."""
        if not self.texts.reader.is_open:
            raise Transient(message("refused.no-index-yet"), code="no-index-yet", retry_after=5.0)

    async def find(
        self, tickets: Documents[Ticket], requester: str | None, after: After | None, limit: int
    ) -> list[Listed[Ticket]]:
        """So many that have the text, the newest first, as the store has them now."""
        tags = [f"of:{requester}"] if requester else []
        place = None if after is None else (cast(int, after[0]), after[1])
        having = await self.texts.index.list_having(
            self.query, tags, audience=self._audience, after=place, most=limit
        )
        stored, _ = await readable(tickets, [item.id for item, _ in having[:limit]])
        states = {
            item.id: stored[item.id].state
            for item, audience in having
            if item.id in stored and self.may_tell(stored[item.id].state, audience)
        }
        return [
            Listed(item.id, place_in_time(item.at), states.get(item.id))
            for item, _ in having[:limit]
        ]

    async def choose(self, ids: Collection[str]) -> Mapping[str, Audience]:
        """Those of these tickets that have the text, and who may be told so."""
        having = await self.texts.index.list_having(
            self.query, audience=self._audience, ids=ids, most=len(ids) + 1
        )
        return {item.id: audience for item, audience in having}

    def may_tell(self, ticket: Ticket | None, audience: Audience) -> bool:
        """Whether this reader may know that the ticket, as it is now, has the text."""
        return audience is Audience.ALL or (
            ticket is not None and sees_internal(ticket, self.actor)
        )

    @property
    def _audience(self) -> Audience:
        return Audience.STAFF if self.actor.is_staff else Audience.ALL
