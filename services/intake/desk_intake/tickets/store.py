"""How tickets and what is shown of their SLAs are kept, searched, and fed from the bus."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from desk_contracts import AnyEvent, Event
from desk_contracts import names as topics
from desk_contracts.events.automation import (
    RunEscalated,
    RunHealed,
    RunSkipped,
    RunStarted,
    RunStepRecorded,
)
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import (
    Kind,
    TicketAttached,
    TicketCommented,
    TicketMerged,
    TicketOpened,
    TicketWatcherAdded,
    TicketWatcherRemoved,
)
from desk_contracts.events.triage import (
    DuplicateFound,
    EscalationDecided,
    RepetitionFound,
    TriageDecided,
    TriageDeferred,
)
from desk_contracts.ids import request_ticket_id, ticket_code
from desk_contracts.redaction import ERASED
from desk_kernel import Context, Decision, Readings, Reducers
from desk_kernel.likeness import Field, ListedTerms, read_words
from desk_platform.kafka import Projection
from desk_platform.similar import Audience, IndexedTicket, Words, follow_ticket
from desk_platform.store import Documents, Schema
from desk_platform.telemetry import get_logger

from desk_intake.tickets.inbound import apply_inbound
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.record import cause_of, record
from desk_intake.tickets.registration import from_request, from_run, proactive_ticket
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.sla import apply as show_sla
from desk_intake.tickets.timers import due_of, pass_time

log = get_logger()

# Different words that are kept of all comments and names of files, the newest first.
MAX_WORDS = 3_000


def _ticket_facets(ticket: Ticket) -> dict[str, object]:
    return {
        "code": ticket.code,
        "requester": ticket.requester,
        "team": ticket.team,
        "member": ticket.member,
        "state": ticket.state.value,
        "open": ticket.is_open,
        "service": ticket.service,
        "opened": ticket.opened_at,
        "updated": ticket.updated_at,
        "newest": ticket.newest,
        "awaits_approval": ticket.awaits_approval,
        "sequence": ticket.sequence,  # what `desk audit` compares with the log
    }


# All that a summary does not show and that people can make long.
_LONG: dict[str, object] = {
    "description": "",
    "attributes": {},
    "links": (),
    "resolution": None,
    "cause": "",
    "also_affected": (),
    "attachments": (),
    "timeline": (),
    "commands": (),
}

TICKETS = Schema(
    collection="tickets",
    model=Ticket,
    facets=_ticket_facets,
    brief=lambda ticket: ticket.model_copy(update=_LONG),
    searched=(
        ("requester", "newest"),
        ("team", "open", "newest"),
        ("member", "newest"),
        ("state", "newest"),
        ("service", "newest"),
        ("awaits_approval", "newest"),
        ("newest",),
    ),
    unique=("code",),
    kept="one for each ticket, always; its texts by age (`texts_days`), its calls a day",
)


def _sla_facets(sla: TicketSla) -> dict[str, object]:
    """What tickets are ordered by: when the clock ends that people are told about."""
    main = sla.main
    if main is None or main.due is None:
        return {}
    return {"runs": True, "status": main.status, "due": main.due}


SLAS = Schema(
    collection="slas",
    model=TicketSla,
    facets=_sla_facets,
    searched=(("runs", "due"), ("status", "due")),
    kept="one for each ticket, always: its clocks are shown with it",
)


# The tickets that an event concerns; a problem's event goes to each it lists, once.
tickets_of: Readings[Iterable[str]] = Readings(())


@tickets_of.on(TicketRequested)
def _ticket_of_request(event: Event[TicketRequested]) -> Iterable[str]:
    return (request_ticket_id(event.source, event.id),)


@tickets_of.on(ProblemDetected, ProblemUpdated)
def _tickets_of_problem(event: Event[ProblemDetected | ProblemUpdated]) -> Iterable[str]:
    """None of one that is only proposed: its tickets are no part of it before it is one."""
    is_confirmed = event.data.status is ProblemStatus.CONFIRMED
    return dict.fromkeys(event.data.tickets) if is_confirmed else ()


@tickets_of.on(ProblemConfirmed)
def _tickets_of_confirmed(event: Event[ProblemConfirmed]) -> Iterable[str]:
    return dict.fromkeys(event.data.tickets)


@tickets_of.on(ProblemResolved)
def _tickets_of_solved(event: Event[ProblemResolved]) -> Iterable[str]:
    """Where reports only stopped nothing is solved: the tickets stay as they are."""
    return dict.fromkeys(event.data.tickets) if event.data.is_solved else ()


@tickets_of.on(RunHealed)
def _ticket_of_cure(event: Event[RunHealed]) -> Iterable[str]:
    """What was to do what a ticket asks for concerns that ticket."""
    return (event.data.request or proactive_ticket(event.data.run),)


@tickets_of.on(RunStarted, RunStepRecorded, RunSkipped)
def _ticket_of_request_run(
    event: Event[RunStarted | RunStepRecorded | RunSkipped],
) -> Iterable[str]:
    return (event.data.request,) if event.data.request else ()


@tickets_of.on(RunEscalated)
def _ticket_of_run(event: Event[RunEscalated]) -> Iterable[str]:
    """What it was to do was asked for in one ticket; who took it over may work on another."""
    named = dict.fromkeys(filter(None, (event.data.request, event.data.ticket)))
    return named or (proactive_ticket(event.data.run),)


@tickets_of.on(RepetitionFound)
def _tickets_of_repetition(event: Event[RepetitionFound]) -> Iterable[str]:
    return (event.subject, event.data.of)


@tickets_of.on(TicketMerged)
def _ticket_merged_into(event: Event[TicketMerged]) -> Iterable[str]:
    """Intake's own log makes a merge one saga: its other side is written however often we die."""
    return (event.data.into,)


