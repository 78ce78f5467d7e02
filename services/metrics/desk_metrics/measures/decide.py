"""What a ticket adds to the measures: its clocks first, then what is new of its contributions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.contributions import ContactRepeated, ContributionsChanged
from desk_contracts.events.tickets import (
    Kind,
    TicketOpened,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
)
from desk_contracts.ids import derive_id
from desk_kernel import Decision, Reducers

from desk_metrics.measures.contact import contribute_contact
from desk_metrics.measures.contributions import (
    Contribution,
    ContributionSet,
    Published,
    Slice,
    find_changed_sets,
    keep_prints,
    make_contribution_set,
)
from desk_metrics.measures.cost import contribute_cost
from desk_metrics.measures.flow import contribute_flow
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.repeat_contacts import is_person, person_buckets
from desk_metrics.measures.restoring import contribute_restoring
from desk_metrics.measures.skills import contribute_skills
from desk_metrics.measures.solutions import contribute_solutions
from desk_metrics.measures.ticket_history import TicketHistory, read_ticket_history
from desk_metrics.measures.verdicts import contribute_verdicts
from desk_metrics.measures.volume import CONTACTS, contribute_volume
from desk_metrics.sla.decide import SOURCE
from desk_metrics.sla.decide import decide as decide_slas
from desk_metrics.sla.facts import FactKind
from desk_metrics.sla.model import TicketClocks, evolve
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.transitions import TransitionKind
from desk_metrics.sla.worktime import instant, micros
from desk_metrics.solutions.decide import judge, list_solutions, note_solution

LATE = "late_facts"
# What posts is a name with a word before it; a name alone may be as long as this.
_LONGEST_SOURCE = 200
# A kind may say more behind a colon.
_NEAR = TransitionKind.AT_RISK.value
_VERDICTS = (
    TransitionKind.BREACHED.value,
    TransitionKind.MET.value,
    TransitionKind.CANCELLED.value,
)


class _Details(NamedTuple):
    """What of a ticket moves no clock."""

    site: str
    started: int
    category: str
    person: str
    device: str
    code: str
    is_part: bool


_details: Reducers[_Details, [], _Details] = Reducers(lambda details, _event: details)


@_details.on(TicketOpened)
def _open(details: _Details, event: Event[TicketOpened]) -> _Details:
    data = event.data
    return details._replace(
        site=data.site,
        person=data.requester,
        device=data.device,
        code=data.code,
        is_part=bool(data.split_from),
    )


@_details.on(TicketStarted)
def _start(details: _Details, event: Event[TicketStarted]) -> _Details:
    at = micros(event.time)
    return details._replace(started=min(details.started or at, at))


@_details.on(TicketTriaged)
def _triage(details: _Details, event: Event[TicketTriaged]) -> _Details:
    return details._replace(category=event.data.category)


@_details.on(TicketUpdated)
def _update(details: _Details, event: Event[TicketUpdated]) -> _Details:
    return details._replace(device=event.data.device or details.device)


def record_event(record: TicketRecord, event: AnyEvent) -> TicketRecord:
    """The record with one more event of the ticket."""
    before = record.clocks.facts
    clocks = evolve(record.clocks, event)
    latest = max((fact.at for fact in before), default=0)
    at = micros(event.time)
    late = record.late
    if clocks.facts is not before and at < latest:
        late = (*late, (at, latest))
    known_details = _Details(
        record.site,
        record.started,
        record.category,
        record.person,
        record.device,
        record.code,
        record.is_part,
    )
    details = _details(known_details, event)
    return TicketRecord(
        clocks,
        details.site,
        details.started,
        late,
        record.evaluated,
        record.is_open,
        record.revision,
        record.published,
        details.category,
        details.person,
        details.device,
        details.code,
        note_solution(record.notes, event),
        details.is_part,
    )


# The record with one more event, of its ticket or of what its person asked.
record: Reducers[TicketRecord, [], TicketRecord] = Reducers(record_event)


@record.on(ContactRepeated)
def _note_repeat(record: TicketRecord, event: Event[ContactRepeated]) -> TicketRecord:
    return replace(record, notes=note_solution(record.notes, event))


class Measured(NamedTuple):
    """The record after it told what its measures are now, what it tells, when to look again."""

    record: TicketRecord
    events: tuple[Event[Payload], ...]
    due: int | None


def measure_ticket(record: TicketRecord, clocks: TicketClocks, book: PolicyBook) -> Measured:
    """The record with decided clocks, and what is new of its solutions and measures."""
    history = read_ticket_history(clocks.facts, record.site, record.started, clocks.as_of)
    if history is None:
        return Measured(replace(record, clocks=clocks), (), None)
    facts, now = clocks.facts, clocks.as_of
    solutions = list_solutions(facts, record.notes, now)
    judgement = judge(clocks.ticket, solutions, record.notes, now)
    contributions = (
        *_list_contributions(record, clocks, history, book),
        *contribute_solutions(history, solutions, facts, now),
    )
    by = Slice(*history.slice[:4], record.person, record.device)
    days = tuple(item for item in record.published if not is_person(item[0]))
    contribution_sets = (
        *find_changed_sets(clocks.ticket, by, contributions, days),
        *(() if record.is_part else _contact(history, by, record.published)),
    )
    revision = record.revision + bool(contribution_sets)
    # By hand: `replace` takes as long as all of the above.
    after = TicketRecord(
        clocks,
        record.site,
        record.started,
        record.late,
        book.in_force(clocks.as_of),
        history.is_open,
        revision,
        keep_prints(record.published, contribution_sets) if contribution_sets else record.published,
        record.category,
        record.person,
        record.device,
        record.code,
        judgement.notes,
        record.is_part,
    )
    changes = tuple(make_event(clocks.ticket, revision, item, now) for item in contribution_sets)
    return Measured(after, (*judgement.events, *changes), judgement.due)


def decide_ticket(record: TicketRecord, book: PolicyBook, at: datetime) -> Decision[TicketRecord]:
    """What is true of a ticket at a moment, its SLAs first.

    A timer decides instead as soon as it is known which policy version was in force then.
    """
    if not book.knows(max(micros(at), record.clocks.as_of)):
        return Decision(record, due=at)
    decision = decide_slas(record.clocks, book, at)
    measured = measure_ticket(record, decision.state, book)
    solution_due = None if measured.due is None else instant(measured.due)
    dues = [due for due in (decision.due, solution_due) if due is not None]
    return Decision(measured.record, (*decision.events, *measured.events), min(dues, default=None))


def service_of(record: TicketRecord) -> str:
    """The service it is about; empty while nobody knows."""
    clocks = record.clocks
    history = read_ticket_history(clocks.facts, record.site, record.started, clocks.as_of)
    return Slice(*history.slice[:4]).service if history else ""


def team_of(record: TicketRecord) -> str:
    """The team that has it; empty if none was given it."""
    for fact in reversed(record.clocks.facts):
        if fact.kind is FactKind.ASSIGNED:
            return fact.values[0] or ""
    return ""


def is_at_risk(record: TicketRecord) -> bool:
    """Whether an SLA about it is at risk and not judged yet. By hand: it is asked at each write,
    and sets would take as long as the rest of it."""
    for clock in record.clocks.emitted:
        is_near = False
        for what, _ in clock.marks:
            if what.startswith(_VERDICTS):
                break
            is_near = is_near or what.startswith(_NEAR)
        else:
            if is_near:
                return True
    return False


def _contact(history: TicketHistory, by: Slice, published: Published) -> Iterator[ContributionSet]:
    """What the person's document is told: that they asked, when, and what about; if it is new."""
    if by.person and by.kind != Kind.PROACTIVE:
        contact = Contribution(CONTACTS, history.opened, history.opened)
        for bucket in person_buckets(by.person, history.opened):
            contribution_set = make_contribution_set(bucket, by, (contact,))
            if dict(published).get(bucket) != contribution_set.print:
                yield contribution_set


