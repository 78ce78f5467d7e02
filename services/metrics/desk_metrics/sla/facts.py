"""Facts: the little of a ticket's events that SLAs are computed from.

They are kept by sequence, so arrival order and duplicates cannot matter, and read by event time.
"""

from bisect import bisect_left
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from desk_contracts.envelope import AnyEvent, Event
from desk_contracts.events.tickets import (
    Role,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketTriaged,
    TicketUpdated,
)
from desk_kernel import Readings

from desk_metrics.sla.worktime import micros


class FactKind(StrEnum):
    """What happened; the values that go with each are in `values_of`."""

    OPENED = "opened"
    CHANGED = "changed"
    ASSIGNED = "assigned"
    PAUSED = "paused"
    RESUMED = "resumed"
    QUESTION = "question"
    ANSWERED = "answered"
    ANSWERED_BY_BOT = "answered_by_bot"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    MERGED = "merged"

    # Plain and fast; an enum's own hash is a call of Python for each look-up.
    __hash__ = str.__hash__


class Fact(NamedTuple):
    """One fact: its place in the ticket's life, when it happened (microseconds), what."""

    sequence: int
    at: int
    kind: FactKind
    values: tuple[str | None, ...] = ()


# When in event time, and which of the facts of that instant: sequence numbers start at 1.
Moment: TypeAlias = tuple[int, int]

FactValues = tuple[FactKind, tuple[str | None, ...]]


def read_fact(event: AnyEvent, sequence: int) -> Fact | None:
    """What the event means for SLAs; None for what moves no clock."""
    read = values_of(event)
    if read is None:
        return None
    kind, values = read
    if kind is FactKind.OPENED:
        values = (*values, event.id, event.correlation_id or event.id)
    return Fact(sequence, micros(event.time), kind, values)


def add_fact(facts: tuple[Fact, ...], fact: Fact) -> tuple[Fact, ...]:
    """The facts with one more, in order of sequence; the same tuple when it is there already."""
    if not facts or facts[-1].sequence < fact.sequence:
        return (*facts, fact)
    place = bisect_left(facts, fact.sequence, key=lambda other: other.sequence)
    if facts[place].sequence == fact.sequence:
        return facts
    return (*facts[:place], fact, *facts[place:])


def in_order(facts: Sequence[Fact], now: int) -> tuple[Fact, list[tuple[Moment, Fact]]] | None:
    """The opening, and all else up to `now` as it happened; None before the opening is known.

    Nothing happens to a ticket before it exists: a clock that is behind means "at the opening".
    """
    opening = next((fact for fact in facts if fact.kind is FactKind.OPENED), None)
    if opening is None or opening.at > now:
        return None
    start = opening.at
    rest = [
        ((fact.at if fact.at > start else start, fact.sequence), fact)
        for fact in facts
        if fact.at <= now and fact is not opening
    ]
    rest.sort()
    return opening, rest


# The kind of fact an event is, and what of it matters; None for what moves no clock.
values_of: Readings[FactValues | None] = Readings(None)


@values_of.on(TicketOpened)
def _read_opening(event: Event[TicketOpened]) -> FactValues:
    data = event.data
    return FactKind.OPENED, (data.kind, data.service, data.group, data.requester)


@values_of.on(TicketTriaged)
def _read_triage(event: Event[TicketTriaged]) -> FactValues:
    return FactKind.CHANGED, (event.data.priority, event.data.service or None)


@values_of.on(TicketUpdated)
def _read_update(event: Event[TicketUpdated]) -> FactValues | None:
    data = event.data
    if data.priority is None and data.service is None:
        return None
    return FactKind.CHANGED, (data.priority, data.service)


@values_of.on(TicketAssigned)
def _read_assignment(event: Event[TicketAssigned]) -> FactValues:
    return FactKind.ASSIGNED, (event.data.team,)


@values_of.on(TicketPaused)
def _read_pause(event: Event[TicketPaused]) -> FactValues:
    return FactKind.PAUSED, (event.data.waiting_for,)


@values_of.on(TicketResumed)
def _read_resumption(_event: Event[TicketResumed]) -> FactValues:
    return FactKind.RESUMED, ()


@values_of.on(TicketCommented)
def _read_comment(event: Event[TicketCommented]) -> FactValues | None:
    """Only what both sides can read counts, and nothing that a machine sends by itself."""
    data = event.data
    if not data.public or data.automatic or data.role is Role.SYSTEM:
        return None
    if data.role is Role.EMPLOYEE:
        return FactKind.QUESTION, ()
    if data.role is Role.AUTOMATION:
        return FactKind.ANSWERED_BY_BOT, ()
    return FactKind.ANSWERED, ()


@values_of.on(TicketResolved)
def _read_resolution(event: Event[TicketResolved]) -> FactValues:
    return FactKind.RESOLVED, (event.data.how,)


@values_of.on(TicketReopened)
def _read_reopening(event: Event[TicketReopened]) -> FactValues:
    return FactKind.REOPENED, (event.data.by,)


@values_of.on(TicketClosed)
def _read_closing(_event: Event[TicketClosed]) -> FactValues:
    return FactKind.CLOSED, ()


@values_of.on(TicketMerged)
def _read_merge(event: Event[TicketMerged]) -> FactValues:
    return FactKind.MERGED, (event.data.into,)