@tickets_of.on(TicketOpened)
def _ticket_split(event: Event[TicketOpened]) -> Iterable[str]:
    return (event.data.split_from,) if event.data.split_from else ()


@tickets_of.on(TriageDecided, TriageDeferred, DuplicateFound, EscalationDecided)
def _ticket_of_triage(event: AnyEvent) -> Iterable[str]:
    return (event.subject,)


def tickets_projection(documents: Documents[Ticket], close_after: timedelta) -> Projection[Ticket]:
    """Tickets, as the desk's other services and outside systems speak of them."""

    def react(ticket: Ticket | None, event: AnyEvent, context: Context) -> Decision[Ticket] | None:
        cause = cause_of(event, context.now)
        if ticket is None:
            return as_written(_open(None, event, context), close_after)
        return as_written(
            record(ticket.id, ticket, apply_inbound(ticket, event), cause), close_after
        )

    def on_timer(ticket: Ticket | None, context: Context) -> Decision[Ticket] | None:
        if ticket is None:
            return None
        passed = as_written(pass_time(ticket, context.now, close_after), close_after)
        return passed or Decision(ticket, due=due_of(ticket, close_after))

    return Projection(documents, keys=tickets_of, react=react, on_timer=on_timer)


def as_written(
    recorded: Decision[Ticket] | None, close_after: timedelta
) -> Decision[Ticket] | None:
    """What was recorded, as the unit of work writes it."""
    if recorded is None:
        return None
    ticket = recorded.state
    return Decision(ticket, recorded.events, due_of(ticket, close_after))


def _warn_of_unknown(_ticket: None, event: AnyEvent, _context: Context) -> None:
    log.warning("fact_of_unknown_ticket", type=event.type, id=event.id, key=event.subject)


_open: Reducers[None, [Context], Decision[Ticket] | None] = Reducers(_warn_of_unknown)


@_open.on(TicketRequested)
def _open_for_request(
    _ticket: None, event: Event[TicketRequested], context: Context
) -> Decision[Ticket] | None:
    id = request_ticket_id(event.source, event.id)
    # A code that is taken loses the write; the next round draws another one.
    code = ticket_code(id, context.round)
    opened = from_request(event.data, code, event.amended, event.told_time)
    return record(id, None, opened, cause_of(event, context.now))


