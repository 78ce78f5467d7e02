"""Alerts of monitoring systems as signals: one episode at a time per source and fingerprint.

A report under a new identity counts, whatever time it gives: an alert that fires after its end is
open again, a rise of its severity is emitted. When in doubt trouble is believed and health is not:
an end or a fall that is older than the last firing came late. What changes often is held open, and
held at its worst, until it has been quiet for a while, so a flap is one episode.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from desk_charter.model import Charter
from desk_contracts import AnyEvent, Event, Payload, derive
from desk_contracts.digest import content_of, id_reused, seed_of
from desk_contracts.errors import Invalid
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.telemetry import AlertFired, AlertResolved
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.text import plain_words
from desk_kernel import Decision

from desk_triage.changes.snapshot import ContextSnapshot, explain_changes
from desk_triage.detection.model import AlertWatch, Episode, Subject
from desk_triage.detection.signals import (
    describe_end,
    describe_severity,
    emit_end,
    open_episode,
)
from desk_triage.routing.model import SOURCE

# Four changes in ten minutes is firing twice and resolving twice: that is a flap.
FLAP_CHANGES = 4
FLAP_WINDOW = timedelta(minutes=10)
QUIET = timedelta(minutes=5)
# Closed alerts of one subject beyond this are forgotten, oldest first; open ones never are.
MAX_ALERTS = 100
# One more than this that is open is refused, so that it can be seen: nothing is dropped for it.
MAX_OPEN = 1_000
# Copies that come close together; the runtime knows those of any age.
MAX_KNOWN = 16
# What the name of a signal may have.
LONGEST_NAME = 200
DETECTOR = "alert"

AlertReport = Event[AlertFired] | Event[AlertResolved]


def fire(
    subject: Subject | None,
    event: Event[AlertFired],
    charter: Charter,
    snapshot: ContextSnapshot,
    now: datetime,
) -> Decision[Subject] | None:
    """A new alert raises a signal; an open one follows its newest report."""
    subject = subject or Subject()
    alert = _add_report(_find_alert(subject, event), event)
    if alert is None:
        return None
    at = min(event.time, now)
    if alert.fired_at is None and alert.resolved_at is not None and at < alert.resolved_at:
        # The one report of its beginning that came after the report of its end.
        return _decide(subject, alert.model_copy(update={"fired_at": at}))
    if alert.episode is None:
        raised = _emit_raised(event, charter, snapshot, at)
        opened = {"fired_at": at, "episode": open_episode(raised)}
        return _decide(subject, _add_change(alert, at, opened), raised)
    after, events = _follow(alert, alert.episode, event, at, now)
    if alert.clears_at is not None:
        after = _add_change(after, at, {"clears_at": None})
    newest = max(at, alert.fired_at or at)
    return _decide(subject, after.model_copy(update={"fired_at": newest}), *events)


def resolve(
    subject: Subject | None, event: Event[AlertResolved], now: datetime
) -> Decision[Subject] | None:
    """The end of an alert; a clear is held back while it flaps."""
    subject = subject or Subject()
    alert = _add_report(_find_alert(subject, event), event)
    if alert is None:
        return None
    at = min(event.time, now)
    if alert.episode is None:
        newest = max(at, alert.resolved_at or at)
        return _decide(subject, alert.model_copy(update={"resolved_at": newest}))
    is_late = alert.fired_at is not None and at < alert.fired_at
    if is_late or alert.clears_at is not None:
        return _decide(subject, alert)
    changed = _add_change(alert, at, {"resolved_at": at})
    if _is_flapping(changed):
        return _decide(subject, changed.model_copy(update={"clears_at": now + QUIET}))
    ended = emit_end(alert.episode, event, 0, message("alert.over"))
    return _decide(subject, _close(changed), ended)


def clear_quiet(subject: Subject, name: str, now: datetime) -> Decision[Subject]:
    """Believe what was held back and has been quiet since: an end, or a lower severity."""
    events: list[AnyEvent] = []
    alerts = []
    for alert in subject.alerts:
        after = alert
        if alert.episode is not None and alert.clears_at is not None and alert.clears_at <= now:
            end = describe_end(alert.episode, 0, message("alert.quiet", quiet=QUIET))
            events.append(_emit_quiet(alert.episode, name, alert.clears_at, end, "clear/quiet"))
            after = _close(alert)
        elif alert.falls_at is not None and alert.falls_at <= now:
            after, lowered = _lower(alert, name, alert.falls_at)
            events += lowered
        alerts.append(after)
    state = subject.model_copy(update={"alerts": tuple(alerts)})
    return Decision(state, tuple(events), state.due)


def _follow(
    alert: AlertWatch, episode: Episode, event: Event[AlertFired], at: datetime, now: datetime
) -> tuple[AlertWatch, tuple[AnyEvent, ...]]:
    """The open alert as its newest report describes it.

    A rise is believed though its time be older: clocks lie, and a rise that is missed does harm.
    """
    data, severity = event.data, event.data.severity
    is_rise = severity.rank > episode.severity.rank
    if not is_rise and alert.fired_at is not None and at < alert.fired_at:
        return alert, ()
    titled = episode.model_copy(update={"title": data.summary})
    steady = {"episode": titled, "falls_to": None, "falls_at": None}
    if severity is episode.severity:
        return alert.model_copy(update=steady), ()
    changed = _add_change(alert, at, steady)
    if not is_rise and _is_flapping(changed):
        held = {"episode": titled, "falls_to": severity, "falls_at": now + QUIET}
        return alert.model_copy(update=held), ()
    why = message("alert.reported", summary=data.summary)
    change = describe_severity(episode, data.summary, severity, why, data.name)
    rule = f"severity/{episode.id}"
    emitted = derive(event, change, source=SOURCE, subject=event.subject, rule=rule, at=at)
    worse = titled.model_copy(update={"severity": severity})
    return changed.model_copy(update={"episode": worse}), (emitted,)


def _lower(alert: AlertWatch, name: str, at: datetime) -> tuple[AlertWatch, list[AnyEvent]]:
    """The alert with the lower severity that was held back."""
    nothing = {"falls_to": None, "falls_at": None}
    episode, severity = alert.episode, alert.falls_to
    if episode is None or severity is None:  # desk-skip: mutate neither is, while it is to fall
        return alert.model_copy(update=nothing), []
    why = message("alert.fell", quiet=QUIET)
    change = describe_severity(episode, episode.title, severity, why)
    rule = f"severity/quiet/{at.isoformat()}"
    lower = episode.model_copy(update={"severity": severity})
    after = alert.model_copy(update={**nothing, "episode": lower})
    return after, [_emit_quiet(episode, name, at, change, rule)]


def _emit_quiet(episode: Episode, name: str, at: datetime, data: Payload, rule: str) -> AnyEvent:
    return Event(
        id=derive_id(episode.id, rule),
        source=SOURCE,
        subject=name,
        time=at,
        data=data,
        causation_id=episode.id,
    )


def _is_of(alert: AlertWatch, source: str, fingerprint: str) -> bool:
    """Another system may give the same fingerprint to an alert of its own."""
    return (alert.source, alert.fingerprint) == (source, fingerprint)


def _find_alert(subject: Subject, event: AlertReport) -> AlertWatch:
    source, fingerprint = event.source, event.data.fingerprint
    same = (alert for alert in subject.alerts if _is_of(alert, source, fingerprint))
    return next(same, AlertWatch(fingerprint=fingerprint, source=source))


def _add_report(alert: AlertWatch, event: AlertReport) -> AlertWatch | None:
    """The alert with one report more; None if it is a copy of one that was read."""
    identity = event.identity[:16]
    report = identity + content_of(event)
    if report in alert.reports:
        return None
    if any(previous.startswith(identity) for previous in alert.reports):
        raise id_reused(event)
    return alert.model_copy(update={"reports": (*alert.reports, report)[-MAX_KNOWN:]})


def _add_change(alert: AlertWatch, at: datetime, update: Mapping[str, object]) -> AlertWatch:
    """With one change more. A monitor that always gives the alert's start as time flaps as well."""
    at = max(at, *alert.changes) if alert.changes else at
    recent = [change for change in alert.changes if at - change <= FLAP_WINDOW]
    changes = (*recent, at)[-2 * FLAP_CHANGES :]
    return alert.model_copy(update={**update, "changes": changes})


