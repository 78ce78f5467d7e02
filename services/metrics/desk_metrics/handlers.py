"""The bus side of metrics: tickets with their clocks, and how what they measure reaches a day."""

from collections.abc import Callable, Iterable
from datetime import datetime

from desk_shared.bus import Projection
from desk_shared.events import AnyEvent
from desk_shared.events.contributions import ContributionsChanged
from desk_shared.events.names import (
    AUTOMATION,
    CHANGES,
    CONTRIBUTIONS,
    FEEDBACK,
    PROBLEMS,
    SIGNALS,
    TICKETS,
)
from desk_shared.kernel import Context, Decision
from desk_shared.store import Documents

from desk_metrics.domain.changes import Changes, changes_key, with_change
from desk_metrics.domain.clocks import TicketClocks
from desk_metrics.domain.measures.cells import Cell, Entry
from desk_metrics.domain.measures.postings import Posting, Slice, day_of
from desk_metrics.domain.measures.returning import is_person
from desk_metrics.domain.policies import PolicyBook
from desk_metrics.domain.returning import Returns, returns_key, with_contact
from desk_metrics.domain.spells import Spells, spells_key, with_signal
from desk_metrics.domain.telling import decide
from desk_metrics.domain.tickets import TicketRecord, measured, recorded
from desk_metrics.domain.voices import Voiced, voice_of, with_voice
from desk_metrics.domain.watched import (
    Repairs,
    Sights,
    repairs_key,
    sights_keys,
    with_run,
    with_sight,
)
from desk_metrics.domain.worktime import micros

READS = (TICKETS, AUTOMATION, SIGNALS, CHANGES, PROBLEMS, FEEDBACK)
Book = Callable[[], PolicyBook]


def tickets_projection(documents: Documents[TicketRecord], book: Book) -> Projection[TicketRecord]:
    """The SLAs and measures of tickets. Events are judged at their own time, so a replayed year
    of them says what living through it said; timers then bring each ticket up to the present."""

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if event.topic == TICKETS else ()

    def react(
        state: TicketRecord | None, event: AnyEvent, context: Context
    ) -> Decision[TicketRecord] | None:
        after = recorded(state or TicketRecord(TicketClocks(event.subject)), event)
        if context.more:
            # The batch's last event of the ticket decides for all; if that fails, a timer does.
            return Decision(after, due=context.now)
        return decided(after, book(), min(event.time, context.now))

    def wake(state: TicketRecord | None, context: Context) -> Decision[TicketRecord] | None:
        return None if state is None else decided(state, book(), context.now)

    return Projection(documents, keys=keys, react=react, wake=wake, ordered=True)


def decided(record: TicketRecord, book: PolicyBook, at: datetime) -> Decision[TicketRecord]:
    """What is true of a ticket at a moment, its SLAs first.

    A timer decides instead as soon as it is known which policy version was in force then.
    """
    if not book.knows(max(micros(at), record.clocks.as_of)):
        return Decision(record, due=at)
    decision = decide(record.clocks, book, at)
    after, told = measured(record, decision.state, book)
    return Decision(after, (*decision.events, *told), decision.due)


def cells_projection(documents: Documents[Cell]) -> Projection[Cell]:
    """Parts of days, with what each source posts to them."""

    def keys(event: AnyEvent) -> Iterable[str]:
        is_day = event.topic == CONTRIBUTIONS and not is_person(event.subject)
        return (event.subject,) if is_day else ()

    def react(state: Cell | None, event: AnyEvent, _context: Context) -> Decision[Cell] | None:
        if not isinstance(event.data, ContributionsChanged):
            return None
        cell = state or Cell(day_of(event.subject))
        after = cell.with_entry(_entry(event.data))
        return None if after is cell else Decision(after)

    return Projection(documents, keys=keys, react=react, is_exact=True)


def _entry(data: ContributionsChanged) -> Entry:
    by = Slice(data.kind, data.service, data.team, data.site, data.person, data.device)
    return Entry(data.of, data.revision, by, tuple(Posting(*one) for one in data.postings))


def repairs_projection(documents: Documents[Repairs]) -> Projection[Repairs]:
    """What was healed at each target by each runbook, and whether it lasted."""

    def keys(event: AnyEvent) -> Iterable[str]:
        key = repairs_key(event)
        return () if key is None else (key,)

    def react(
        state: Repairs | None, event: AnyEvent, _context: Context
    ) -> Decision[Repairs] | None:
        found = with_run(state or Repairs(), event)
        return None if found is None else Decision(*found)

    return Projection(documents, keys=keys, react=react)


def sights_projection(documents: Documents[Sights]) -> Projection[Sights]:
    """Who knew first of trouble with a device or a service: telemetry or people."""

    def react(state: Sights | None, event: AnyEvent, _context: Context) -> Decision[Sights] | None:
        found = with_sight(state or Sights(), event)
        return None if found is None else Decision(*found)

    return Projection(documents, keys=sights_keys, react=react)


def spells_projection(documents: Documents[Spells]) -> Projection[Spells]:
    """How long each device and service was in trouble."""

    def keys(event: AnyEvent) -> Iterable[str]:
        key = spells_key(event)
        return () if key is None else (key,)

    def react(state: Spells | None, event: AnyEvent, _context: Context) -> Decision[Spells] | None:
        found = with_signal(state, event)
        return None if found is None else Decision(*found)

    return Projection(documents, keys=keys, react=react)


def voices_projection(documents: Documents[Voiced]) -> Projection[Voiced]:
    """What people say: a document for each survey and each wish."""

    def keys(event: AnyEvent) -> Iterable[str]:
        voice = voice_of(event)
        return () if voice is None else (voice.key,)

    def react(state: Voiced | None, event: AnyEvent, _context: Context) -> Decision[Voiced] | None:
        voice = voice_of(event)
        found = None if voice is None else with_voice(state, voice, event)
        return None if found is None else Decision(*found)

    return Projection(documents, keys=keys, react=react)


def returns_projection(documents: Documents[Returns]) -> Projection[Returns]:
    """Who had to come again: a document for each person, told by their tickets."""

    def keys(event: AnyEvent) -> Iterable[str]:
        key = returns_key(event)
        return () if key is None else (key,)

    def react(
        state: Returns | None, event: AnyEvent, _context: Context
    ) -> Decision[Returns] | None:
        found = with_contact(state or Returns(), event)
        return None if found is None else Decision(*found)

    return Projection(documents, keys=keys, react=react, is_exact=True)


def changes_projection(documents: Documents[Changes]) -> Projection[Changes]:
    """What was changed at each service, and which problems it had."""

    def keys(event: AnyEvent) -> Iterable[str]:
        key = changes_key(event)
        return (key,) if key else ()

    def react(
        state: Changes | None, event: AnyEvent, _context: Context
    ) -> Decision[Changes] | None:
        after = with_change(state or Changes(), event)
        return None if after == state else Decision(after)

    return Projection(documents, keys=keys, react=react)
