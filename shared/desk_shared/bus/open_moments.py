"""Moments that events may still bear although their time is past: they are being decided, written
or published.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime


class OpenMoments:
    """The moments of the turns under way, and since when an outcome is doubtful."""

    def __init__(self) -> None:
        self._open: dict[object, datetime] = {}
        self._doubtful: datetime | None = None

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
