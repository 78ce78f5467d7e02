"""What is heard of a device or service while a run cares: episodes that ended, fresh measurements.

Only subjects under watch are written; the rest of the telemetry passes by.
"""

from datetime import datetime, timedelta

from desk_contracts import Event
from desk_contracts.events.fulfilment import TicketFulfilmentWithdrawn
from desk_contracts.events.signals import SignalCleared
from desk_contracts.events.telemetry import Measured
from desk_kernel import Context, Reducers

from desk_automation.verification.model import Subject, Watch
from desk_automation.verification.sample import Sample

# More than triage holds open of one subject: all of them may end at once, while runs still wait.
MAX_CLEARED = 2_000
MAX_SAMPLES = 30
# Of runs that are over; those at work are as many as the runbooks' limits let start.
MAX_LATE = 20
# So long after a run was escalated a measurement of its window may still correct what was told.
LATE = timedelta(days=1)


def clear_episode(subject: Subject | None, episode: str) -> Subject | None:
    """The trouble of that episode is over; remembered also if it comes before its beginning."""
    subject = subject or Subject()
    if episode in subject.cleared:
        return None
    return subject.model_copy(update={"cleared": (*subject.cleared, episode)[-MAX_CLEARED:]})


def watch(subject: Subject | None, run: str, measurement: str, now: datetime) -> Subject | None:
    """The subject under watch for the run; None if it is already."""
    subject = subject or Subject()
    if any(watch.run == run for watch in subject.watches):
        return None
    watch = Watch(run=run, measurement=measurement, since=now)
    return subject.model_copy(update={"watches": (*subject.watches, watch)})


def set_window(subject: Subject | None, run: str, until: datetime) -> Subject | None:
    """The subject with the end of the run's window; None if that is known already."""
    watch = None if subject is None else subject.watch_of(run)
    if subject is None or watch is None or watch.until == until:
        return None
    return _replace_watch(subject, watch.model_copy(update={"until": until, "is_over": False}))


def keep_watch(
    subject: Subject | None, run: str, window_end: datetime, now: datetime
) -> Subject | None:
    """The subject once a run was escalated: what was measured in its window may come late."""
    watch = None if subject is None else subject.watch_of(run)
    if subject is None or watch is None or watch.window_end is not None:
        return None
    changes = {"window_end": window_end, "until": now + LATE, "is_over": False}
    subject = _replace_watch(subject, watch.model_copy(update=changes))
    late = [item.run for item in subject.watches if item.window_end is not None]
    for item in late[:-MAX_LATE]:
        subject = unwatch(subject, item) or subject
    return subject


def close_windows(subject: Subject | None, until: datetime) -> Subject | None:
    """All that was measured before that moment is in; runs whose window is over are to be told."""
    over = [
        item
        for item in (() if subject is None else subject.watches)
        if item.until is not None and item.until <= until and not item.is_over
    ]
    if subject is None or not over:
        return None
    for watch in over:
        if watch.window_end is not None:
            subject = unwatch(subject, watch.run) or subject
        else:
            subject = _replace_watch(subject, watch.model_copy(update={"is_over": True}))
    runs = (item.run for item in over if item.window_end is None)
    updates = tuple(dict.fromkeys((*subject.updates, *runs)))
    return subject.model_copy(update={"updates": updates})


def unwatch(subject: Subject | None, run: str) -> Subject | None:
    """The subject without the run's watch."""
    if subject is None or all(watch.run != run for watch in subject.watches):
        return None
    watches = tuple(watch for watch in subject.watches if watch.run != run)
    updates = tuple(item for item in subject.updates if item != run)
    return subject.model_copy(update={"watches": watches, "updates": updates})


def add_sample(subject: Subject | None, measurement: str, sample: Sample) -> Subject | None:
    """The subject with a sample more for every run that waits for it; None if none does."""
    if subject is None:
        return None
    runs = [
        watch.run
        for watch in subject.watches
        if watch.measurement == measurement and watch.may_decide(sample)
    ]
    if not runs:
        return None
    watches = tuple(
        watch.model_copy(
            update={
                # A moment in the future is no reason to be thought the newest for ever.
                "samples": tuple(
                    sorted((*watch.samples, sample), key=lambda item: min(item.at, item.seen_at))
                )[-MAX_SAMPLES:]
            }
        )
        if watch.run in runs
        else watch
        for watch in subject.watches
    )
    updates = tuple(dict.fromkeys((*subject.updates, *runs)))
    return subject.model_copy(update={"watches": watches, "updates": updates})


def clear_updates(subject: Subject | None, seen: Subject) -> Subject | None:
    """The subject once its runs were told what is in `seen`; newer samples stay."""
    if subject is None:
        return None
    updates = tuple(run for run in subject.updates if subject.watch_of(run) != seen.watch_of(run))
    return None if updates == subject.updates else subject.model_copy(update={"updates": updates})


def _replace_watch(subject: Subject, changed: Watch) -> Subject:
    watches = tuple(changed if watch.run == changed.run else watch for watch in subject.watches)
    return subject.model_copy(update={"watches": watches})


follow: Reducers[Subject | None, [Context], Subject | None] = Reducers(
    lambda _subject, _event, _context: None
)


@follow.on(SignalCleared)
def _clear(
    subject: Subject | None, event: Event[SignalCleared], _context: Context
) -> Subject | None:
    return clear_episode(subject, event.data.episode)


@follow.on(TicketFulfilmentWithdrawn)
def _withdraw(
    subject: Subject | None, event: Event[TicketFulfilmentWithdrawn], _context: Context
) -> Subject | None:
    return clear_episode(subject, event.subject)


@follow.on(Measured)
def _measure(subject: Subject | None, event: Event[Measured], context: Context) -> Subject | None:
    sample = Sample(value=event.data.value, at=event.time, seen_at=context.now)
    return add_sample(subject, event.data.name, sample)
