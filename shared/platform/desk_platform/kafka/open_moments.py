"""Moments that events may still bear although their time is past: they are being decided, written
or published. And since when, and until when, this replica may record any.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_ALWAYS = datetime.min.replace(tzinfo=UTC)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class OpenMoments:
    """The times of the writes under way, and since when an outcome is doubtful.

    What nobody waits for may be recorded at any time; what others wait for, only while they wait
    for this replica.
    """

    def __init__(self) -> None:
        self._open: dict[object, datetime] = {}
        self._uncertain_since: datetime | None = None
        self._known_since: datetime | None = _ALWAYS
        self._until = _FOR_EVER

    def close(self) -> None:
        """Nothing more is recorded: others do not wait for it, or may have ceased to."""
        self._known_since = None

    def open(self, since: datetime) -> None:
        """From this moment on others wait for what is recorded here."""
        self._known_since = since

    def record_until(self, moment: datetime) -> None:
        """Others wait until this moment at least."""
        self._until = moment

    @property
    def is_open(self) -> bool:
        """Whether anything may be recorded."""
        return self._known_since is not None

    def may_record(self, moment: datetime, now: datetime) -> bool:
        """Whether others wait, and have done so ever since, for what is recorded as of `moment`."""
        return self._known_since is not None and self._known_since <= moment and now < self._until

    @contextmanager
    def keep_open(self, moment: datetime) -> Iterator[None]:
        """A write at this time: until it ends, events of that time may still be published.

        One that fails may have written what it has not published; somebody has to look.
        """
        mark = object()
        self._open[mark] = moment
        try:
            yield
        except BaseException:
            self.mark_uncertain(moment)
            raise
        finally:
            del self._open[mark]

    def mark_uncertain(self, moment: datetime) -> None:
        """What was recorded since then may lie unpublished in the store."""
        self._uncertain_since = (
            moment if self._uncertain_since is None else min(moment, self._uncertain_since)
        )

    def earliest(self) -> datetime | None:
        """The earliest time of a write under way; None if there is none."""
        return min(self._open.values(), default=None)

    def take_uncertain(self) -> datetime | None:
        """Since when the outcome of a write is doubtful; whoever takes it looks after it."""
        doubtful, self._uncertain_since = self._uncertain_since, None
        return doubtful
