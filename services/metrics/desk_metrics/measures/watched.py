"""What metrics remembers beside tickets: repairs of a target, and warnings with first reports.

Both keep the last days only; what comes later than that joins nothing any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from desk_shared.events.automation import RunHealed, RunStarted
from desk_shared.events.envelope import AnyEvent, Event, Payload
from desk_shared.events.signals import SignalRaised
from desk_shared.events.tickets import Kind, TicketOpened
from desk_shared.kernel import Readings, Reducers

from desk_metrics.measures.contributions import Slice
from desk_metrics.measures.detection import Report, Warned, detection_of
from desk_metrics.measures.healing import Heal, Start, healing_of
from desk_metrics.measures.publication import Ledgered, book_of, posted_by
from desk_metrics.sla.worktime import micros

KEPT = 3 * 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Repairs:
    """The runs of one runbook at one target."""

    heals: tuple[Heal, ...] = ()
    starts: tuple[Start, ...] = ()
    books: tuple[Ledgered, ...] = ()


@dataclass(frozen=True, slots=True)
class Sights:
    """Warnings about one device or service, and tickets about it."""

    service: str = ""
    warnings: tuple[Warned, ...] = ()
    reports: tuple[Report, ...] = ()
    books: tuple[Ledgered, ...] = ()


def repairs_key(event: AnyEvent) -> str | None:
    """Which repairs an event belongs to."""
    if isinstance(event.data, RunStarted | RunHealed):
        return f"{event.subject}|{event.data.runbook}"
    return None


_one_more_run: Reducers[Repairs, [], Repairs] = Reducers(lambda state, _event: state)


@_one_more_run.on(RunStarted)
def _add_start(state: Repairs, event: Event[RunStarted]) -> Repairs:
    one = Start(event.data.run, micros(event.time))
    if any(other.run == one.run for other in state.starts):
        return state
    return replace(state, starts=tuple(sorted((*state.starts, one))))


@_one_more_run.on(RunHealed)
def _add_heal(state: Repairs, event: Event[RunHealed]) -> Repairs:
    data = event.data
    one = Heal(data.run, micros(event.time), data.service, bool(data.person))
    if any(other.run == one.run for other in state.heals):
        return state
    return replace(state, heals=tuple(sorted((*state.heals, one))))


def with_run(before: Repairs, event: AnyEvent) -> tuple[Repairs, tuple[Event[Payload], ...]] | None:
    """The repairs with one more run, and what that changes; None if it was known."""
    state = _one_more_run(before, event)
    if state is before:
        return None
    latest = max([one.at for one in state.starts] + [one.at for one in state.heals])
    books, events = dict[str, Ledgered](), list[Event[Payload]]()
    for heal in state.heals:
        postings = tuple(healing_of(heal, state.starts))
        book, fresh = posted_by(
            book_of(state.books, heal.run), Slice("", heal.service), postings, latest
        )
        books[heal.run] = book
        events += fresh
    return _pruned_repairs(state, books, latest), tuple(events)


# Each device and service that a warning or a person's ticket is about.
sights_keys: Readings[Iterable[str]] = Readings(())


@sights_keys.on(SignalRaised)
def _subject_of_signal(event: Event[SignalRaised]) -> Iterable[str]:
    return {f"{event.data.subject_kind}:{event.subject}"}


@sights_keys.on(TicketOpened)
def _subjects_of_ticket(event: Event[TicketOpened]) -> Iterable[str]:
    data = event.data
    if data.kind == Kind.PROACTIVE:
        return ()
    about = (("device", data.device), ("service", data.service))
    return {f"{kind}:{name}" for kind, name in about if name}


_one_more_sight: Reducers[Sights, [], Sights] = Reducers(lambda state, _event: state)


@_one_more_sight.on(SignalRaised)
def _add_warning(state: Sights, event: Event[SignalRaised]) -> Sights:
    data = event.data
    if any(one.episode == data.episode for one in state.warnings):
        return state
    warnings = (*state.warnings, Warned(data.episode, micros(event.time)))
    service = data.service or state.service
    return replace(state, service=service, warnings=tuple(sorted(warnings)))


@_one_more_sight.on(TicketOpened)
def _add_report(state: Sights, event: Event[TicketOpened]) -> Sights:
    report = Report(event.subject, micros(event.time))
    if report in state.reports:
        return state
    return replace(state, reports=tuple(sorted((*state.reports, report))))


def with_sight(before: Sights, event: AnyEvent) -> tuple[Sights, tuple[Event[Payload], ...]] | None:
    """The sights with one more warning or report; None if it was known."""
    state = _one_more_sight(before, event)
    if state is before:
        return None
    latest = max([one.at for one in state.warnings] + [one.at for one in state.reports])
    books, events = dict[str, Ledgered](), list[Event[Payload]]()
    for warned in state.warnings:
        postings = tuple(detection_of(warned, state.reports))
        source = book_of(state.books, warned.episode)
        book, fresh = posted_by(source, Slice("", state.service), postings, latest)
        books[warned.episode] = book
        events += fresh
    return _pruned_sights(state, books, latest), tuple(events)


def _pruned_repairs(state: Repairs, books: dict[str, Ledgered], latest: int) -> Repairs:
    heals = tuple(one for one in state.heals if one.at >= latest - KEPT)
    starts = tuple(one for one in state.starts if one.at >= latest - KEPT)
    return Repairs(heals, starts, tuple(books[one.run] for one in heals))


def _pruned_sights(state: Sights, books: dict[str, Ledgered], latest: int) -> Sights:
    warnings = tuple(one for one in state.warnings if one.at >= latest - KEPT)
    reports = tuple(one for one in state.reports if one.at >= latest - KEPT)
    kept = tuple(books[one.episode] for one in warnings)
    return Sights(state.service, warnings, reports, kept)
