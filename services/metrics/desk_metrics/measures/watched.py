"""What metrics remembers beside tickets: repairs of a target, and warnings with first reports.

Both keep the last days only; what comes later than that joins nothing any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.automation import RunHealed, RunRelapsed
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.tickets import Kind, TicketOpened
from desk_kernel import Readings, Reducers

from desk_metrics.measures.contributions import Slice
from desk_metrics.measures.detection import Report, Warned, contribute_detection
from desk_metrics.measures.healing import Heal, TakenBack, contribute_healing
from desk_metrics.measures.publication import SourceRecord, find_source, publish
from desk_metrics.sla.worktime import micros

_DAY = 24 * 3600 * 1_000_000
KEPT = 3 * _DAY
# A cure can be taken back for seven days, and what tells so may come late.
REPAIRS_KEPT = 14 * _DAY


@dataclass(frozen=True, slots=True)
class Repairs:
    """The runs of one runbook at one target."""

    heals: tuple[Heal, ...] = ()
    relapses: tuple[TakenBack, ...] = ()
    sources: tuple[SourceRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Detections:
    """Warnings about one device or service, and tickets about it."""

    service: str = ""
    warnings: tuple[Warned, ...] = ()
    reports: tuple[Report, ...] = ()
    sources: tuple[SourceRecord, ...] = ()


# Which repairs an event belongs to; what somebody asked for repairs nothing.
repairs_key: Readings[str | None] = Readings(None)


@repairs_key.on(RunHealed)
def _repairs_of_heal(event: Event[RunHealed]) -> str | None:
    return None if event.data.request else f"{event.subject}|{event.data.runbook}"


@repairs_key.on(RunRelapsed)
def _repairs_of_relapse(event: Event[RunRelapsed]) -> str:
    return f"{event.subject}|{event.data.runbook}"


_add_run: Reducers[Repairs, [], Repairs] = Reducers(lambda state, _event: state)


@_add_run.on(RunRelapsed)
def _add_relapse(state: Repairs, event: Event[RunRelapsed]) -> Repairs:
    relapse = TakenBack(event.data.run, micros(event.data.relapsed_at))
    if any(other.run == relapse.run for other in state.relapses):
        return state
    return replace(state, relapses=tuple(sorted((*state.relapses, relapse))))


@_add_run.on(RunHealed)
def _add_heal(state: Repairs, event: Event[RunHealed]) -> Repairs:
    data = event.data
    heal = Heal(data.run, micros(event.time), data.service, bool(data.person))
    if any(other.run == heal.run for other in state.heals):
        return state
    return replace(state, heals=tuple(sorted((*state.heals, heal))))


def add_run(before: Repairs, event: AnyEvent) -> tuple[Repairs, tuple[Event[Payload], ...]] | None:
    """The repairs with one more run, and what that changes; None if it was known."""
    state = _add_run(before, event)
    if state is before:
        return None
    latest = max([item.at for item in state.heals] + [item.at for item in state.relapses])
    relapsed = {item.run: item.at for item in state.relapses}
    sources, events = dict[str, SourceRecord](), list[Event[Payload]]()
    for heal in state.heals:
        contributions = tuple(contribute_healing(heal, relapsed.get(heal.run)))
        book, fresh = publish(
            find_source(state.sources, heal.run), Slice("", heal.service), contributions, latest
        )
        sources[heal.run] = book
        events += fresh
    heals = tuple(item for item in state.heals if item.at >= latest - REPAIRS_KEPT)
    relapses = tuple(item for item in state.relapses if item.at >= latest - REPAIRS_KEPT)
    return Repairs(heals, relapses, tuple(sources[item.run] for item in heals)), tuple(events)


# Each device and service that a warning or a person's ticket is about.
detections_keys: Readings[Iterable[str]] = Readings(())


@detections_keys.on(SignalRaised)
def _subject_of_signal(event: Event[SignalRaised]) -> Iterable[str]:
    return {f"{event.data.subject_kind}:{event.subject}"}


@detections_keys.on(TicketOpened)
def _subjects_of_ticket(event: Event[TicketOpened]) -> Iterable[str]:
    data = event.data
    # Nor is a part, that a member split off, a report of its own.
    if data.kind == Kind.PROACTIVE or data.split_from:
        return ()
    about = (("device", data.device), ("service", data.service))
    return {f"{kind}:{name}" for kind, name in about if name}


_add_detection: Reducers[Detections, [], Detections] = Reducers(lambda state, _event: state)


@_add_detection.on(SignalRaised)
def _add_warning(state: Detections, event: Event[SignalRaised]) -> Detections:
    data = event.data
    if any(warning.episode == data.episode for warning in state.warnings):
        return state
    warnings = (*state.warnings, Warned(data.episode, micros(event.time)))
    service = data.service or state.service
    return replace(state, service=service, warnings=tuple(sorted(warnings)))


@_add_detection.on(TicketOpened)
def _add_report(state: Detections, event: Event[TicketOpened]) -> Detections:
    report = Report(event.subject, micros(event.time))
    if report in state.reports:
        return state
    return replace(state, reports=tuple(sorted((*state.reports, report))))


def add_detection(
    before: Detections, event: AnyEvent
) -> tuple[Detections, tuple[Event[Payload], ...]] | None:
    """The detections with one more warning or report; None if it was known."""
    state = _add_detection(before, event)
    if state is before:
        return None
    latest = max(
        [warning.at for warning in state.warnings] + [report.at for report in state.reports]
    )
    sources, events = dict[str, SourceRecord](), list[Event[Payload]]()
    for warned in state.warnings:
        contributions = tuple(contribute_detection(warned, state.reports))
        source = find_source(state.sources, warned.episode)
        book, fresh = publish(source, Slice("", state.service), contributions, latest)
        sources[warned.episode] = book
        events += fresh
    warnings = tuple(item for item in state.warnings if item.at >= latest - KEPT)
    reports = tuple(item for item in state.reports if item.at >= latest - KEPT)
    kept = tuple(sources[item.episode] for item in warnings)
    return Detections(state.service, warnings, reports, kept), tuple(events)
