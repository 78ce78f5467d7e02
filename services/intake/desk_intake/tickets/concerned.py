"""Who else is concerned: who follows a ticket, has the same trouble, or is asked for."""

from desk_contracts import Payload
from desk_contracts.errors import Forbidden, Rejected
from desk_contracts.events.tickets import (
    State,
    TicketAlsoAffected,
    TicketPersonRequested,
    TicketReopened,
    TicketWatcherAdded,
    TicketWatcherRemoved,
)
from desk_contracts.message import message

from desk_intake.tickets.lifecycle import Actor, allow, check_may_act, may_act
from desk_intake.tickets.model import MAX_AFFECTED, MAX_WATCHERS, Ticket


def watch(ticket: Ticket, actor: Actor, person: str) -> list[Payload]:
    """Somebody else may read it and comment on it."""
    allow(ticket, "watched")
    if person in (ticket.requester, *ticket.watchers):
        return []
    if len(ticket.watchers) >= MAX_WATCHERS:
        raise Rejected(
            message("refused.too-many-watchers", code=ticket.code, most=MAX_WATCHERS),
            code="too-many-watchers",
            most=MAX_WATCHERS,
        )
    return [TicketWatcherAdded(person=person, by=actor.id)]


def unwatch(ticket: Ticket, actor: Actor, person: str) -> list[Payload]:
    """Watchers go by themselves; others are taken off by those who may act on the ticket."""
    if person != actor.id:
        check_may_act(ticket, actor)
    if person not in ticket.watchers:
        return []
    return [TicketWatcherRemoved(person=person, by=actor.id)]


def join(ticket: Ticket, actor: Actor, person: str) -> list[Payload]:
    """Another person has the same trouble: who watches says so of themselves, staff of anybody."""
    allow(ticket, "joined")
    if person != actor.id and not (actor.is_staff and may_act(ticket, actor)):
        raise Forbidden(message("refused.join-for-others"))
    if person == ticket.requester:
        raise Rejected(message("refused.counted-already", code=ticket.code), code="own-ticket")
    if person in ticket.also_affected:
        return []
    if len(ticket.also_affected) >= MAX_AFFECTED:
        raise Rejected(
            message("refused.too-many-affected", code=ticket.code, most=MAX_AFFECTED),
            code="too-many-affected",
            most=MAX_AFFECTED,
        )
    return [TicketAlsoAffected(person=person, by=actor.id)]


def request_person(ticket: Ticket, actor: Actor, text: str) -> list[Payload]:
    """At any moment of an open ticket, and of a resolved one, which is open again then.

    Who waits for a person already is not put into the queue a second time.
    """
    request = TicketPersonRequested(by=actor.id, text=text)
    if ticket.state is State.RESOLVED:
        # A request that others denied is not opened again by asking for a person.
        allow(ticket, "reopened")
        return [TicketReopened(by=actor.id, reason=text), request]
    allow(ticket, "answered")
    return [] if ticket.waits_for_person else [request]