def _is_flapping(alert: AlertWatch) -> bool:
    return len(alert.changes) >= FLAP_CHANGES


def _close(alert: AlertWatch) -> AlertWatch:
    nothing = {"episode": None, "clears_at": None, "falls_to": None, "falls_at": None}
    return alert.model_copy(update=nothing)


def _decide(subject: Subject, alert: AlertWatch, *events: AnyEvent) -> Decision[Subject]:
    """With the alert as the newest; beyond the bound the oldest closed one is forgotten.

    That a forgotten open one is over would never be emitted.
    """
    source, fingerprint = alert.source, alert.fingerprint
    others = [other for other in subject.alerts if not _is_of(other, source, fingerprint)]
    oldest = next((other for other in others if other.episode is None), None)
    if len(others) >= MAX_ALERTS and oldest is not None:
        others.remove(oldest)
    elif len(others) >= MAX_OPEN and alert.episode is not None:
        raise Invalid(message("alert.too-many", most=MAX_OPEN), code="too-many-alerts")
    after = subject.model_copy(update={"alerts": (*others, alert)})
    return Decision(after, events, after.due)


def _emit_raised(
    event: Event[AlertFired], charter: Charter, snapshot: ContextSnapshot, at: datetime
) -> Event[SignalRaised]:
    data = event.data
    # `DiskWillFillIn24Hours` and `disk_will_fill` become kebab-case names; a dash for each capital
    # can make a long name longer than a name may be.
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", data.name)
    name = "-".join(plain_words(split).split())[:LONGEST_NAME].strip("-")
    service = charter.find_service(data.service)
    reasons = [message("alert.reported", summary=data.summary)]
    if service is not None:
        reasons += explain_changes(snapshot, service.name, service.title, at)
    signal = SignalRaised(
        episode=derive_id(seed_of(event), f"episode/{data.fingerprint}"),
        detector=DETECTOR,
        signal=name or DETECTOR,
        title=data.summary,
        severity=data.severity,
        subject_kind=data.subject_kind,
        measurement=data.name,
        value=1,
        threshold=1,
        is_measured=False,
        service=data.service,
        attributes=data.attributes,
        explanation=tuple(reasons),
        charter=charter.version,
        amended=event.amended,
    )
    return derive(event, signal, source=SOURCE, subject=event.subject, rule="raise/alert", at=at)