@_open.on(RunEscalated)
def _open_for_run(
    _ticket: None, event: Event[RunEscalated], context: Context
) -> Decision[Ticket] | None:
    if event.data.ticket or event.data.request:
        _warn_of_unknown(None, event, context)
        return None
    id = proactive_ticket(event.data.run)
    opened = from_run(event, event.data, ticket_code(id, context.round))
    return record(id, None, opened, cause_of(event, context.now))


@_open.on(RunHealed)
def _open_nothing(_ticket: None, _event: Event[RunHealed], _context: Context) -> None:
    """Most repairs work, and have no ticket."""


def slas_projection(documents: Documents[TicketSla]) -> Projection[TicketSla]:
    """What people see of their tickets' SLAs; it is no part of a ticket's life."""

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if event.topic == topics.SLA else ()

    def react(
        sla: TicketSla | None, event: AnyEvent, _context: Context
    ) -> Decision[TicketSla] | None:
        after = show_sla(sla, event)
        return None if after == sla else Decision(after)

    return Projection(documents, keys=keys, react=react)


def tag_watcher(person: str) -> str:
    """The tag of what somebody watches."""
    return f"watched by:{person}"


class SearchedTicket(IndexedTicket):
    """A ticket in the index, with who watches it and the words of its comments and file names.

    Nothing is compared by these words: what people answer says little of what was asked.
    """

    public_words: tuple[str, ...] = ()
    staff_words: tuple[str, ...] = ()
    watchers: tuple[str, ...] = ()

    @property
    def tags(self) -> frozenset[str]:
        """Also who watches it."""
        return super().tags | {tag_watcher(person) for person in self.watchers}

    def choose_searched(self, terms: Sequence[ListedTerms]) -> Mapping[Audience, Words]:
        """Of what repairs report, the person concerned reads the title and what is said to them."""
        [of_ticket] = terms
        for_all, for_staff = dict.fromkeys(of_ticket[Field.WORDS]), self.staff_words
        if self.kind is Kind.PROACTIVE:
            for_all, for_staff = dict.fromkeys(of_ticket[Field.TITLE]), (*for_all, *for_staff)
        return {
            Audience.ALL: Words((*for_all, *self.public_words), self.language),
            Audience.STAFF: Words(for_staff, self.language),
        }


def follow_searched(ticket: SearchedTicket | None, event: AnyEvent) -> SearchedTicket | None:
    """The ticket after an event of its life; None if nothing of what is found changes."""
    after = follow_ticket(ticket, event)
    if after is not None:
        return after if isinstance(after, SearchedTicket) else SearchedTicket(**vars(after))
    if ticket is None or (event.sequence or 0) <= ticket.sequence:
        return None
    changed = _follow_more(ticket, event)
    return changed and changed.model_copy(update={"sequence": event.sequence})


_follow_more: Reducers[SearchedTicket, [], SearchedTicket | None] = Reducers(
    lambda _ticket, _event: None
)


@_follow_more.on(TicketCommented)
def _note_comment(ticket: SearchedTicket, event: Event[TicketCommented]) -> SearchedTicket | None:
    return _note(ticket, event.data.text, public=event.data.public)


@_follow_more.on(TicketAttached)
def _note_file(ticket: SearchedTicket, event: Event[TicketAttached]) -> SearchedTicket | None:
    return _note(ticket, event.data.name, public=event.data.public)


@_follow_more.on(TicketWatcherAdded, TicketWatcherRemoved)
def _note_watcher(
    ticket: SearchedTicket, event: Event[TicketWatcherAdded | TicketWatcherRemoved]
) -> SearchedTicket:
    others = tuple(person for person in ticket.watchers if person != event.data.person)
    added = (event.data.person,) if isinstance(event.data, TicketWatcherAdded) else ()
    return ticket.model_copy(update={"watchers": (*others, *added)})


def _note(ticket: SearchedTicket, text: str, *, public: bool) -> SearchedTicket | None:
    words = read_words(text)
    if text == ERASED or not words:
        return None
    name = "public_words" if public else "staff_words"
    before: tuple[str, ...] = getattr(ticket, name)
    return ticket.model_copy(update={name: tuple(dict.fromkeys((*words, *before)))[:MAX_WORDS]})
