"""A device or service while a run cares for it: episodes that ended, measurements under watch."""

from datetime import datetime, timedelta

from desk_contracts.frozen import Frozen

from desk_automation.verification.sample import Sample, ahead_by, find_measured_at


class PlannedVerify(Frozen):
    """What fresh telemetry must show."""

    measurement: str
    condition: str
    samples: int
    within: timedelta
    grace: timedelta = timedelta()


class Watch(Frozen):
    """A run that wants to know one measurement from now on.

    `until` is when its window ends; `is_over` once all that was measured before then is heard.
    `window_end` is the end of the window of a run that was escalated: what was measured before it
    may come late.
    """

    run: str
    measurement: str
    since: datetime
    samples: tuple[Sample, ...] = ()
    until: datetime | None = None
    is_over: bool = False
    window_end: datetime | None = None

    def may_decide(self, sample: Sample) -> bool:
        """Whether the run may still care: once it is judged, only for what was measured before."""
        if self.window_end is None:
            return True
        return find_measured_at(sample, ahead_by((*self.samples, sample))) <= self.window_end


class Subject(Frozen):
    """One device or service. `news` names the runs that have not been told yet."""

    cleared: tuple[str, ...] = ()
    watches: tuple[Watch, ...] = ()
    updates: tuple[str, ...] = ()

    def watch_of(self, run: str) -> Watch | None:
        """What the run waits for; None if it waits for nothing here."""
        return next((watch for watch in self.watches if watch.run == run), None)

    def samples_for(self, run: str) -> tuple[Sample, ...]:
        watch = self.watch_of(run)
        return () if watch is None else watch.samples

    def due(self, now: datetime) -> datetime | None:
        """When it wants to be looked at: at once with updates, else when a window ends."""
        if self.updates:
            return now
        return min(
            (watch.until for watch in self.watches if watch.until and not watch.is_over),
            default=None,
        )
