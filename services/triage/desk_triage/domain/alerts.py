"""Alerts of monitoring systems as signals: one episode per fingerprint, a flapping one is held.

An alert that changed often lately is cleared only after it has been quiet for a while, so a flap
is one episode. A `resolved` that is older than the last `fired` came late and ends nothing.
"""

import re
from datetime import datetime, timedelta

from desk_shared.charter.model import Charter
from desk_shared.events import AnyEvent, Event, derive
from desk_shared.events.people import Reason
from desk_shared.events.signals import SignalCleared, SignalRaised
from desk_shared.events.telemetry import AlertFired, AlertResolved
from desk_shared.ids import derived_id
from desk_shared.text import plain_words

from desk_triage.domain.board import Board, change_reasons
from desk_triage.domain.outcome import SOURCE, Outcome
from desk_triage.domain.signals import clear, cleared, episode_of
from desk_triage.domain.watching import AlertWatch, Episode, Subject

# Four changes in ten minutes is firing twice and resolving twice: that is a flap.
FLAP_CHANGES = 4
FLAP_WINDOW = timedelta(minutes=10)
QUIET = timedelta(minutes=5)
MAX_ALERTS = 100
DETECTOR = "alert"


def fire(
    subject: Subject | None, event: Event[AlertFired], charter: Charter, board: Board
) -> Outcome[Subject] | None:
    """A new alert raises a signal; one that is open already only takes back a clear held back."""
    subject = subject or Subject()
    known = _alert(subject, event.data.fingerprint)
    if known.resolved_at is not None and event.time < known.resolved_at:
        return None  # it is over already; the report came late
    if known.episode is not None and known.clears_at is None:
        if known.fired_at is not None and event.time <= known.fired_at:
            return None
        return _kept(subject, known.model_copy(update={"fired_at": event.time}))
    changed = _changed(known, event.time, {"fired_at": event.time, "clears_at": None})
    if known.episode is not None:
        return _kept(subject, changed)
    raised = _raised(event, charter, board)
    opened = changed.model_copy(update={"episode": episode_of(raised)})
    return _kept(subject, opened, raised)


def resolve(
    subject: Subject | None, event: Event[AlertResolved], now: datetime
) -> Outcome[Subject] | None:
    """The end of an alert; a clear is held back while it flaps."""
    subject = subject or Subject()
    known = _alert(subject, event.data.fingerprint)
    if known.fired_at is not None and event.time < known.fired_at:
        return None
    if known.resolved_at is not None and event.time <= known.resolved_at:
        return None
    changed = _changed(known, event.time, {"resolved_at": event.time})
    if known.episode is None:
        return _kept(subject, changed)
    if len(changed.changes) >= FLAP_CHANGES:
        until = max(event.time, now) + QUIET
        return _kept(subject, changed.model_copy(update={"clears_at": until}))
    told = clear(known.episode, event, 0, "The monitoring system says that it is over.")
    return _kept(subject, changed.model_copy(update={"episode": None}), told)


def clear_quiet(subject: Subject, name: str, now: datetime) -> Outcome[Subject]:
    """Clear what was held back and has been quiet since."""
    events: list[AnyEvent] = []
    alerts = []
    for alert in subject.alerts:
        if alert.episode is None or alert.clears_at is None or alert.clears_at > now:
            alerts.append(alert)
            continue
        text = f"It came and went, and has been quiet for {QUIET.seconds // 60} minutes."
        events.append(_quiet(alert.episode, name, alert.clears_at, text))
        alerts.append(alert.model_copy(update={"episode": None, "clears_at": None}))
    after = subject.model_copy(update={"alerts": tuple(alerts)})
    return Outcome(after, tuple(events), after.next_clear)


def _quiet(episode: Episode, name: str, at: datetime, text: str) -> Event[SignalCleared]:
    return Event(
        id=derived_id(episode.id, "clear/quiet"),
        source=SOURCE,
        subject=name,
        time=at,
        data=cleared(episode, 0, text),
        causation_id=episode.id,
    )


def _alert(subject: Subject, fingerprint: str) -> AlertWatch:
    found = (one for one in subject.alerts if one.fingerprint == fingerprint)
    return next(found, AlertWatch(fingerprint=fingerprint))


def _changed(alert: AlertWatch, at: datetime, update: dict[str, datetime | None]) -> AlertWatch:
    recent = [one for one in alert.changes if at - one <= FLAP_WINDOW]
    changes = tuple(sorted({*recent, at})[-2 * FLAP_CHANGES :])
    return alert.model_copy(update={**update, "changes": changes})


def _kept(subject: Subject, alert: AlertWatch, *events: AnyEvent) -> Outcome[Subject]:
    """With the alert as the newest; beyond the bound the oldest closed one is forgotten first."""
    others = [one for one in subject.alerts if one.fingerprint != alert.fingerprint]
    if len(others) >= MAX_ALERTS:
        oldest = next((one for one in others if one.episode is None), others[0])
        others.remove(oldest)
    after = subject.model_copy(update={"alerts": (*others, alert)})
    return Outcome(after, events, after.next_clear)


def _raised(event: Event[AlertFired], charter: Charter, board: Board) -> Event[SignalRaised]:
    data = event.data
    known = charter.find_service(data.service)
    reasons = [Reason(rule=DETECTOR, text=f"A monitoring system reports: {data.summary}")]
    if known is not None:
        reasons += change_reasons(board, known.name, known.title, event.time)
    signal = SignalRaised(
        episode=derived_id(event.identity, f"episode/{data.fingerprint}"),
        detector=DETECTOR,
        signal=_slug(data.name),
        title=data.summary,
        severity=data.severity,
        subject_kind=data.subject_kind,
        measurement=data.name,
        value=1,
        threshold=1,
        service=data.service,
        attributes=data.attributes,
        explanation=tuple(reasons),
        charter=charter.version,
        amended=event.amended,
    )
    return derive(
        event, signal, source=SOURCE, subject=event.subject, rule="raise/alert", at=event.time
    )


def _slug(name: str) -> str:
    """`DiskWillFillIn24Hours` and `disk_will_fill` as the kebab-case names of signals."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return "-".join(plain_words(parted).split()) or DETECTOR
