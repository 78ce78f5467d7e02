"""The two ends of an episode: what is kept when it is raised, what is emitted when it is over."""

from datetime import datetime

from desk_contracts import AnyEvent, Event, derive
from desk_contracts.events.signals import (
    SignalCleared,
    SignalDropped,
    SignalRaised,
    SignalSeverityChanged,
)
from desk_contracts.ids import derive_id
from desk_contracts.message import Message
from desk_contracts.value_types import Severity

from desk_triage.detection.model import Episode
from desk_triage.routing.model import SOURCE


def open_episode(raised: Event[SignalRaised]) -> Episode:
    """What is remembered of a signal until it is cleared."""
    data = raised.data
    return Episode(
        id=data.episode,
        detector=data.detector,
        signal=data.signal,
        title=data.title,
        severity=data.severity,
        raised_at=raised.time,
        value=data.value,
        subject_kind=data.subject_kind,
        service=data.service,
        person=data.person,
        site=data.site,
    )


def describe_end(episode: Episode, value: float, why: Message) -> SignalCleared:
    """That it is over, and how that is known."""
    return SignalCleared(
        episode=episode.id,
        detector=episode.detector,
        signal=episode.signal,
        value=value,
        subject_kind=episode.subject_kind,
        service=episode.service,
        explanation=(why,),
    )


def describe_severity(
    episode: Episode, title: str, severity: Severity, why: Message, measurement: str = ""
) -> SignalSeverityChanged:
    """How bad it is now; `episode` is as it was before."""
    return SignalSeverityChanged(
        episode=episode.id,
        detector=episode.detector,
        signal=episode.signal,
        title=title,
        severity=severity,
        previous=episode.severity,
        subject_kind=episode.subject_kind,
        measurement=measurement,
        service=episode.service,
        explanation=(why,),
    )


def emit_end(
    episode: Episode, cause: AnyEvent, value: float, why: Message, subject: str = ""
) -> Event[SignalCleared]:
    """The event that ends an episode of `subject`, or else of what the cause is about."""
    return derive(
        cause,
        describe_end(episode, value, why),
        source=SOURCE,
        subject=subject or cause.subject,
        rule=f"clear/{episode.id}",
        at=cause.time,
    )


def emit_drop(
    episode: Episode, subject: str, seen_at: datetime, now: datetime, why: Message
) -> Event[SignalDropped]:
    """That nobody will tell the end of an episode; once for each."""
    dropped = SignalDropped(
        episode=episode.id,
        detector=episode.detector,
        signal=episode.signal,
        title=episode.title,
        seen_at=seen_at,
        subject_kind=episode.subject_kind,
        service=episode.service,
        explanation=(why,),
    )
    return Event(
        id=derive_id(episode.id, "drop"),
        source=SOURCE,
        subject=subject,
        time=now,
        data=dropped,
        causation_id=episode.id,
    )
