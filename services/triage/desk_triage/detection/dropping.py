"""What becomes of an open signal whose detector the charter does not have any more.

Nobody will say that it is over, so it is dropped: neither open nor cleared. A detector that now
watches another measurement, or is joined with others, is another one to what it raised before.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from desk_charter.detectors import DetectorSettings
from desk_contracts import AnyEvent
from desk_contracts.message import message

from desk_triage.detection.model import Episode, Subject, Watch
from desk_triage.detection.signals import emit_drop

# What has events of its own is looked at with each; this is for what is silent.
LOOK_EVERY = timedelta(hours=1)
# No detector of the charter has a name with a slash.
JOINT = "join/"


class Watched(NamedTuple):
    """What the charter says of a detector, as far as its samples depend on it."""

    measurement: str
    join: str

    @classmethod
    def of(cls, settings: DetectorSettings) -> "Watched":
        """What the charter says now."""
        return cls(settings.measurement, settings.join or "")


def list_watched(detectors: Sequence[DetectorSettings]) -> Mapping[str, Watched]:
    """What each detector of the charter watches, by its id."""
    return {settings.id: Watched.of(settings) for settings in detectors}


def fits(watch: Watch, now: Watched) -> bool:
    """Whether the detector is as it was when it took these samples."""
    return now == (watch.measurement or now.measurement, watch.join)


def drop_unwatched(
    subject: Subject, watched: Mapping[str, Watched], name: str, now: datetime
) -> tuple[Subject, list[AnyEvent]]:
    """The subject without what nobody watches; its signals are dropped, each once.

    A joint signal stays open while one of those that are left sees trouble. `name` is the
    subject's.
    """
    gone = [
        watch
        for watch in subject.watches
        if watch.is_raised
        and not watch.detector.startswith(JOINT)
        and not ((seen := watched.get(watch.detector)) and fits(watch, seen))
    ]
    if not gone:
        return subject, []
    left = [watch for watch in subject.watches if watch not in gone]
    ended: list[tuple[Episode, list[Watch]]] = []
    ended += [(watch.episode, [watch]) for watch in gone if watch.episode is not None]
    for join in sorted({watch.join for watch in gone if watch.join}):
        joint = subject.watch(f"{JOINT}{join}")
        if joint is None or joint.episode is None:
            continue
        if any(watch.join == join and watch.is_raised for watch in left):
            continue
        left.remove(joint)
        ended.append((joint.episode, [watch for watch in gone if watch.join == join]))
    events: list[AnyEvent] = []
    for episode, watches in ended:
        troubles = [trouble for watch in watches for trouble in watch.troubles]
        last = datetime.fromtimestamp(max(troubles), UTC) if troubles else episode.raised_at
        why = message("signal.unwatched", detector=episode.detector)
        events.append(emit_drop(episode, name, max(last, episode.raised_at), now, why))
    return subject.model_copy(update={"watches": tuple(left)}), events


def plan_look(subject: Subject, now: datetime) -> Subject:
    """With the next look while something is raised; the very same object if that is planned."""
    is_raised = any(watch.is_raised for watch in subject.watches)
    is_planned = subject.look_at is not None and subject.look_at > now
    if is_raised == is_planned and (is_raised or subject.look_at is None):
        return subject
    return subject.model_copy(update={"look_at": now + LOOK_EVERY if is_raised else None})
