"""What metrics remembers beside tickets: repairs of a target, and warnings with first reports.

Both keep the last days only; what comes later than that joins nothing any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from desk_shared.events.automation import RunHealed, RunStarted
from desk_shared.events.envelope import AnyEvent, Event, Payload
from desk_shared.events.signals import SignalRaised
from desk_shared.events.tickets import Kind, TicketOpened

from desk_metrics.domain.books import Ledgered, book_of, posted_by
from desk_metrics.domain.measures.detection import Report, Warned, detection_of
from desk_metrics.domain.measures.healing import Heal, Start, healing_of
from desk_metrics.domain.measures.postings import Slice
from desk_metrics.domain.worktime import micros

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


def with_run(state: Repairs, event: AnyEvent) -> tuple[Repairs, tuple[Event[Payload], ...]] | None:
    """The repairs with one more run, and what that changes; None if it was known."""
    at, data = micros(event.time), event.data
    if isinstance(data, RunStarted):
        if any(one.run == data.run for one in state.starts):
            return None
        state = replace(state, starts=tuple(sorted((*state.starts, Start(data.run, at)))))
    elif isinstance(data, RunHealed):
        if any(one.run == data.run for one in state.heals):
            return None
        heal = Heal(data.run, at, data.service, bool(data.person))
        state = replace(state, heals=tuple(sorted((*state.heals, heal))))
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


def sights_keys(event: AnyEvent) -> Iterable[str]:
    """Each device and service that a warning or a person's ticket is about."""
    data = event.data
    if isinstance(data, SignalRaised):
        return {f"{data.subject_kind}:{event.subject}"}
    if isinstance(data, TicketOpened) and data.kind != Kind.PROACTIVE:
        about = (("device", data.device), ("service", data.service))
        return {f"{kind}:{name}" for kind, name in about if name}
    return ()


def with_sight(state: Sights, event: AnyEvent) -> tuple[Sights, tuple[Event[Payload], ...]] | None:
    """The sights with one more warning or report; None if it was known."""
    at, data = micros(event.time), event.data
    if isinstance(data, SignalRaised):
        if any(one.episode == data.episode for one in state.warnings):
            return None
        warnings = (*state.warnings, Warned(data.episode, at))
        service = data.service or state.service
        state = replace(state, service=service, warnings=tuple(sorted(warnings)))
    else:
        report = Report(event.subject, at)
        if report in state.reports:
            return None
        state = replace(state, reports=tuple(sorted((*state.reports, report))))
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
