"""What triage remembers of one subject: small, bounded, only of detectors that watch it."""

from datetime import datetime

from desk_shared.events.people import Severity, SubjectKind, Value

# Times are seconds since 1970 as floats: these are written for every measurement that matters.
Point = tuple[float, float]


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


class Watch(Value):
    """One detector on one subject.

    `troubles` are the moments of trouble that no healthy measurement has followed yet; while an
    episode is open only the last. `points` is the past that trends and scores are made of.
    """

    detector: str
    clear_s: float | None = None
    troubles: tuple[float, ...] = ()
    points: tuple[Point, ...] = ()
    coarseness: int = 0
    episode: Episode | None = None


class AlertWatch(Value):
    """One alert of a monitoring system, by its source and fingerprint.

    `known` are the last reports of it; `clears_at` is when an end that is held back will be
    believed, `falls_to` a lower severity that is, from `falls_at` on.
    """

    fingerprint: str
    source: str = ""
    known: tuple[str, ...] = ()
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
        return min((one for one in (self.clears_at, self.falls_at) if one), default=None)


class Subject(Value):
    """A device or service that reports."""

    watches: tuple[Watch, ...] = ()
    alerts: tuple[AlertWatch, ...] = ()

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """What is open, oldest first."""
        found = [one.episode for one in self.watches] + [one.episode for one in self.alerts]
        return tuple(sorted(filter(None, found), key=lambda one: (one.raised_at, one.id)))

    @property
    def next_clear(self) -> datetime | None:
        """When the first clear, or fall of a severity, that is held back falls due."""
        moments = (one.next_look for one in self.alerts)
        return min((one for one in moments if one), default=None)

    def only_episodes(self) -> "Subject":
        """What a listing shows of it: nothing that was measured or reported."""
        return Subject(
            watches=tuple(
                Watch(detector=one.detector, episode=one.episode)
                for one in self.watches
                if one.episode
            ),
            alerts=tuple(
                AlertWatch(fingerprint=one.fingerprint, source=one.source, episode=one.episode)
                for one in self.alerts
                if one.episode
            ),
        )

    def watch(self, detector: str) -> Watch | None:
        """What is remembered for that detector."""
        return next((one for one in self.watches if one.detector == detector), None)

    def watched(self, watch: Watch) -> "Subject":
        """The subject with what one detector remembers now."""
        others = tuple(one for one in self.watches if one.detector != watch.detector)
        return self.model_copy(update={"watches": (*others, watch)})