def _list_contributions(
    record: TicketRecord, clocks: TicketClocks, history: TicketHistory, book: PolicyBook
) -> Iterator[Contribution]:
    if not record.is_part:
        yield from contribute_volume(history)
    for contribute in (
        contribute_flow,
        contribute_restoring,
        contribute_contact,
    ):
        yield from contribute(history)
    yield from contribute_skills(history, record.category)
    yield from contribute_verdicts(clocks.emitted)
    yield from contribute_cost(history, book)
    for at, known_at in record.late:
        yield Contribution(LATE, max(at, history.opened), max(known_at, history.opened))


def make_event(
    source: str, revision: int, contribution_set: ContributionSet, at: int
) -> Event[Payload]:
    """The event that carries a contribution set to its bucket."""
    by = contribution_set.slice
    return Event(
        id=derive_id(source, f"measures/{contribution_set.bucket}", revision),
        source=SOURCE,
        subject=contribution_set.bucket,
        time=instant(at),
        data=ContributionsChanged(
            of=source if len(source) <= _LONGEST_SOURCE else derive_id(source, "source"),
            revision=revision,
            kind=by.kind,
            service=by.service,
            team=by.team,
            site=by.site,
            person=by.person,
            device=by.device,
            contributions=contribution_set.contributions,
        ),
    )
