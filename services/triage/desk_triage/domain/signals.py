"""The two ends of an episode, whatever saw it: what is kept when raised, what is told when over."""

from desk_shared.events import AnyEvent, Event, derive
from desk_shared.events.message import Message
from desk_shared.events.people import Severity
from desk_shared.events.signals import SignalCleared, SignalRaised, SignalSeverityChanged

from desk_triage.domain.source import SOURCE
from desk_triage.domain.watching import Episode


def episode_of(raised: Event[SignalRaised]) -> Episode:
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


def cleared(episode: Episode, value: float, why: Message) -> SignalCleared:
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


def severity_changed(
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


def clear(episode: Episode, cause: AnyEvent, value: float, why: Message) -> Event[SignalCleared]:
    """The event that ends an episode."""
    return derive(
        cause,
        cleared(episode, value, why),
        source=SOURCE,
        subject=cause.subject,
        rule=f"clear/{episode.id}",
        at=cause.time,
    )
