"""Tickets by what they say: the words of titles and descriptions, in the index of this replica."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, cast

from desk_contracts.errors import Invalid, Transient
from desk_contracts.events.tickets import Kind
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_platform.http import Page
from desk_platform.http.language import sentence, spoken_catalogue
from desk_platform.similar import (
    IndexedTicket,
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

    index: TextIndex[IndexedTicket]
    reader: IndexReader[IndexedTicket]


def read_text(
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            description="Every word stands in the title or the description (or it is the ticket's"
            " code): also another form of it, its beginning, or with one slip of the finger.",
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
        having = await self.texts.index.list_having(self.query, tags, after=place, most=limit)
        stored, _ = await readable(tickets, [item.id for item in having[:limit]])
        states = {id: item.state for id, item in stored.items()}
        return [
            Listed(item.id, place_in_time(item.at), states.get(item.id)) for item in having[:limit]
        ]

    async def choose(self, ids: Collection[str]) -> frozenset[str]:
        """Those of these tickets that have the text."""
        having = await self.texts.index.list_having(self.query, ids=ids, most=len(ids) + 1)
        return frozenset(item.id for item in having)

    def may_say(self, ticket: Ticket) -> bool:
        """Whether this reader may be told that the ticket has the text.

        Of what repairs report, the person concerned reads the title only, so nothing else counts.
        """
        if ticket.kind is not Kind.PROACTIVE or sees_internal(ticket, self.actor):
            return True
        title = read_query(ticket.title, ticket.language)
        return title is not None and set(self.query.words) <= set(title.words)
