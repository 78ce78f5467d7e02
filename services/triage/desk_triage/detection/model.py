"""What triage remembers of one subject: small, bounded, only of detectors that watch it."""

from datetime import datetime
from typing import Annotated

from desk_contracts.value_types import Severity, SubjectKind, Value
from pydantic import Field

# A document is read and written for every measurement that matters: each detector's part is small.
MAX_NUMBERS = 256
MAX_PACKED = 1_400
# Times are seconds since 1970 as floats: these are written for every measurement that matters.
Sample = tuple[float, float]


class Episode(Value):
    """One open signal: raised once, cleared once, the same id in between."""

    id: str
    detector: str
    signal: str
    title: str
    severity: Severity
    raised_at: datetime
    value: float
    subject_kind: SubjectKind
    service: str = ""
    person: str = ""
    site: str = ""


class DetectorState(Value):
    """What a kind of detector remembers of one subject, between two samples.

    `samples` is its sample window, thinned the more the higher `coarseness`; `numbers` are whatever
    else a kind needs, such as a running mean. `packed` and `hours` are numbers in base64, for kinds
    that need so many that their digits would fill the document.
    """

    samples: tuple[Sample, ...] = ()
    coarseness: int = 0
    numbers: Annotated[tuple[float, ...], Field(max_length=MAX_NUMBERS)] = ()
    packed: Annotated[str, Field(max_length=MAX_PACKED)] = ""
    hours: Annotated[str, Field(max_length=MAX_PACKED)] = ""


class Watch(Value):
    """One detector on one subject.

    `troubles` are the moments of trouble that no healthy measurement has followed yet; while an
    episode is open only the last. A detector that is joined with others of the subject has no
    episode of its own: `joined_s` is since when its trouble counts, and the episode is that of the
    watch with the name of the joint. `unit` is what the samples came in last. What the charter says
    of the detector may change: `measurement` and `join` are what it said of these samples.
    """

    detector: str
    measurement: str = ""
    join: str = ""
    joined_s: float | None = None
    unit: str = ""
    clear_s: float | None = None
    troubles: tuple[float, ...] = ()
    state: DetectorState = DetectorState()
    episode: Episode | None = None

    @property
    def is_raised(self) -> bool:
        """Whether its trouble counts, by itself or with others."""
        return self.episode is not None or self.joined_s is not None


class AlertWatch(Value):
    """One alert of a monitoring system, by its source and fingerprint.

    `reports` are the last of it; `clears_at` is when an end that is held back will be
    believed, `falls_to` a lower severity that is, from `falls_at` on.
    """

    fingerprint: str
    source: str = ""
    reports: tuple[str, ...] = ()
    changes: tuple[datetime, ...] = ()
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    clears_at: datetime | None = None
    falls_to: Severity | None = None
    falls_at: datetime | None = None
    episode: Episode | None = None

    @property
    def next_look(self) -> datetime | None:
        """When something that is held back falls due."""
        return min((due for due in (self.clears_at, self.falls_at) if due), default=None)


class Subject(Value):
    """A device or service that reports."""

    watches: tuple[Watch, ...] = ()
    alerts: tuple[AlertWatch, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """What a device says of itself, by name: site, version, model. Empty for a service."""
    look_at: datetime | None = None
    """When it is looked at whether what is open is still watched."""

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """What is open, oldest first."""
        open_episodes = [watch.episode for watch in self.watches]
        open_episodes += [alert.episode for alert in self.alerts]
        ordered = sorted(
            filter(None, open_episodes), key=lambda episode: (episode.raised_at, episode.id)
        )
        return tuple(ordered)

    @property
    def next_clear(self) -> datetime | None:
        """When the first clear, or fall of a severity, that is held back falls due."""
        moments = (alert.next_look for alert in self.alerts)
        return min((due for due in moments if due), default=None)

    @property
    def due(self) -> datetime | None:
        """When something is to be done without an event."""
        return min((due for due in (self.next_clear, self.look_at) if due), default=None)

    def only_episodes(self) -> "Subject":
        """What a listing shows of it: nothing that was measured, and no alert that is over."""
        return Subject(
            facts=self.facts,
            watches=tuple(
                Watch(detector=watch.detector, episode=watch.episode)
                for watch in self.watches
                if watch.episode
            ),
            alerts=tuple(
                AlertWatch(
                    fingerprint=alert.fingerprint, source=alert.source, episode=alert.episode
                )
                for alert in self.alerts
                if alert.episode
            ),
        )

    def watch(self, detector: str) -> Watch | None:
        """What is remembered for that detector."""
        return next((watch for watch in self.watches if watch.detector == detector), None)

    def replace_watch(self, watch: Watch) -> "Subject":
        """The subject with what one detector remembers now."""
        others = tuple(other for other in self.watches if other.detector != watch.detector)
        return self.model_copy(update={"watches": (*others, watch)})
