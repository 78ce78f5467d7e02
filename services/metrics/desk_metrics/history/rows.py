"""What an export's row says in the desk's words, and what can be wrong with one.

Plain values only, so that a million of them can be sorted outside memory.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from desk_contracts.events.tickets import State
from desk_contracts.message import Message, message


class Fault(StrEnum):
    """What is wrong with a row; `Remark.used` says whether it counts nevertheless."""

    UNREADABLE = "unreadable"
    ENCODING = "encoding"
    NO_TICKET = "no-ticket"
    NO_TIME = "no-time"
    BAD_TIME = "bad-time"
    CONTRADICTION = "contradiction"
    UNKNOWN_STATE = "unknown-state"
    UNKNOWN_VALUE = "unknown-value"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out-of-order"
    TOO_LONG = "too-long"


class Remark(NamedTuple):
    """One thing wrong with one row. `file` is the place of the file among those imported."""

    fault: Fault
    used: bool
    file: int
    row: int
    ticket: str
    reason: Message


class ExportRow(NamedTuple):
    """One row of an export. Moments are whole microseconds since 1970 UTC; empty is unknown."""

    ticket: str
    at: int
    order: int
    file: int
    row: int
    opened: int | None = None
    assigned: int | None = None
    responded: int | None = None
    started: int | None = None
    resolved: int | None = None
    closed: int | None = None
    changed: int | None = None
    state: str = ""
    waiting: str = ""
    word: str = ""
    team: str = ""
    member: str = ""
    by: str = ""
    requester: str = ""
    title: str = ""
    description: str = ""
    category: str = ""
    service: str = ""
    device: str = ""
    site: str = ""
    group: str = ""
    channel: str = ""
    kind: str = ""
    impact: str = ""
    urgency: str = ""
    priority: str = ""
    resolution: str = ""
    cause: str = ""
    own: Mapping[str, str] = {}
    figures: Mapping[str, str] = {}
    note: str = ""


# The text of a comment in the history, in the language of the other notes there.
FIRST_RESPONSE = (
    "First response, as the old desk recorded it."  # desk-skip: no-sentence a comment is text
)
RESTING = frozenset({State.RESOLVED, State.CLOSED, State.MERGED})
QUEUED = frozenset({State.NEW, State.TRIAGED, State.ASSIGNED})

# In the order of a events: what comes first here must not lie after what comes later.
_LIFE = ("opened", "resolved", "closed")
_AFTER_OPENING = ("assigned", "responded", "started", "changed")
# At one moment the earlier of these comes first.
_STEPS = ("assigned", "started", "responded", "resolved", "closed")


def find_contradiction(row: ExportRow) -> Message | None:
    """The first two dates of a row that cannot both be true, or None."""
    dates = [(name, getattr(row, name)) for name in _LIFE]
    dated = [(name, at) for name, at in dates if at is not None]
    for (earlier, first), (later, second) in pairwise(dated):
        if second < first:
            return message("history.dates-out-of-order", later=later, earlier=earlier)
    if row.opened is not None:
        for name in _AFTER_OPENING:
            at = getattr(row, name)
            if at is not None and at < row.opened:
                return message("history.dates-out-of-order", later=name, earlier="opened")
    return None


def expand(row: ExportRow) -> list[ExportRow]:
    """One row with a column per date as one row per date, in the order of a ticket's events."""
    opened = row.at if row.opened is None else row.opened
    first = row._replace(at=opened, state=State.NEW, waiting="", word="", figures={})
    if row.assigned is not None:
        first = first._replace(team="", member="")
    steps = [first]
    for at, place in sorted(
        (at, place) for place, name in enumerate(_STEPS) if (at := getattr(row, name)) is not None
    ):
        before = steps[-1]._replace(at=at, note="")
        steps.append(_step(_STEPS[place], before, row))
    if row.changed is not None and row.state and row.state not in RESTING:
        last = max(row.changed, steps[-1].at)
        steps.append(steps[-1]._replace(at=last, note="", state=row.state))
    steps[-1] = steps[-1]._replace(
        word=row.word, waiting=row.waiting, figures=row.figures, team=row.team, member=row.member
    )
    return steps


def _step(name: str, before: ExportRow, row: ExportRow) -> ExportRow:
    match name:
        case "assigned":
            return before._replace(state=State.ASSIGNED, team=row.team, member=row.member)
        case "responded":
            return before._replace(note=FIRST_RESPONSE)
        case "started":
            return before._replace(state=State.IN_PROGRESS)
        case "resolved":
            return before._replace(state=State.RESOLVED)
        case _:
            return before._replace(state=State.CLOSED)


def find_missing_date(row: ExportRow) -> Message | None:
    """Why a row of one ticket cannot be believed to be over, or None if it can."""
    if row.state in RESTING and row.resolved is None and row.closed is None:
        return message("history.over-without-date", state=row.state)
    return None
