"""What the index knows of a ticket, and how its events change that. Pure."""

from datetime import datetime

from desk_contracts import AnyEvent, Event
from desk_contracts.events.tickets import (
    How,
    Kind,
    State,
    TicketAssigned,
    TicketClosed,
    TicketConfirmed,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTriaged,
    TicketUpdated,
)
from desk_contracts.message import Message
from desk_kernel import Reducers
from desk_kernel.likeness import MAX_TEXT

from desk_platform.similar.indexed import IndexedModel, Written


class IndexedTicket(IndexedModel):
    """A ticket as it is found: its text, who has it, and how it was solved.

    `sequence` is that of the last event that counted; older ones and copies change nothing.
    """

    id: str
    code: str
    kind: Kind
    title: str
    text: str = ""
    requester: str
    service: str = ""
    team: str = ""
    opened_at: datetime
    state: State = State.NEW
    resolution: Message | None = None
    how: How | None = None
    cause: str = ""
    resolved_at: datetime | None = None
    language: str = "en"
    # `sequence` of the event that resolved it last.
    resolution_sequence: int = 0
    # The person who asked confirmed the solution, or the desk's own repair was verified.
    is_proven: bool = False
    sequence: int = 1

    @property
    def is_solved(self) -> bool:
        """Whether it was solved; what was withdrawn, denied or merged holds no solution."""
        is_over = self.state in (State.RESOLVED, State.CLOSED)
        return is_over and self.how not in (None, How.WITHDRAWN, How.DENIED)

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for its solution."""
        return self.state not in (State.RESOLVED, State.CLOSED, State.MERGED)

    @property
    def tags(self) -> frozenset[str]:
        """Whose it is, and whether it is open, solved, and proven to be."""
        states = {"open": self.is_open, "solved": self.is_solved, "proven": self.is_proven}
        return frozenset((f"of:{self.requester}", *(tag for tag, is_so in states.items() if is_so)))

    @property
    def texts(self) -> tuple[Written, ...]:
        """What was asked; not how it was solved."""
        return (Written(self.title, self.text, self.language),)

    @property
    def at(self) -> datetime:
        """When it was opened."""
        return self.opened_at


def follow_ticket(ticket: IndexedTicket | None, event: AnyEvent) -> IndexedTicket | None:
    """The ticket after an event of its life; None if nothing of what is found changes."""
    if isinstance(event.data, TicketOpened):
        return _open(event, event.data) if ticket is None else None
    if ticket is None or (event.sequence or 0) <= ticket.sequence:
        return None
    changed = _life(ticket, event)
    if changed is None:
        return None
    return changed.model_copy(update={"sequence": event.sequence or ticket.sequence})


def _open(event: AnyEvent, opened: TicketOpened) -> IndexedTicket:
    return IndexedTicket(
        id=event.subject,
        code=opened.code,
        kind=opened.kind,
        title=opened.title,
        text=opened.description[:MAX_TEXT],
        requester=opened.requester,
        service=opened.service,
        opened_at=event.time,
        language=opened.language,
        sequence=event.sequence or 1,
    )


_life: Reducers[IndexedTicket, [], IndexedTicket | None] = Reducers(lambda _ticket, _event: None)


@_life.on(TicketTriaged)
def _note_service(ticket: IndexedTicket, event: Event[TicketTriaged]) -> IndexedTicket | None:
    service = event.data.service
    return ticket.model_copy(update={"service": service}) if service else None


@_life.on(TicketUpdated)
def _update(ticket: IndexedTicket, event: Event[TicketUpdated]) -> IndexedTicket | None:
    data = event.data
    text = None if data.description is None else data.description[:MAX_TEXT]
    given = {"title": data.title, "text": text, "service": data.service}
    changes = {name: value for name, value in given.items() if value is not None}
    return ticket.model_copy(update=changes) if changes else None


@_life.on(TicketAssigned)
def _assign(ticket: IndexedTicket, event: Event[TicketAssigned]) -> IndexedTicket:
    return ticket.model_copy(update={"team": event.data.team})


@_life.on(TicketResolved)
def _resolve(ticket: IndexedTicket, event: Event[TicketResolved]) -> IndexedTicket:
    data = event.data
    return ticket.model_copy(
        update={
            "state": State.RESOLVED,
            "resolution": data.resolution,
            "how": data.how,
            "cause": data.cause,
            "resolved_at": event.time,
            "resolution_sequence": event.sequence or 0,
            # Automation says so only after fresh telemetry did.
            "is_proven": data.how is How.AUTOMATION,
        }
    )


@_life.on(TicketReopened)
def _reopen(ticket: IndexedTicket, _event: Event[TicketReopened]) -> IndexedTicket:
    """What was said to solve it did not."""
    return ticket.model_copy(
        update={
            "state": State.NEW,
            "resolution": None,
            "how": None,
            "cause": "",
            "resolved_at": None,
            "is_proven": False,
        }
    )


@_life.on(TicketClosed)
def _close(ticket: IndexedTicket, _event: Event[TicketClosed]) -> IndexedTicket:
    """Whoever closes it proves nothing: to confirm is an event of its own."""
    return ticket.model_copy(update={"state": State.CLOSED})


@_life.on(TicketConfirmed)
def _confirm(ticket: IndexedTicket, event: Event[TicketConfirmed]) -> IndexedTicket | None:
    """What is confirmed is one resolution; of an earlier one it says nothing about this one."""
    if not ticket.is_solved or event.data.resolution != ticket.resolution_sequence:
        return None
    return ticket.model_copy(update={"is_proven": True})


@_life.on(TicketMerged)
def _merge(ticket: IndexedTicket, _event: Event[TicketMerged]) -> IndexedTicket:
    return ticket.model_copy(update={"state": State.MERGED})
