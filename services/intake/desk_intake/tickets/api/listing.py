"""Lists of tickets: whose, narrowed to what, in which order, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, NamedTuple

from desk_contracts.errors import Forbidden, Invalid
from desk_contracts.events.tickets import State
from desk_contracts.message import message
from desk_contracts.people import PersonAsked
from desk_platform.http import (
    PageRequest,
    find_visible,
    link_next,
    page_request,
    place_of,
)
from desk_platform.similar import Audience
from desk_platform.store import Listed
from desk_platform.store.pages import After, pages, readable
from fastapi import Depends, Query, Request
from starlette.responses import Response

from desk_intake.tickets.answers import TicketSummary
from desk_intake.tickets.api.calls import PRIVATE, list_reader, slas_of
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.texts import TextSearch, TicketPage
from desk_intake.tickets.lifecycle import Actor, may_read
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.store import TICKETS
from desk_intake.tickets.view import summarise

# Clocks that are looked at together; most of them are of other teams where a filter is given.
_CLOCKS = 200


class Order(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    DUE = "due"


class SlaState(StrEnum):
    """How the running SLA clock that people are told about stands."""

    RUNNING = "running"
    AT_RISK = "at_risk"
    BREACHED = "breached"


class TicketFilters(NamedTuple):
    """What a list is narrowed to; None: not by this."""

    requester: str | None
    team: str | None
    member: str | None
    state: str | None
    service: str | None
    open: bool | None


def read_filters(
    requester: Annotated[
        PersonAsked | None, Query(description="Who asked; `me` is the caller.")
    ] = None,
    team: Annotated[
        str | None, Query(description="Which team has it: its name, title or alias.")
    ] = None,
    member: Annotated[
        PersonAsked | None, Query(description="Who of the team has it; `me` is the caller.")
    ] = None,
    state: Annotated[State | None, Query(description="In exactly this state.")] = None,
    service: Annotated[str | None, Query(description="About this service.")] = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Whether somebody still has to act.")
    ] = None,
) -> TicketFilters:
    """The filters as callers give them."""
    return TicketFilters(requester, team, member, state.value if state else None, service, is_open)


Filters = Annotated[TicketFilters, Depends(read_filters)]


class Ordering(NamedTuple):
    """What comes first; with a state of the clock only those whose clock is so."""

    order: Order
    sla: SlaState | None


async def read_order(
    order: Annotated[
        Order | None,
        Query(
            description="What comes first: `newest`, or with `due` the ticket whose SLA clock ends"
            " first, of those for which one runs. Left out: `due` with `sla`, else `newest`."
        ),
    ] = None,
    sla: Annotated[
        SlaState | None,
        Query(description="Whose SLA clock runs and is so; they come in the order `due`."),
    ] = None,
) -> Ordering:
    """The order as callers give it."""
    if sla is not None and order is Order.NEWEST:
        raise Invalid(message("refused.sla-by-due"), code="sla-by-due")
    return Ordering(order or (Order.DUE if sla else Order.NEWEST), sla)


OrderAsked = Annotated[Ordering, Depends(read_order)]
AskedPage = Annotated[PageRequest, Depends(page_request)]


class _Row(NamedTuple):
    """A ticket and its place in the order."""

    id: str
    sort: object
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class TicketListing:
    """One caller's list in one order."""

    deps: TicketDeps
    actor: Actor
    ordering: Ordering
    search: TextSearch | None = None

    async def answer(self, request: Request, page: PageRequest, chosen: TicketFilters) -> Response:
        """A page, and the way to the next."""
        filters = self._restrict(chosen)
        order, sla = self.ordering
        if self.search is not None:
            self.search.check()
        name = self.search.name if self.search else ""
        listing, after = f"tickets {order} {sla or ''} {sorted(filters.items())} {name}", None
        if page.cursor is not None:
            position = self.deps.cursors.read(listing, page.cursor)
            after = (position.sort, position.id)
        note = self.search.note() if self.search else None
        find = self._find_due if order is Order.DUE else self._find_newest
        rows = await find(filters, after, page.limit)
        headers, following = dict(PRIVATE), None
        if len(rows) > page.limit:
            following = self.deps.cursors.write(listing, place_of(rows[page.limit - 1]))
            headers["Link"] = link_next(request, following)
        items = await self._summarise([row.ticket for row in rows[: page.limit]])
        answered = TicketPage(items=items, next=following, search=note)
        return Response(answered.model_dump_json(), 200, headers, "application/json")

    def _restrict(self, chosen: TicketFilters) -> dict[str, object]:
        """The filters that are given; an employee's are about their own tickets, or those they
        watch."""
        actor = self.actor
        is_watching = self.search is not None and self.search.wanted.is_watching
        requester, member = (
            actor.id if name == "me" else name for name in (chosen.requester, chosen.member)
        )
        if requester is None and not actor.is_staff and not is_watching:
            requester = actor.id
        if not actor.is_staff and requester != actor.id and not is_watching:
            raise Forbidden(message("refused.list-own-only"))
        team = chosen.team and self.deps.charter().name_team(chosen.team)
        wanted = chosen._replace(requester=requester, member=member, team=team)._asdict()
        return {name: value for name, value in wanted.items() if value is not None}

    async def _find_newest(
        self, filters: Mapping[str, object], after: After | None, limit: int
    ) -> list[_Row]:
        search, requester = self.search, filters.get("requester")

        async def find(after: After | None, limit: int) -> list[Listed[Ticket]]:
            if search is not None:
                whose = str(requester) if requester else None
                return await search.find(self.deps.tickets, whose, after, limit)
            return await self.deps.tickets.find_brief(
                filters, order="newest", after=after, limit=limit
            )

        def may_see(listed: Listed[Ticket]) -> bool:
            return listed.state is not None and self._shows(listed.state, filters)

        rows = await find_visible(find, may_see, after, limit)
        return [_Row(row.id, row.sort, row.state) for row in rows if row.state is not None]

    async def _find_due(
        self, filters: Mapping[str, object], after: After | None, limit: int
    ) -> list[_Row]:
        """By their clocks, which are kept beside them: as many are read as have one running."""
        rows: list[_Row] = []
        sla = self.ordering.sla
        clock_filters = {"runs": True} if sla is None else {"status": sla.value}
        running = pages(
            lambda last: self.deps.slas.find_brief(
                clock_filters, order="due", after=last, limit=_CLOCKS
            ),
            lambda listed: (listed.sort, listed.id),
            after,
        )
        async for clocks in running:
            ids = [clock.id for clock in clocks]
            search = self.search
            having = await search.choose(ids) if search else dict.fromkeys(ids, Audience.ALL)
            tickets, _ = await readable(self.deps.tickets, [id for id in ids if id in having])
            for clock in clocks:
                stored = tickets.get(clock.id)
                ticket = stored.state if stored else None
                if ticket is None or (search and not search.may_tell(ticket, having[clock.id])):
                    continue
                if self._shows(ticket, filters):
                    rows.append(_Row(clock.id, clock.sort, ticket))
            if len(rows) > limit:
                break
        return rows[: limit + 1]

    def _shows(self, ticket: Ticket, filters: Mapping[str, object]) -> bool:
        """Whether it is one that was asked for, and that this caller may know of."""
        if not may_read(ticket, self.actor) or (self.search and not self.search.shows(ticket)):
            return False
        return TICKETS.facets(ticket).items() >= filters.items()

    async def _summarise(self, tickets: Sequence[Ticket]) -> tuple[TicketSummary, ...]:
        reader = list_reader(self.deps)
        slas = await slas_of(self.deps, tickets)
        return tuple(
            summarise(ticket, sla.read() or TicketSla(ticket=ticket.id), reader)
            for ticket, sla in zip(tickets, slas, strict=True)
        )
