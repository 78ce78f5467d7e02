"""The changes of one service that may explain trouble: begun, and not long over."""

from datetime import datetime, timedelta

from desk_contracts.events.changes import ChangeKind
from desk_contracts.value_types import Value

# So long after its end a change is still the first thing to suspect.
SUSPECT_FOR = timedelta(hours=2)
# A change that nobody reported as finished is not held against tickets of the next day.
LONGEST_CHANGE = timedelta(hours=24)


class Change(Value):
    """A release, migration or maintenance of one service that has begun.

    `change` is its number in the system `source`: another system may count the same.
    """

    change: str
    kind: ChangeKind
    title: str
    started_at: datetime
    finished_at: datetime | None = None
    succeeded: bool = True
    source: str = ""
    ring: str = ""
    suspected: tuple[str, ...] = ()
    """The symptoms that its pipeline was told of."""

    def is_of(self, source: str, change: str) -> bool:
        """Whether that system means this change by that number."""
        return (self.source, self.change) == (source, change)

    @property
    def suspect_until(self) -> datetime:
        """From then on nobody blames it any more."""
        if self.finished_at is None:
            return self.started_at + LONGEST_CHANGE
        return self.finished_at + SUSPECT_FOR

    def is_suspect(self, at: datetime) -> bool:
        """Whether it may explain trouble at that moment."""
        return self.started_at <= at < self.suspect_until


class EarlyEnd(Value):
    """The end of a change whose beginning was not read yet."""

    source: str
    change: str
    at: datetime
    succeeded: bool


class Symptom(Value):
    """One signal of the service or of a device of it."""

    signal: str
    subject: str
    episode: str
    at: datetime
    is_of_service: bool


class ServiceChanges(Value):
    """What is under way, or was lately, oldest first; and the signals of the last days."""

    service: str
    changes: tuple[Change, ...] = ()
    early_ends: tuple[EarlyEnd, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    heard_since: datetime | None = None
    """When the first signal of the service was heard: nothing is known of the time before."""

    @property
    def next_expiry(self) -> datetime | None:
        """When the first of them stops being suspect."""
        return min((change.suspect_until for change in self.changes), default=None)
