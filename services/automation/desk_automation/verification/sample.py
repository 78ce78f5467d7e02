"""When a device measured, in our time: its own clock may be wrong, and single moments may be mad.

Nothing is taken for newer than it can be: a moment in the future counts as its arrival, and a clock
that runs behind only makes us wait longer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from desk_contracts.frozen import Frozen


class Sample(Frozen):
    """One measurement: when it was taken, by the device's clock, and when it reached us."""

    value: float
    at: datetime
    seen_at: datetime


def fresh(samples: tuple[Sample, ...], acted_at: datetime) -> tuple[Sample, ...]:
    """Samples taken after the act, and received after it too: a fast clock proves nothing."""
    ahead = ahead_by(samples)
    return tuple(
        sample
        for sample in samples
        if sample.seen_at > acted_at and find_measured_at(sample, ahead) > acted_at
    )


# A device whose measurements come later than this is not waited for.
LONGEST_BEHIND = timedelta(hours=1)
_NOTHING = timedelta()


def ahead_by(samples: Sequence[Sample]) -> timedelta:
    """How far the device's clock runs ahead; the median, so that one mad moment decides nothing."""
    if not samples:
        return _NOTHING
    seconds = median((sample.at - sample.seen_at).total_seconds() for sample in samples)
    return max(_NOTHING, timedelta(seconds=seconds))


def behind_by(samples: Sequence[Sample]) -> timedelta:
    """How much older measurements say they are than their arrival: the least of it is a clock that
    runs behind, or a way that always takes so long."""
    least = min((sample.seen_at - sample.at for sample in samples), default=_NOTHING)
    return min(max(_NOTHING, least), LONGEST_BEHIND)


def find_measured_at(sample: Sample, ahead: timedelta) -> datetime:
    """The latest moment, in our time, at which it can have been measured."""
    return min(sample.at - ahead, sample.seen_at)
