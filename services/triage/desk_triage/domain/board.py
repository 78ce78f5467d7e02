"""What triage knows beside the event itself: changes under way, open problems, who has how much.

A decision is told the board like it is told the time; it is as fresh as the last look (a second).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk_shared.events.changes import ChangeKind
from desk_shared.events.message import Message, Param, message
from desk_shared.events.people import Value

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


@dataclass(frozen=True, slots=True)
class Board:
    """A picture of the moment. `people` counts who is in the open problem of (service, category).

    `load` is the number of open tickets a member has.
    """

    changes: Mapping[str, Sequence[Change]] = field(default_factory=dict)
    people: Mapping[tuple[str, str], int] = field(default_factory=dict)
    load: Mapping[str, int] = field(default_factory=dict)

    def suspects(self, service: str, at: datetime) -> tuple[Change, ...]:
        """Changes of that service that may explain trouble at that moment."""
        return tuple(one for one in self.changes.get(service, ()) if one.is_suspect(at))


EMPTY = Board()


def change_reasons(
    board: Board, service: str, title: str, at: datetime, limit: int = 3
) -> tuple[Message, ...]:
    """The changes of a service as reasons, e.g. that a release started 12 minutes before."""
    return tuple(_describe(one, title, at) for one in board.suspects(service, at)[-limit:])


def _describe(change: Change, service: str, at: datetime) -> Message:
    facts: dict[str, Param] = {
        "kind": change.kind,
        "service": service,
        "title": change.title,
        "change": change.change,
        "ago": at - change.started_at,
    }
    if change.finished_at is None or change.finished_at > at:
        return message("change.running", **facts)
    return message("change.ended" if change.succeeded else "change.rolled-back", **facts)
