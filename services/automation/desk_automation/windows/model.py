"""Windows that are open, and the changes that are planned for a service."""

from datetime import datetime, timedelta
from typing import Literal

from desk_contracts.frozen import Frozen

# A change that is planned for longer is no window: it would stop all repairs for weeks.
LONGEST_CHANGE = timedelta(days=7)


class Affected(Frozen):
    """What a run would touch, as far as its signal says it."""

    runbook: str
    subject: str
    target: str = ""
    service: str = ""
    site: str = ""


class PlannedChange(Frozen):
    """A change that an outside system announced, from one moment to another."""

    source: str
    change: str
    title: str
    starts: datetime
    ends: datetime
    sites: tuple[str, ...] = ()
    # It was over before its time.
    finished_at: datetime | None = None

    @property
    def closes(self) -> datetime:
        return self.ends if self.finished_at is None else min(self.ends, self.finished_at)

    def is_open(self, at: datetime) -> bool:
        """Whether work is expected at that moment; never by a change that has no end in sight."""
        is_short = self.ends - self.starts <= LONGEST_CHANGE
        return is_short and self.starts <= at < self.closes


class PlannedChanges(Frozen):
    """Those of one service."""

    changes: tuple[PlannedChange, ...] = ()


class OpenWindow(Frozen):
    """A window that holds at this moment, and when it closes."""

    kind: Literal["maintenance", "freeze", "change"]
    name: str
    why: str
    by: str
    until: datetime
