"""What is heard of a device or service while a run cares: episodes that ended, fresh measurements.

Only subjects under watch are written; the rest of the telemetry passes by.
"""

from datetime import datetime

from desk_automation.domain.model import Sample
from desk_automation.domain.plan import Frozen

MAX_CLEARED = 50
MAX_SAMPLES = 30
MAX_WATCHES = 20


class Watch(Frozen):
    """A run that wants to know one measurement from now on."""

    run: str
    measurement: str
    since: datetime
    samples: tuple[Sample, ...] = ()


class Subject(Frozen):
    """One device or service. `news` names the runs that have not been told yet."""

    cleared: tuple[str, ...] = ()
    watches: tuple[Watch, ...] = ()
    news: tuple[str, ...] = ()

    def samples_for(self, run: str) -> tuple[Sample, ...]:
        return next((watch.samples for watch in self.watches if watch.run == run), ())


def cleared(subject: Subject | None, episode: str) -> Subject | None:
    """The trouble of that episode is over; remembered also if it comes before its beginning."""
    subject = subject or Subject()
    if episode in subject.cleared:
        return None
    return subject.model_copy(update={"cleared": (*subject.cleared, episode)[-MAX_CLEARED:]})


def watched(subject: Subject | None, run: str, measurement: str, now: datetime) -> Subject | None:
    """The subject under watch for the run; None if it is already."""
    subject = subject or Subject()
    if any(watch.run == run for watch in subject.watches):
        return None
    watch = Watch(run=run, measurement=measurement, since=now)
    return subject.model_copy(update={"watches": (*subject.watches, watch)[-MAX_WATCHES:]})


def unwatched(subject: Subject | None, run: str) -> Subject | None:
    """The subject without the run's watch."""
    if subject is None or all(watch.run != run for watch in subject.watches):
        return None
    watches = tuple(watch for watch in subject.watches if watch.run != run)
    news = tuple(one for one in subject.news if one != run)
    return subject.model_copy(update={"watches": watches, "news": news})


def measured(subject: Subject | None, measurement: str, sample: Sample) -> Subject | None:
    """The subject with a sample more for every run that waits for it; None if none does."""
    if subject is None:
        return None
    told = [watch.run for watch in subject.watches if watch.measurement == measurement]
    if not told:
        return None
    watches = tuple(
        _with(watch, sample) if watch.run in told else watch for watch in subject.watches
    )
    news = tuple(dict.fromkeys((*subject.news, *told)))
    return subject.model_copy(update={"watches": watches, "news": news})


def told(subject: Subject | None, seen: Subject) -> Subject | None:
    """The subject once its runs were told what stood in `seen`; newer samples stay news."""
    if subject is None:
        return None
    news = tuple(run for run in subject.news if subject.samples_for(run) != seen.samples_for(run))
    return None if news == subject.news else subject.model_copy(update={"news": news})


def _with(watch: Watch, sample: Sample) -> Watch:
    samples = sorted((*watch.samples, sample), key=lambda one: one.at)[-MAX_SAMPLES:]
    return watch.model_copy(update={"samples": tuple(samples)})
