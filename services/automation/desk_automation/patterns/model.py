"""What a window remembers of one subject for one pattern: no more than it needs to go on.

State only; `decide.py` decides.
"""

from datetime import datetime, timedelta

from desk_contracts.frozen import Frozen
from pydantic import JsonValue

_NOTHING = timedelta()


class KeptEvent(Frozen):
    """An event that may start a run, whole: what is done is planned from it."""

    id: str
    source: str
    type: str
    time: datetime
    data: dict[str, JsonValue]
    correlation_id: str = ""
    traceparent: str = ""


class Occurrence(Frozen):
    """An event that says something to the pattern: which of its parts hold for it.

    `is_end`: the trouble of its episode is over, or nobody watches it any more. `arrived` is when
    it came into the log; at `due`, of the log's time, no earlier one is waited for any longer.
    `event` is there where it may start the run.
    """

    id: str
    at: datetime
    arrived: datetime
    due: datetime
    parts: tuple[int, ...] = ()
    value: str = ""
    episode: str = ""
    is_end: bool = False
    event: KeptEvent | None = None


class CountedEvent(Frozen):
    """An event that counts: of `distinct` with its value, of `sequence` with the part reached;
    `at` and `id` are then those of the sequence's first event."""

    at: datetime
    id: str
    value: str = ""
    part: int = 0


class Wait(Frozen):
    """What is a match at `at` if nothing speaks against it until then."""

    at: datetime
    due: datetime
    first: Occurrence


class Match(Frozen):
    """The pattern was there: its first event makes it the same one however often it is found."""

    first: str
    since: datetime
    at: datetime
    event: KeptEvent


class Window(Frozen):
    """One pattern and one subject.

    `version` is that of the pattern: another one begins anew. All up to `read_until`, of the
    events' time, is in order and done. `behind` is how much later than its time the newest event
    arrived. `matches` are to be started.
    """

    runbook: str
    version: str
    read_until: datetime | None = None
    behind: timedelta = _NOTHING
    waiting: tuple[Occurrence, ...] = ()
    entries: tuple[CountedEvent, ...] = ()
    wait: Wait | None = None
    quiet_until: datetime | None = None
    trouble: str = ""
    changes: tuple[datetime, ...] = ()
    matches: tuple[Match, ...] = ()


class Left(Frozen):
    """How many events and matches of a subject were left out, and why."""

    late: int = 0
    quiet: int = 0
    flapping: int = 0


class SubjectWindows(Frozen):
    """All windows of one subject. One in which nothing is left is not kept."""

    windows: tuple[Window, ...] = ()
    left_out: Left = Left()
