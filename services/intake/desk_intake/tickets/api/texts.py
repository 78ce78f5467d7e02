"""Tickets by what is said in them and by who watches them, in this replica's index.

Nothing is told but what the reader may know.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple, cast

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
from desk_intake.tickets.store import SearchedTicket, tag_watcher


class SearchNote(Frozen):
    """What was searched, and whether all of it was there."""

    is_complete: bool
    """False while the index is behind the log of tickets: there may be more."""
    text: str
    """The same for people, with what is not searched."""


class TicketPage(Page[TicketSummary]):
    """A page of tickets."""

    search: SearchNote | None = None
    """Only where a text, or what the caller watches, was asked for."""


@dataclass(frozen=True, slots=True)
class TicketTexts:
    """The index, and who says whether it is complete."""

    index: TextIndex[SearchedTicket]
    reader: IndexReader[SearchedTicket]


class WantedSearch(NamedTuple):
    """A text that is looked for, and whether only what the caller watches is."""

    text: TextQuery | None
    is_watching: bool


def read_search(
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
    watching: Annotated[
        Literal["me"] | None,
        Query(description="`me`: only what the caller watches, whoever asked for it."),
    ] = None,
) -> WantedSearch | None:
    """What callers look for; None if all of a list is meant."""
    text = None if q is None else read_query(q, spoken_catalogue().language)
    if text is None and q is not None:
        raise Invalid(message("refused.no-word-to-search"), code="no-word-to-search")
    return WantedSearch(text, watching is not None) if text or watching else None


AskedSearch = Annotated[WantedSearch | None, Depends(read_search)]


@dataclass(frozen=True, slots=True)
class TextSearch:
    """One caller's search: for a text, for what they watch, or for both.

    Rights are looked at on the tickets of the store, as for every list.
    """

    texts: TicketTexts
    wanted: WantedSearch
    actor: Actor

    @property
    def name(self) -> str:
        """By which its cursors are known: what one person watches is another's list."""
        return f"{self.wanted.text or ''} {self._tags}"

    def shows(self, ticket: Ticket) -> bool:
        """Whether the ticket is still one of those, as it is in the store now."""
        return not self.wanted.is_watching or self.actor.id in ticket.watchers

    def note(self) -> SearchNote:
        """What was searched; to be asked before the search, since the reader goes on."""
        if self.wanted.text is None:
            whole, behind = message("tickets.watched"), message("tickets.watched-behind")
        else:
            whole, behind = message("tickets.searched"), message("tickets.searched-behind")
        is_complete = self.texts.reader.is_complete
        return SearchNote(is_complete=is_complete, text=sentence(whole if is_complete else behind))

    def check(self) -> None:
        """`Transient` until there is an index."""
        if not self.texts.reader.is_open:
            raise Transient(message("refused.no-index-yet"), code="no-index-yet", retry_after=5.0)

    async def find(
        self, tickets: Documents[Ticket], requester: str | None, after: After | None, limit: int
    ) -> list[Listed[Ticket]]:
        """So many that have the text, the newest first, as the store has them now."""
        tags = [*self._tags, *([f"of:{requester}"] if requester else ())]
        place = None if after is None else (cast(int, after[0]), after[1])
        having = await self.texts.index.list_having(
            self.wanted.text, tags, audience=self._audience, after=place, most=limit
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
        """Those of these tickets that are searched for, and who may be told so."""
        having = await self.texts.index.list_having(
            self.wanted.text, self._tags, audience=self._audience, ids=ids, most=len(ids) + 1
        )
        return {item.id: audience for item, audience in having}

    def may_tell(self, ticket: Ticket | None, audience: Audience) -> bool:
        """Whether this reader may know that the ticket, as it is now, has the text."""
        return audience is Audience.ALL or (
            ticket is not None and sees_internal(ticket, self.actor)
        )

    @property
    def _tags(self) -> tuple[str, ...]:
        return (tag_watcher(self.actor.id),) if self.wanted.is_watching else ()

    @property
    def _audience(self) -> Audience:
        return Audience.STAFF if self.actor.is_staff else Audience.ALL
