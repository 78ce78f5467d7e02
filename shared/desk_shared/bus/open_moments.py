"""Moments that events may still bear although their time is past: they are being decided, written
or published.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

# A process whose heart stood still for so long was taken for silent, or may have been: less than
# it takes others to vouch for it, however lately it told.
STILL = timedelta(seconds=7)


class OpenMoments:
    """The moments of the turns under way, and since when an outcome is doubtful."""

    def __init__(self) -> None:
        self._open: dict[object, datetime] = {}
        self._doubtful: datetime | None = None
        # When the heart beat last, and when it did so again after it had stood still. Nobody
        # vouches for who has none.
        self._beat: datetime | None = None
        self._woken: datetime | None = None
        self._is_unheard_of = False

    def wait_to_be_known(self) -> None:
        """Nothing may be decided until `be_known`: verdicts would not wait for it."""
        self._is_unheard_of = True

    def be_known(self) -> None:
        """Whoever concludes from silence knows of this replica, and waits for what it publishes."""
        self._is_unheard_of = False

    @property
    def is_known(self) -> bool:
        """Whether something may be decided here."""
        return not self._is_unheard_of

    def beat(self, now: datetime) -> None:
        """The process is at work, however slow what it waits for may be."""
        if self._beat is not None and now - self._beat > STILL:
            self._woken = now
        self._beat = now

    def has_stood_still(self, since: datetime, now: datetime) -> bool:
        """Whether the process was frozen in between for so long that others may have vouched."""
        if self._beat is None:
            return False
        return now - self._beat > STILL or (self._woken is not None and since < self._woken)

    @contextmanager
    def holding(self, moment: datetime) -> Iterator[None]:
        """A turn at this moment: until it ends, events of that time may still be published.

        One that fails may have written what it has not published; somebody has to look.
        """
        mark = object()
        self._open[mark] = moment
        try:
            yield
        except BaseException:
            self.doubt(moment)
            raise
        finally:
            del self._open[mark]

    def doubt(self, moment: datetime) -> None:
        """What was recorded since then may lie unpublished in the store."""
        self._doubtful = moment if self._doubtful is None else min(moment, self._doubtful)

    def earliest(self) -> datetime | None:
        """The earliest moment of a turn under way; None if there is none."""
        return min(self._open.values(), default=None)

    def take_doubt(self) -> datetime | None:
        """Since when the outcome of a turn is doubtful; whoever takes it looks after it."""
        doubtful, self._doubtful = self._doubtful, None
        return doubtful
